// How long a person waits for a page of deliveries: over the API of a gateway that works, and with
// the command, whose own start is part of the wait. A page with another number than expected is no
// figure.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from '../controlplane/environment.ts';
import { sharedNow } from './rpc.ts';

const run = promisify(execFile);

/** A page that is asked for. */
export interface Page {
  /** Filters as the API takes them, `name=value`. */
  readonly filters?: string;
  readonly limit: number;
  /** How many deliveries it must have. */
  readonly count: number;
}

/** Query of a page. */
export function pathOf({ limit, filters }: Page): string {
  return `/api/v1/deliveries?limit=${limit}${filters === undefined ? '' : `&${filters}`}`;
}

/** Asks a gateway's API; answers how long it took, in ms. */
export async function listTime(api: string, page: Page): Promise<number> {
  const startedAt = sharedNow();
  const response = await fetch(`${api}${pathOf(page)}`);
  const body = await response.text();
  const spent = sharedNow() - startedAt;
  check(body, { page, who: `GET ${pathOf(page)}: ${response.status}` });
  return spent;
}

/** Runs `sluice deliveries list`; answers how long it took from its start to its end, in ms. */
export async function commandTime(
  executable: string,
  { args, page }: { readonly args: readonly string[]; readonly page: Page },
): Promise<number> {
  const words = ['deliveries', 'list', '--format', 'json', '--limit', String(page.limit), ...args];
  const startedAt = sharedNow();
  const { stdout } = await run(process.execPath, [executable, ...words], {
    env: childEnvironment({}),
  });
  const spent = sharedNow() - startedAt;
  check(stdout, { page, who: `sluice ${words.join(' ')}` });
  return spent;
}

function check(body: string, { page, who }: { readonly page: Page; readonly who: string }): void {
  const { items } = JSON.parse(body) as { readonly items?: readonly unknown[] };
  if (items?.length !== page.count) {
    throw new Error(`${who}: ${items?.length} deliveries and not ${page.count}`);
  }
}
