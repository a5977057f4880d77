// The first lines of a watch as they come, for specs that want to see what the server says itself.

import { createInterface } from 'node:readline';
import type { AdminClient, KubeObject } from '../../controlplane/admin-client.ts';

/** One line of a watch. */
export interface WatchLine {
  readonly type: string;
  readonly object: KubeObject;
}

/** Opens a watch, reads as many lines as asked for or until it ends, and closes it. */
export async function watchLines(
  admin: AdminClient,
  path: string,
  count: number,
): Promise<readonly WatchLine[]> {
  const response = await admin.open({ method: 'GET', path });
  const lines: WatchLine[] = [];
  try {
    for await (const line of createInterface({ input: response })) {
      lines.push(JSON.parse(line) as WatchLine);
      if (lines.length >= count) break;
    }
  } finally {
    response.destroy();
  }
  return lines;
}
