// The two targets of `sluice deliveries` with the same deliveries: a listener over a memory store,
// and a sqlite file that no process has open.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessContext } from '../../lib/cli/command.ts';
import type { Attempt, Delivery, Outcome } from '../../lib/core/delivery.ts';
import type { Observation } from '../../lib/core/observation.ts';
import { sqliteKind } from '../../lib/stores/sqlite.ts';
import { ApiBench, TOKEN, TRAIL } from '../api/api-bench.ts';
import { aCommit, anAttempt, anEvent, numbered } from '../support/builders.ts';
import { runLine } from './process-context.ts';

/** A target for the commands of a spec. */
export interface DeliveriesWorld extends AsyncDisposable {
  readonly folder: string;
  /** The flags that name it. */
  readonly flags: readonly string[];
  commit(deliveries: readonly Delivery[]): Promise<void>;
  /** Start times of held deliveries by id; null if no gateway runs. */
  readonly forecasts: ApiBench['forecasts'] | null;
  /** Passes an observation to the gateway; ignored if none runs. */
  observe(observation: Observation): void;
  /** Runs `sluice deliveries …` there. */
  run(
    line: readonly string[],
    overrides?: Partial<ProcessContext>,
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
}

/** A running gateway's listener. */
export async function aGatewayWorld(): Promise<DeliveriesWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-deliveries-'));
  const bench = await ApiBench.open();
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, TOKEN);
  const flags = ['--url', `http://127.0.0.1:${bench.port}`, '--token-file', tokenFile];
  return worldOf({ folder, flags }, (deliveries) => bench.commit(deliveries), bench);
}

/** A file that is open only while deliveries are added. */
export async function aFileWorld(): Promise<DeliveriesWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-deliveries-'));
  const file = join(folder, 'sluice.db');
  const commit = async (deliveries: readonly Delivery[]): Promise<void> => {
    await using store = await sqliteKind.create({ path: file }, { folder, maxBytes: 0 }).open();
    const at = Date.UTC(2026, 0, 31, 12);
    const decisions = deliveries.map(({ id }) => ({ id, at, trail: TRAIL }));
    await store.journal.commit(aCommit({ deliveries, decisions }));
  };
  await commit([]);
  return worldOf({ folder, flags: ['--store', file] }, commit, null);
}

function worldOf(
  { folder, flags }: Pick<DeliveriesWorld, 'folder' | 'flags'>,
  commit: DeliveriesWorld['commit'],
  bench: ApiBench | null,
): DeliveriesWorld {
  return {
    folder,
    flags,
    commit,
    forecasts: bench?.forecasts ?? null,
    observe: (observation) => bench?.observe(observation),
    run: (line, overrides = {}) =>
      runLine(['deliveries', ...line, ...flags], { folder, ...overrides }),
    [Symbol.asyncDispose]: async () => {
      await bench?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

/** A finished attempt, begun as many minutes after noon as its number says. */
export function finished(number: number, outcome: Outcome): Attempt {
  return anAttempt({ number, at: Date.UTC(2026, 0, 31, 12, number), outcome, durationMs: 1_200.4 });
}

/** Characters that clear a terminal, colour it, break a line or change the reading direction. */
export const HOSTILE = 'a\u001b[2J\u001b[31m\r\n\tb\u202ec\u0007 "d\\';

/** A delivery with them in every text from outside. */
export function hostile(place: number): Delivery {
  const message = HOSTILE;
  const involvedObject = { apiVersion: HOSTILE, kind: HOSTILE, namespace: HOSTILE, name: HOSTILE };
  const event = anEvent({ ...{ message, reason: HOSTILE, type: HOSTILE }, involvedObject });
  const started = { kind: HOSTILE, namespace: HOSTILE, name: HOSTILE, url: HOSTILE };
  return numbered(place, {
    trigger: HOSTILE,
    rule: { index: 0, name: HOSTILE, identity: HOSTILE },
    cluster: { id: HOSTILE, name: HOSTILE },
    source: HOSTILE,
    match: { [HOSTILE]: HOSTILE },
    object: [HOSTILE, HOSTILE, HOSTILE, HOSTILE].join('/'),
    event,
    attempts: [finished(1, { outcome: 'retry', reason: 'unavailable', detail: HOSTILE })],
    started,
  });
}

/** A server on a free port of loopback. */
export interface Serving extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
}

/** Starts a server with one answer. */
export async function serving(answer: RequestListener): Promise<Serving> {
  const server = createServer(answer);
  const port = await listening(server);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
