// The environment of a local command: the few variables that a program needs to run at all, and those
// that its section names. Facts about the delivery serve scripts that do not parse the document on
// standard input. Secrets of the gateway are no part of it.
// Source: docs/triggers.md; crontab(5), which starts commands with a similar list.

import { attemptNumber, type Delivery } from '../../core/delivery.ts';
import { traceparent } from '../../core/delivery-id.ts';
import { stringAt } from '../../core/event.ts';
import { truncate } from '../../kit/text/printable.ts';
import { toProcessText } from '../shorten.ts';

/** Environment variables by name. */
type Variables = Readonly<Record<string, string>>;

const DELIVERY_NAMES = [
  'SLUICE_ID',
  'SLUICE_CLUSTER',
  'SLUICE_SOURCE',
  'SLUICE_RULE',
  'SLUICE_TRIGGER',
  'SLUICE_ATTEMPT',
  'SLUICE_KIND',
  'SLUICE_NAMESPACE',
  'SLUICE_NAME',
  'SLUICE_REASON',
  'SLUICE_TYPE',
  'SLUICE_COUNT',
  'SLUICE_MESSAGE',
  'TRACEPARENT',
] as const;

/** Whether the gateway sets a variable for each delivery. */
export function isOfDelivery(name: string): boolean {
  return DELIVERY_NAMES.some((one) => one === name);
}

// Linux takes 128 KiB a variable and about 2 MiB together with the arguments: thirteen of these
// leave room for what is inherited.
const LONGEST_BYTES = 32 * 1024;

// The places of programs and files, the user, the language and the time zone. Proxies are missing on
// purpose: their URLs hold passwords.
const INHERITED: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TZ',
  'TMPDIR',
];

/** The names of variables that every command gets, for people; `LC_*` stands for all of them. */
export const INHERITED_NAMES = [...INHERITED, 'LC_*'].join(', ');

/** Whether a command gets a variable of this process unasked. */
export function isInherited(name: string): boolean {
  return INHERITED.includes(name) || name.startsWith('LC_');
}

/** Of this process's variables those that a command gets: the closed list and the named ones. */
export function passedVariables(
  environment: Readonly<Record<string, string | undefined>>,
  named: readonly string[],
): Variables {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]): [string, string][] =>
      value !== undefined && (isInherited(name) || named.includes(name)) ? [[name, value]] : [],
    ),
  );
}

/**
 * The variables of a delivery's command.
 *
 * **Shape**: `SLUICE_CLUSTER` is the cluster's name, its id where it has none. Kind, namespace and
 * name are the involved object's; of several occurrences the first one's. Without NUL, well-formed,
 * at most 32 KiB each; a longer one says at its end what is missing.
 */
export function deliveryVariables(delivery: Delivery): Variables {
  const [{ event, count }] = delivery.occurrences;
  const variables: Readonly<Record<(typeof DELIVERY_NAMES)[number], string>> = {
    SLUICE_ID: delivery.id,
    SLUICE_CLUSTER: delivery.cluster.name ?? delivery.cluster.id,
    SLUICE_SOURCE: delivery.source,
    SLUICE_RULE: delivery.rule.name ?? '',
    SLUICE_TRIGGER: delivery.trigger,
    SLUICE_ATTEMPT: String(attemptNumber(delivery)),
    SLUICE_KIND: stringAt(event, 'involvedObject', 'kind'),
    SLUICE_NAMESPACE: stringAt(event, 'involvedObject', 'namespace'),
    SLUICE_NAME: stringAt(event, 'involvedObject', 'name'),
    SLUICE_REASON: stringAt(event, 'reason'),
    SLUICE_TYPE: stringAt(event, 'type'),
    SLUICE_COUNT: String(count),
    SLUICE_MESSAGE: stringAt(event, 'message'),
    TRACEPARENT: traceparent(delivery.id),
  };
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, toVariable(value)]),
  );
}

function toVariable(text: string): string {
  return truncate(toProcessText(text), LONGEST_BYTES);
}
