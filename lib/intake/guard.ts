// Guards: neither a build nor a gateway must start builds, and an Event must not act for another
// namespace. They compare names only, without requests and without memory, because builds outlive the
// ledger. They do not follow owner references or labels.

import { isDeliveryId } from '../core/delivery-id.ts';
import { textAt } from '../core/json-object.ts';
import { quoted } from '../kit/text/printable.ts';
import type { Ruling, StartRequest } from './start-request.ts';

/** Settings of the guards. */
export interface GuardFacts {
  /** Namespaces in which configured triggers create objects; empty if that guard is off. */
  readonly namespaces: readonly string[];
  /** Prefixes of the names of objects that configured triggers create. */
  readonly prefixes: readonly string[];
  /** Whether this source accepts an Event about an object of another namespace. */
  readonly allowForeign: boolean;
}

type Guarded = Pick<StartRequest, 'occurrence'>;
type Guards = Readonly<Record<'guard', GuardFacts>>;

/** `reportingComponent` of the Events that gateways write about their own pods. */
export const OWN_REPORTER = 'sluice.dev/gateway';

const ID_LENGTH = 26;
const BRIGADE_WORKER = 'brigade-worker';

/** Stops an Event about an object of another namespace than its own. */
export function guardForeign({ occurrence }: Guarded, { guard }: Guards): Ruling | null {
  const { namespace } = occurrence.object;
  const { namespace: eventNamespace } = occurrence;
  if (guard.allowForeign || namespace === '' || namespace === eventNamespace) return null;
  return {
    disposition: 'foreign',
    why: `an Event of namespace ${quoted(eventNamespace)} is about an object of ${quoted(namespace)}`,
  };
}

/** Stops an Event about a build: by its namespace, by our names, by Brigade's names. */
export function guardLoop({ occurrence }: Guarded, { guard }: Guards): Ruling | null {
  const { object, namespace } = occurrence;
  const objectName = object.name;
  const built = [object.namespace, namespace].find((name) => guard.namespaces.includes(name));
  if (built !== undefined) return loop(`builds are created in namespace ${quoted(built)}`);
  const prefix = [...guard.prefixes, BRIGADE_WORKER].find((name) => isNamedBy(name, objectName));
  if (prefix !== undefined) return loop(`${quoted(objectName)} has the name of a started build`);
  const isBrigades =
    objectName.at(-ID_LENGTH - 1) === '-' && isDeliveryId(objectName.slice(-ID_LENGTH));
  return isBrigades ? loop(`${quoted(objectName)} ends in a build id, as Brigade's jobs do`) : null;
}

/**
 * Stops an Event of any gateway about its own pod. Otherwise the Event of an open breaker could start a
 * delivery that opens the breaker, also of two gateways for each other. Who writes this reporter into an
 * Event gains only that his own Event starts nothing, as if he had not written it.
 */
export function guardOwn({ occurrence }: Guarded): Ruling | null {
  if (textAt(occurrence.event, 'reportingComponent') !== OWN_REPORTER) return null;
  return loop(`its reporter is a gateway (${OWN_REPORTER})`);
}

function loop(why: string): Ruling {
  return { disposition: 'loop', why };
}

function isNamedBy(prefix: string, name: string): boolean {
  const begin = `${prefix}-`;
  return name.startsWith(begin) && isDeliveryId(name.slice(begin.length, begin.length + ID_LENGTH));
}
