// Random sequences of configurations: namespaces come and go between lives of the gateway, Events
// are written and history is compacted while it is away. Whatever the order, no state is judged
// twice, and nothing is lost in a namespace that some configuration read before.

import { expect } from 'chai';
import fc from 'fast-check';
import { compareVersions } from '../../lib/core/object-reference.ts';
import type { Batch, Position } from '../../lib/core/ports/source.ts';
import { Reading } from '../support/reading.ts';
import { until } from '../support/until.ts';
import { openBench } from './events-bench.ts';

const NAMESPACES = ['shop', 'pay', 'third'] as const;

interface Life {
  readonly namespaces: readonly string[];
  /** Events written before this life of the gateway, and during it. */
  readonly before: readonly Written[];
  readonly during: readonly Written[];
  readonly isCompacted: boolean;
}

interface Written {
  readonly namespace: string;
  readonly name: string;
}

const written = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
});

const life: fc.Arbitrary<Life> = fc.record({
  namespaces: fc.oneof(
    fc.constant(['*']),
    fc.subarray([...NAMESPACES], { minLength: 1, maxLength: 2 }),
  ),
  before: fc.array(written, { maxLength: 4 }),
  during: fc.array(written, { maxLength: 3 }),
  isCompacted: fc.boolean(),
});

/** State that the lives so far have left in the store. */
class Past {
  readonly positions = new Map<string, Position>();
  readonly read: string[] = [];
  /** The version after which a namespace was read, by any source. */
  readonly since = new Map<string, string>();

  keep(batches: readonly Batch[]): void {
    for (const { positions, occurrences } of batches) {
      for (const [path, position] of positions) this.positions.set(path, position);
      this.read.push(...occurrences.map(({ key, resourceVersion }) => `${key}@${resourceVersion}`));
    }
  }

  /** States of these namespaces that must have been read, because an earlier life read them. */
  due(states: readonly string[], namespaces: readonly string[]): readonly string[] {
    return states.filter((state) => {
      const [, namespace = '', version = ''] = /^([^/]+)\/[^@]+@(\d+)$/.exec(state) ?? [];
      const since = this.since.get(namespace);
      const isDue = since !== undefined && compareVersions(version, since) > 0;
      return isDue && namespaces.includes(namespace);
    });
  }
}

async function play(lives: readonly Life[]): Promise<void> {
  await using bench = await openBench('ci');
  const { world, clock } = bench;
  const past = new Past();
  let version = world.write('zero').split('@')[1] ?? '';
  for (const { namespaces, before, during, isCompacted } of lives) {
    const write = ({ name, namespace }: Written): void => {
      version = world.write(name, namespace).split('@')[1] ?? '';
    };
    for (const one of before) write(one);
    if (isCompacted) world.compact();
    const isAll = namespaces.includes('*');
    const names = isAll ? NAMESPACES : namespaces;
    const source = bench.create({ namespaces });
    const reading = new Reading((signal) => source.batches(past.positions, signal));
    const isRead = async (): Promise<boolean> => {
      reading.throwError();
      const all = new Set([...past.read, ...statesOf(reading.items)]);
      const isOpen = world.openWatches === (isAll ? 1 : names.length);
      const due = past.due(world.states, names);
      if (isOpen && due.every((state) => all.has(state))) return true;
      await clock.advance(1_000);
      return false;
    };
    await until(isRead, `${past.due(world.states, names).join(' ')} by ${namespaces.join(' ')}`);
    for (const name of names) if (!past.since.has(name)) past.since.set(name, version);
    for (const one of during) write(one);
    await until(isRead, `${past.due(world.states, names).join(' ')} while it reads`);
    await reading.stop();
    past.keep(reading.items);
    await until(() => world.openWatches === 0, 'the watches to be closed');
  }
  expect(past.read, 'once each').to.have.length(new Set(past.read).size);
}

function statesOf(batches: readonly Batch[]): readonly string[] {
  return batches.flatMap(({ occurrences }) =>
    occurrences.map(({ key, resourceVersion }) => `${key}@${resourceVersion}`),
  );
}

describe('random sequences of configurations', () => {
  it('lose no state that was covered before, and judge no state twice', async () => {
    const sequences = fc.array(life, { minLength: 2, maxLength: 5 });
    await fc.assert(fc.asyncProperty(sequences, play), { numRuns: 40 });
  }).timeout(120_000);
});

const SELECTORS = ['', 'type=Warning', 'type=Normal', 'type!=Normal'] as const;

interface SelectedLife {
  readonly selector: (typeof SELECTORS)[number];
  /** Types of the Events written before this life of the gateway, and during it, by name. */
  readonly before: readonly Typed[];
  readonly during: readonly Typed[];
  readonly isCompacted: boolean;
}

interface Typed {
  readonly name: string;
  readonly type: 'Warning' | 'Normal';
}

const typed = fc.array(
  fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    type: fc.constantFrom('Warning' as const, 'Normal' as const),
  }),
  { maxLength: 3 },
);

const selectedLife: fc.Arbitrary<SelectedLife> = fc.record({
  selector: fc.constantFrom(...SELECTORS),
  before: typed,
  during: typed,
  isCompacted: fc.boolean(),
});

function isSelected(selector: SelectedLife['selector'], type: string): boolean {
  if (selector === '') return true;
  return selector === 'type=Normal' ? type === 'Normal' : type === 'Warning';
}

/** Each state that is written from the first life on and still exists is read if it is selected then. */
async function playSelections(lives: readonly SelectedLife[]): Promise<void> {
  await using bench = await openBench('shop');
  const { world, clock } = bench;
  const past = new Past();
  world.write('zero');
  for (const [number, { selector, before, during, isCompacted }] of lives.entries()) {
    const states = new Map<string, Typed>();
    const write = (one: Typed): void => {
      states.set(world.write(one.name, 'shop', { type: one.type }), one);
    };
    for (const one of before) write(one);
    // Before the first life nothing is owed.
    if (number === 0) states.clear();
    if (isCompacted) world.compact();
    const source = bench.create({ fieldSelector: selector });
    const reading = new Reading((signal) => source.batches(past.positions, signal));
    const isRead = async (): Promise<boolean> => {
      reading.throwError();
      const read = new Set(statesOf(reading.items));
      const owed = world.states.filter((state) => {
        const written = states.get(state);
        return written !== undefined && isSelected(selector, written.type);
      });
      if (world.openWatches === 1 && owed.every((state) => read.has(state))) return true;
      await clock.advance(1_000);
      return false;
    };
    await until(isRead, `what was written before life ${number} under ${selector}`);
    for (const one of during) write(one);
    await until(isRead, `what was written in life ${number} under ${selector}`);
    await reading.stop();
    past.keep(reading.items);
    await until(() => world.openWatches === 0, 'the watch to be closed');
  }
  expect(past.read, 'once each').to.have.length(new Set(past.read).size);
}

describe('random sequences of selectors', () => {
  it('lose no state that is written later, and judge no state twice', async () => {
    const sequences = fc.array(selectedLife, { minLength: 2, maxLength: 5 });
    await fc.assert(fc.asyncProperty(sequences, playSelections), { numRuns: 30 });
  }).timeout(120_000);
});
