// The promises of every source (lib/core/ports/source.ts) as cases for each kind. A kind supplies a harness:
// the source, and a world that produces Events.

import { expect } from 'chai';
import type { Occurrence } from '../../lib/core/occurrence.ts';
import type { Batch, Position, Positions, Source } from '../../lib/core/ports/source.ts';
import { NEVER } from '../support/never.ts';
import { Reading } from '../support/reading.ts';
import { until } from '../support/until.ts';

/** A source in a world that the spec controls. */
export interface SourceHarness extends AsyncDisposable {
  /** A position before all Events, from which everything is read. */
  readonly positions: Positions;
  /** Creates a source of the same configuration, as after a restart. */
  create(): Source;
  /** Writes a state of a named Event. */
  happen(name: string): void;
  /** Deletes a named Event. */
  vanish(name: string): void;
  /** Breaks all open connections of the source. */
  interrupt(): void;
  /** Advances the clock, so that a waiting retry runs. */
  pass(): Promise<void>;
  /** Numbers of requests so far and of open connections. */
  readonly use: { readonly requests: number; readonly open: number };
}

const NONE: Positions = new Map();

/** Declares the cases of a source, each with its own world. */
export function describeSource(name: string, open: () => Promise<SourceHarness>): void {
  describe(`source ${name}`, () => {
    it('1: opens nothing before the first pull', async () => {
      await using harness = await open();
      const { positions } = harness;
      const iterator = harness.create().batches(positions, NEVER);
      await harness.pass();
      expect(harness.use).to.include({ requests: 0, open: 0 });
      expect(iterator).to.have.property(Symbol.asyncIterator);
    });

    it('2: retries after interruptions and ends only by abort', async () => {
      await using harness = await open();
      const { positions } = harness;
      await using reading = start(harness, positions);
      for (const thing of ['a', 'b', 'c']) {
        await openAgain(harness);
        harness.interrupt();
        harness.happen(thing);
        await seen(harness, reading, [thing]);
      }
      expect(reading.isOver).to.equal(false);
      await reading.stop();
      expect(reading.error).to.equal(null);
    });

    it('3: reads the same occurrences again from an older position, with the same identity', async () => {
      await using harness = await open();
      const { positions } = harness;
      const lives: string[][] = [];
      harness.happen('a');
      for (let life = 1; life <= 2; life += 1) {
        await using reading = start(harness, positions);
        await seen(harness, reading, ['a']);
        lives.push(occurrencesOf(reading).map(identityOf));
      }
      expect(lives[1]).to.deep.equal(lives[0]);
    });

    it('3: continues from the position of its last batch without repetition', async () => {
      await using harness = await open();
      const { positions } = harness;
      harness.happen('a');
      let after = positions;
      {
        await using reading = start(harness, positions);
        await seen(harness, reading, ['a']);
        after = positionsAfter(positions, reading.items);
      }
      harness.happen('b');
      await using reading = start(harness, after);
      await seen(harness, reading, ['b']);
      expect(occurrencesOf(reading).map(nameOf)).to.deep.equal(['b']);
    });

    it('4: never yields a state of an Event older than one already yielded', async () => {
      await using harness = await open();
      const { positions } = harness;
      await using reading = start(harness, positions);
      for (let round = 0; round < 10; round += 1) {
        harness.happen('a');
        harness.happen('b');
        if (round % 3 === 2) harness.interrupt();
        await harness.pass();
      }
      harness.happen('end');
      await seen(harness, reading, ['a', 'b', 'end']);
      const versions = occurrencesOf(reading)
        .filter((occurrence) => nameOf(occurrence) === 'a')
        .map(({ resourceVersion }) => Number(resourceVersion));
      expect(versions).to.deep.equal([...new Set(versions)].toSorted((a, b) => a - b));
    });

    it('4: reports an Event as deleted after its last state', async () => {
      await using harness = await open();
      const { positions } = harness;
      await using reading = start(harness, positions);
      harness.happen('a');
      await seen(harness, reading, ['a']);
      harness.vanish('a');
      await until(async () => {
        await harness.pass();
        return reading.items.some(({ gone }) => gone.some(({ key }) => key.endsWith('/a')));
      }, 'a to be gone');
    });

    it('5: yields nothing without a pull, and everything afterwards', async () => {
      await using harness = await open();
      const { positions } = harness;
      await using reading = start(harness, positions);
      await openAgain(harness);
      reading.pause();
      const names = Array.from({ length: 500 }, (_, index) => `e${index}`);
      for (const one of names) harness.happen(one);
      await harness.pass();
      const heldBack = reading.items.length;
      await harness.pass();
      expect(reading.items.length).to.equal(heldBack).and.to.be.at.most(1);
      reading.resume();
      await seen(harness, reading, names);
      const biggest = Math.max(...reading.items.map(({ occurrences }) => occurrences.length));
      expect(biggest).to.be.at.most(500);
    });

    for (const [way, end] of [
      ['an abort', async (reading: Reading<Batch>): Promise<void> => reading.stop()],
      ['an early return', async (reading: Reading<Batch>): Promise<void> => reading.leave()],
    ] as const) {
      it(`6: releases everything before it settles after ${way}`, async () => {
        await using harness = await open();
        const { positions } = harness;
        const reading = start(harness, positions);
        await openAgain(harness);
        harness.happen('a');
        await seen(harness, reading, ['a']);
        harness.happen('b');
        await end(reading);
        await until(() => harness.use.open === 0, 'everything to be closed');
        const { requests } = harness.use;
        await harness.pass();
        expect(harness.use.requests, 'nothing is asked for any more').to.equal(requests);
      });
    }

    it('starts without positions and yields its own', async () => {
      await using harness = await open();
      harness.happen('before');
      await using reading = start(harness, NONE);
      await until(async () => {
        await harness.pass();
        return reading.items.some(({ positions }) => positions.size > 0);
      }, 'a position');
      harness.happen('a');
      await seen(harness, reading, ['a']);
    });
  });
}

function start(harness: SourceHarness, positions: Positions): Reading<Batch> {
  return new Reading((signal) => harness.create().batches(positions, signal));
}

async function openAgain(harness: SourceHarness): Promise<void> {
  await until(async () => {
    if (harness.use.open > 0) return true;
    await harness.pass();
    return false;
  }, 'something to be open');
}

/** Waits until all of these Events were read, possibly among others. */
async function seen(
  harness: SourceHarness,
  reading: Reading<Batch>,
  names: readonly string[],
): Promise<void> {
  await until(
    async () => {
      reading.throwError();
      const read = new Set(occurrencesOf(reading).map(nameOf));
      if (names.every((one) => read.has(one))) return true;
      await harness.pass();
      return false;
    },
    `${String(names.length)} things to be read`,
  );
}

function occurrencesOf(reading: Reading<Batch>): readonly Occurrence[] {
  return reading.items.flatMap(({ occurrences }) => occurrences);
}

function nameOf({ key }: Occurrence): string {
  return key.slice(key.indexOf('/') + 1);
}

function identityOf({ identity, key, resourceVersion }: Occurrence): string {
  return JSON.stringify([identity, key, resourceVersion]);
}

function positionsAfter(before: Positions, batches: readonly Batch[]): Positions {
  const after = new Map<string, Position>(before);
  for (const { positions } of batches) {
    for (const [path, position] of positions) after.set(path, position);
  }
  return after;
}
