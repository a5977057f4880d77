// The environment of a local command: the few variables that every program needs, and those that
// the section names. Fields of the delivery are for scripts that do not parse the document on
// standard input. Secrets of the gateway are not in it.
// Source: docs/triggers.md; crontab(5), which starts commands with a similar list.

import { attemptNumber, type Delivery } from '../../core/delivery.ts';
import { traceparent } from '../../core/delivery-id.ts';
import { stringAt } from '../../core/json-object.ts';
import { truncate } from '../../kit/text/printable.ts';
import { toProcessText } from '../shorten.ts';

type Variables = Readonly<Record<string, string>>;

const inEvent =
  (...path: readonly string[]) =>
  ({ occurrences: [{ event }] }: Delivery): string =>
    stringAt(event, ...path);

const OF_DELIVERY: Readonly<Record<string, (delivery: Delivery) => string>> = {
  SLUICE_ID: ({ id }) => id,
  SLUICE_CLUSTER: ({ cluster }) => cluster.name ?? cluster.id,
  SLUICE_SOURCE: ({ source }) => source,
  SLUICE_RULE: ({ rule }) => rule.name ?? '',
  SLUICE_TRIGGER: ({ trigger }) => trigger,
  SLUICE_ATTEMPT: (delivery) => String(attemptNumber(delivery)),
  SLUICE_KIND: inEvent('involvedObject', 'kind'),
  SLUICE_NAMESPACE: inEvent('involvedObject', 'namespace'),
  SLUICE_NAME: inEvent('involvedObject', 'name'),
  SLUICE_REASON: inEvent('reason'),
  SLUICE_TYPE: inEvent('type'),
  SLUICE_COUNT: ({ occurrences: [{ count }] }) => String(count),
  SLUICE_MESSAGE: inEvent('message'),
  TRACEPARENT: ({ id }) => traceparent(id),
};

/** Whether the gateway sets a variable for each delivery. */
export function isOfDelivery(name: string): boolean {
  return Object.hasOwn(OF_DELIVERY, name);
}

// Linux accepts 128 KiB for a variable and about 2 MiB with the arguments: fourteen of these leave
// room for inherited variables.
const LONGEST_BYTES = 32 * 1024;

// Paths of programs and files, the user, the language and the time zone. Proxies are omitted
// because their URLs may contain passwords.
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

/** Names of the variables that every command inherits, for people. */
export const INHERITED_NAMES = [...INHERITED, 'LC_*'].join(', ');

/** Whether every command inherits a variable of this process. */
export function isInherited(name: string): boolean {
  return INHERITED.includes(name) || name.startsWith('LC_');
}

/** The variables of this process that a command inherits: the closed list and the named ones. */
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
 * The variables that describe a delivery.
 *
 * **Shape**: `SLUICE_CLUSTER` is the cluster's name, or its id if it has no name. Kind, namespace
 * and name are those of the involved object of the first occurrence. Values are well-formed,
 * without NUL, and at most 32 KiB long; a longer one is truncated with a mark.
 */
export function deliveryVariables(delivery: Delivery): Variables {
  const variables = Object.entries(OF_DELIVERY).map(([name, valueOf]) => {
    return [name, truncate(toProcessText(valueOf(delivery)), LONGEST_BYTES)] as const;
  });
  return Object.fromEntries(variables);
}
