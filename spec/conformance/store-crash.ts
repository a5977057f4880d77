// The promises of a durable store after a SIGKILL at any moment: every acknowledged commit is stored,
// each commit is stored completely or not at all, and every lost attempt is reported. A child process
// works on the store and reports the acknowledged calls (crash-child.ts). This file kills it and
// compares the store with the reports.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Store } from '../../lib/core/ports/store.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { idOf } from '../support/builders.ts';
import { existingOf } from './store-steps.ts';
import { BATCH, commitOf, POSITION_PATH, workKey } from './store-work.ts';

/** A durable store that a child process can open as well. */
export interface CrashingStore {
  open(): Promise<Store>;
  /** A module with `open(point)`, which opens the store in a child that is killed at that point. */
  readonly module: string;
  /** The points of `module`. */
  readonly points: readonly string[];
  readonly args: readonly string[];
}

/** The longest time that a child works before it is killed. */
const LONGEST_MS = 150;

/** A point that is not reached in this time fails the case. */
const POINT_MS = 15_000;

interface Said {
  readonly commits: Set<number>;
  readonly attempted: Set<string>;
  readonly settled: Set<string>;
}

/** Runs a child until it is dead and returns its reports. */
async function runUntilKilled(
  { module, args }: CrashingStore,
  { point, afterMs }: { point: string; afterMs: number | null },
): Promise<Said> {
  const program = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
  const child = spawn(process.execPath, [program, module, point, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  let isReached = true;
  let stop = (): void => undefined;
  const kill = (): void => {
    isReached = child.exitCode !== null || child.signalCode !== null;
    child.kill('SIGKILL');
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (text === '') stop = systemClock.after(afterMs ?? POINT_MS, kill);
    text += chunk;
  });
  const signal = await new Promise((resolve) => {
    child.once('close', (_code, name) => {
      resolve(name);
    });
  });
  stop();
  expect(signal).to.equal('SIGKILL');
  if (afterMs === null) expect(isReached, `${point} was reached`).to.equal(true);
  const lines = text.split('\n').slice(0, -1);
  const of = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  return {
    commits: new Set(of('commit').map(Number)),
    attempted: new Set(of('attempt')),
    settled: new Set(of('settled')),
  };
}

/** Checks that every reported call is stored and no commit is stored partially. */
async function compare(store: Store, said: Said): Promise<void> {
  const last = Number(
    (await store.journal.positions('shop')).get(POSITION_PATH)?.resourceVersion ?? -1,
  );
  expect(last).to.be.at.least(Math.max(-1, ...said.commits));
  const all = await store.archive.list({ limit: 1_000_000 });
  expect(all.map(({ id }) => id)).to.deep.equal(
    Array.from({ length: (last + 1) * BATCH }, (_, place) => idOf(place)),
  );
  const keys = all.map(({ id }) => workKey(id));
  expect((await store.journal.lookup(keys)).size).to.equal(keys.length);
  const { done } = await store.journal.commit(commitOf(last + 1));
  expect(done).to.equal(true);
  for (const delivery of all) expectTold(delivery, said);
}

function expectTold({ id, state, attempts, dueAt }: Delivery, said: Said): void {
  const ended = attempts.filter(({ outcome }) => outcome !== null);
  if (said.settled.has(id)) expect(state, id).to.equal('delivered');
  if (said.attempted.has(id)) expect(attempts.length, id).to.be.greaterThan(0);
  if (state === 'running') expect(attempts.length - ended.length, id).to.be.lessThan(2);
  else expect(ended.length, id).to.equal(attempts.length);
  if (state === 'delivered') expect(attempts.length * dueAt, id).to.be.greaterThan(0);
}

/** Checks that `begin` returns exactly the running deliveries. */
async function begin(store: Store, now: number): Promise<void> {
  const running = await store.archive.list({ states: ['running'], limit: 10_000 });
  const open = running.filter(({ attempts }) => attempts.at(-1)?.outcome === null);
  const begun = await store.upkeep.begin({ incarnation: 'the specs', now });
  expect(begun.lost.map(({ id }) => id)).to.have.members(open.map(({ id }) => id));
  expect(begun.unattempted).to.equal(running.length - open.length);
  for (const { id, state, deaths, dead } of begun.lost) {
    expect(state, id).to.equal(deaths < 3 ? 'waiting' : 'dead');
    expect(dead, id).to.equal(deaths < 3 ? null : 'poison');
  }
  expect(await store.archive.list({ states: ['running'], limit: 1 })).to.deep.equal([]);
}

/** Checks that a repeated commit of the last batch changes nothing. */
async function replay(store: Store): Promise<void> {
  const last = Number((await store.journal.positions('shop')).get(POSITION_PATH)?.resourceVersion);
  const before = await store.archive.list({ limit: 1_000_000 });
  const again = await store.journal.commit(commitOf(last));
  expect(existingOf(again).size).to.equal(BATCH);
  expect(await store.archive.list({ limit: 1_000_000 })).to.deep.equal(before);
}

/** Declares the cases of a SIGKILL. */
export function describeCrash(name: string, make: () => CrashingStore, kills: number): void {
  describe(`${name} at a SIGKILL`, function () {
    this.timeout(120_000);

    async function check(crashing: CrashingStore, said: Said, now: number): Promise<void> {
      await using store = await crashing.open();
      await compare(store, said);
      await begin(store, now);
      await replay(store);
    }

    it(`has every acknowledged commit completely after ${kills} kills at any moment`, async () => {
      const crashing = make();
      for (let kill = 1; kill <= kills; kill += 1) {
        // Evenly over the work instead of randomly, so that every run kills at the same moments.
        const afterMs = Math.round((kill * 0.618_034 * LONGEST_MS) % LONGEST_MS);
        await check(crashing, await runUntilKilled(crashing, { point: '', afterMs }), kill);
      }
    });

    for (const point of make().points) {
      it(`has every acknowledged commit completely after a kill ${point}`, async () => {
        const crashing = make();
        for (let kill = 1; kill <= 2; kill += 1) {
          await check(crashing, await runUntilKilled(crashing, { point, afterMs: null }), kill);
        }
      });
    }
  });
}
