// What a local command is told in its environment: a handful of facts for scripts that do not want
// to parse the document on standard input.
// Source: docs/triggers.md.
import type { Delivery } from '../../core/delivery.ts';
import { attemptNumber } from '../../core/delivery.ts';
import { stringAt } from '../../core/event.ts';
import { toProcessText } from '../process-text.ts';
import { traceparent } from '../traceparent.ts';

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string>>;

// Linux takes 128 KiB a variable and about 2 MiB together with the arguments: thirteen of these
// leave room for what is inherited.
const LONGEST_BYTES = 32 * 1024;

/**
 * The variables of a delivery's command.
 *
 * **Shape**: `SLUICE_CLUSTER` is the cluster's name, its id where it has none. Kind, namespace and
 * name are the involved object's; of several occurrences the first one's. Without NUL, well-formed,
 * at most 32 KiB each.
 */
export function deliveryVariables(delivery: Delivery): Variables {
  const [{ event, count }] = delivery.occurrences;
  const variables = {
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
  const clean = toProcessText(text);
  if (Buffer.byteLength(clean) <= LONGEST_BYTES) return clean;
  // Decoding as a stream drops a character that the cut left in two.
  return new TextDecoder().decode(Buffer.from(clean).subarray(0, LONGEST_BYTES), { stream: true });
}
