// A source of Events over real HTTP, in a small cluster whose clock is the spec's.

import { parseYaml } from '../../lib/config/parse-yaml.ts';
import { connect } from '../../lib/kubernetes/client/connection.ts';
import { type EventsSection, eventsKind } from '../../lib/sources/events.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { EventsWorld } from '../support/events-world.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Sources in one cluster. */
export interface Bench extends AsyncDisposable {
  readonly world: EventsWorld;
  readonly clock: FakeClock;
  readonly observed: ReturnType<typeof recordingObserve>;
  create(section: EventsSection): ReturnType<typeof eventsKind.create>;
}

/** Opens a cluster; `namespace` is the gateway's own. */
export async function openBench(namespace = 'shop'): Promise<Bench> {
  const world = await EventsWorld.start();
  const clock = new FakeClock();
  const observed = recordingObserve();
  const { observe } = observed;
  const api = await connect(
    { master: world.server.url },
    { clock, observe, environment: {}, parseYaml },
  );
  const parts = { name: 'cluster', namespace, api, clock, random: () => 0, observe };
  return {
    world,
    clock,
    observed,
    create: (section) => eventsKind.create(section, parts),
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}
