// Random histories: Events come, change and go while watches are cut, closed and stalled, history
// is compacted, and idle relists run. In one process nothing is read twice, nothing is read that is
// older than a state already read, and all last states are read.

import { expect } from 'chai';
import fc from 'fast-check';
import { stringAt } from '../../../lib/core/json-object.ts';
import type { ReaderBatch } from '../../../lib/kubernetes/watch/known-versions.ts';
import { readChanges } from '../../../lib/kubernetes/watch/reflector.ts';
import { connectedWorld } from '../../support/connected-world.ts';
import type { EventsWorld } from '../../support/events-world.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { Reading } from '../../support/reading.ts';
import { until } from '../../support/until.ts';

type Act = (world: EventsWorld, clock: FakeClock, name: string) => Promise<void>;

interface Step {
  readonly act: keyof typeof ACTS;
  readonly name: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(
    { weight: 6, arbitrary: fc.constant('write' as const) },
    { weight: 2, arbitrary: fc.constant('remove' as const) },
    { weight: 2, arbitrary: fc.constantFrom('cut' as const, 'close' as const, 'compact' as const) },
    { weight: 4, arbitrary: fc.constantFrom('stall' as const, 'flow' as const) },
    { weight: 5, arbitrary: fc.constantFrom('quiet' as const, 'wait' as const) },
  ),
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
});

const ACTS = {
  write: async (world, _clock, name) => void world.write(name),
  remove: async (world, _clock, name) => world.remove(name),
  cut: async (world) => world.cut(),
  close: async (world) => world.close(),
  compact: async (world) => world.compact(),
  stall: async (world) => world.stall(),
  flow: async (world) => world.flow(),
  quiet: (_world, clock) => clock.advance(121_000),
  wait: (_world, clock) => clock.advance(1_000),
} as const satisfies Record<string, Act>;

async function play(steps: readonly Step[]): Promise<void> {
  await using connected = await connectedWorld();
  const { world, clock, observed, api } = connected;
  const watched = { group: '', version: 'v1', resource: 'events', namespace: 'shop' };
  const options = {
    source: 'shop',
    watched,
    positions: new Map(),
    judgeFirst: () => true,
    keptForMs: null,
  };
  const parts = { api, clock, random: () => 0, observe: observed.observe };
  await using reading = new Reading((signal) => readChanges(options, parts, signal));
  for (const { act, name } of steps) await ACTS[act](world, clock, name);
  world.write('last');
  world.flow();
  const read = (): readonly string[] => statesOf(reading.items);
  await until(
    async () => {
      reading.throwError();
      if (world.states.every((state) => read().includes(state))) return true;
      await clock.advance(1_000);
      return false;
    },
    `${world.states.join(' ')} to be read`,
  );
  expectOnceAndForward(read());
}

function statesOf(batches: readonly ReaderBatch[]): readonly string[] {
  return batches.flatMap(({ changes }) =>
    changes.map(({ object }) => {
      const key = `${stringAt(object, 'metadata', 'namespace')}/${stringAt(object, 'metadata', 'name')}`;
      return `${key}@${stringAt(object, 'metadata', 'resourceVersion')}`;
    }),
  );
}

function expectOnceAndForward(states: readonly string[]): void {
  const last = new Map<string, number>();
  for (const state of states) {
    const [key = '', version = ''] = state.split('@');
    expect(Number(version), `${state} in ${states.join(' ')}`).to.be.above(last.get(key) ?? 0);
    last.set(key, Number(version));
  }
}

describe('random histories', () => {
  it('are read once, forward, and to their end', async () => {
    const histories = fc.array(step, { minLength: 5, maxLength: 30 });
    await fc.assert(fc.asyncProperty(histories, play), { numRuns: 40 });
  }).timeout(120_000);
});
