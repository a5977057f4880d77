// A small cluster whose clock is the spec's, and a connection to it over real HTTP.

import { parseYaml } from '../../lib/config/parse-yaml.ts';
import { type Connection, connect } from '../../lib/kubernetes/client/connection.ts';
import { type RecordingObserve, recordingObserve } from './doubles/observe.ts';
import { EventsWorld } from './events-world.ts';
import { FakeClock } from './fake-clock.ts';

/** An open cluster. */
export interface ConnectedWorld extends AsyncDisposable {
  readonly world: EventsWorld;
  readonly clock: FakeClock;
  readonly observed: RecordingObserve;
  readonly api: Connection;
}

/** Opens a cluster and connects to it. */
export async function connectedWorld(): Promise<ConnectedWorld> {
  const world = await EventsWorld.start();
  const clock = new FakeClock();
  const observed = recordingObserve();
  const { observe } = observed;
  const api = await connect(
    { master: world.server.url },
    { clock, observe, environment: {}, parseYaml },
  );
  return {
    ...{ world, clock, observed, api },
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}
