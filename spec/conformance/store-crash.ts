// What a durable store promises to whoever comes after a SIGKILL, at any moment: every commit that was
// acknowledged is there, each one whole or not at all, and every attempt is told apart. A child works
// on the store and says what was acknowledged (crash-child.ts); here it is killed, and what it left
// behind is compared with what it said.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Store } from '../../lib/core/store.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { existingOf, idOf } from './store-builders.ts';
import { BATCH, commitOf, POSITION_PATH, workKey } from './store-work.ts';

/** A durable store that a child process can open too. */
export interface CrashingStore {
  open(): Promise<Store>;
  /** A module that exports `open(point)`: the store in the child, killed at a named point. */
  readonly module: string;
  /** What `module` knows as names of points. */
  readonly points: readonly string[];
  readonly args: readonly string[];
}

/** A child works for so long at most before it is killed. */
const LONGEST_MS = 150;

/** A point that is not reached within that time is none. */
const POINT_MS = 15_000;

interface Said {
  readonly commits: Set<number>;
  readonly attempted: Set<string>;
  readonly settled: Set<string>;
}

/** Runs a child until it is dead; answers what it said was acknowledged. */
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

/** Everything that a child said is there, and nothing by halves. */
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

/** What the beginning tells is what stood there as running. */
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

/** Committing the last batch again changes nothing. */
async function replay(store: Store): Promise<void> {
  const last = Number((await store.journal.positions('shop')).get(POSITION_PATH)?.resourceVersion);
  const before = await store.archive.list({ limit: 1_000_000 });
  const again = await store.journal.commit(commitOf(last));
  expect(existingOf(again).size).to.equal(BATCH);
  expect(await store.archive.list({ limit: 1_000_000 })).to.deep.equal(before);
}

/** Holds a durable store to its promises at a SIGKILL. */
export function describeCrash(name: string, make: () => CrashingStore, kills: number): void {
  describe(`${name} at a SIGKILL`, function () {
    this.timeout(120_000);

    async function check(crashing: CrashingStore, said: Said, now: number): Promise<void> {
      await using store = await crashing.open();
      await compare(store, said);
      await begin(store, now);
      await replay(store);
    }

    it(`has what it acknowledged, whole, after ${kills} kills at any moment`, async () => {
      const crashing = make();
      for (let kill = 1; kill <= kills; kill += 1) {
        // Spread evenly over the work, not at random: every run kills at the same moments.
        const afterMs = Math.round((kill * 0.618_034 * LONGEST_MS) % LONGEST_MS);
        await check(crashing, await runUntilKilled(crashing, { point: '', afterMs }), kill);
      }
    });

    for (const point of make().points) {
      it(`has what it acknowledged, whole, after a kill ${point}`, async () => {
        const crashing = make();
        for (let kill = 1; kill <= 2; kill += 1) {
          await check(crashing, await runUntilKilled(crashing, { point, afterMs: null }), kill);
        }
      });
    }
  });
}
