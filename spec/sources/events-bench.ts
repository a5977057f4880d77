// A source of Events over real HTTP, in a small cluster whose clock is the spec's.

import { type EventsSection, eventsKind } from '../../lib/sources/events.ts';
import { type ConnectedWorld, connectedWorld } from '../support/connected-world.ts';

/** Sources in one cluster. */
export interface Bench extends Omit<ConnectedWorld, 'api'> {
  create(section: EventsSection): ReturnType<typeof eventsKind.create>;
}

/** Opens a cluster; `namespace` is the gateway's own. */
export async function openBench(namespace = 'shop'): Promise<Bench> {
  const connected = await connectedWorld();
  const { api, clock, observed } = connected;
  const { observe } = observed;
  const parts = { name: 'cluster', namespace, api, clock, random: () => 0, observe };
  return { ...connected, create: (section) => eventsKind.create(section, parts) };
}
