// The heartbeat file for exec probes: written while the gateway is live, removed when it is not and at a
// stop. `sluice probe` reads its age. A process that hangs writes nothing, so the file gets old.

import { rename, rm, writeFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { Observe } from '../core/observation.ts';
import { repeat } from '../kit/async/repeat.ts';
import { fileTrouble } from '../kit/file-trouble.ts';

/** Dependencies of the heartbeat file. */
interface HeartbeatFileParts {
  /** Absolute. */
  readonly file: string;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly observe: Observe;
  /** Whether the gateway is live, as `/healthz` says it. */
  readonly isLive: () => boolean;
}

/** Keeps the file until disposed of. A failure is observed, and tried again at the next beat. */
export function keepHeartbeatFile(parts: HeartbeatFileParts): AsyncDisposable {
  const { clock, everyMs } = parts;
  const over = new AbortController();
  const running = repeat(() => beat(parts), { clock, everyMs }, over.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await running;
      await rm(parts.file, { force: true }).catch(() => undefined);
    },
  };
}

async function beat({ file, clock, observe, isLive }: HeartbeatFileParts): Promise<void> {
  // In the same folder, because a rename is atomic only within a file system.
  const draft = `${file}.next`;
  try {
    if (isLive()) {
      await writeFile(draft, `${JSON.stringify({ time: new Date(clock.now()).toISOString() })}\n`);
      await rename(draft, file);
    } else await rm(file, { force: true });
    observe({ kind: 'heartbeat-file', file, failure: null });
  } catch (error) {
    observe({ kind: 'heartbeat-file', file, failure: fileTrouble(error) });
  }
}
