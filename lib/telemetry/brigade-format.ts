// The lines of the original gateway: first the Event on stdout, then on stderr the trace of its
// rules and the rejection or the build. The prefix `main.go:<line>: ` of its Go logger is not
// reproduced, because its numbers changed with every release.
// Source: brigadecore/brigade-k8s-gateway, cmd/k8s-gateway/main.go (sync, acceptEvent,
// createSecret, handleErr).

import type { Delivery } from '../core/delivery.ts';
import { stringAt } from '../core/json-object.ts';
import type { ByKind, DecisionObserved, DeliveryObserved } from '../core/observation.ts';
import type { EventObject } from '../core/occurrence.ts';
import { printable } from '../kit/text/printable.ts';
import { escapedJson, type Rendering, type RenderLine, unicodeEscape } from './line-format.ts';
import type { OriginalLine, OriginalParts } from './logging.ts';

const REVISION = { commit: '', ref: 'refs/heads/master' };
const LINE_CHARACTERS = 4096;
const DEFAULT_REJECTION = 'default rejection';

/**
 * Renders the lines of one stream: those of the original, and on stderr our own in between. Decisions
 * have no line of our own.
 */
export function linesTo(stream: OriginalLine['to'], plain: RenderLine): Rendering {
  return (line, now) => {
    const { kind, original } = line;
    if (original === undefined) {
      return stream === 'stderr' && kind !== 'decision' ? plain(line, now) : null;
    }
    const texts = original().filter(({ to }) => to === stream);
    return texts.length === 0 ? null : texts.map(({ text }) => text).join('\n');
  };
}

/** The lines that the original wrote for the decision about an Event. */
export function originalDecision(
  observed: DecisionObserved,
  parts: OriginalParts,
): readonly OriginalLine[] {
  const { occurrence, decision } = observed;
  const trace = parts.originalTrace?.(occurrence) ?? [];
  const isMissing = decision.rule === null && !trace.includes(DEFAULT_REJECTION);
  const ends = [
    ...(isMissing ? [DEFAULT_REJECTION] : []),
    ...(decision.action === 'reject' ? [`Rejecting ${occurrence.key} by filter`] : []),
  ];
  return [
    toStderr(`Adding to workqueue:  ${occurrence.key}`),
    {
      to: 'stdout',
      text: `Processing ${printable(occurrence.key)}: ${goJson(untyped(occurrence.event), 2)}`,
    },
    ...[...trace, ...ends].map(toStderr),
  ];
}

/** The lines that the original wrote about a build. */
export function originalDelivery(
  observed: ByKind<DeliveryObserved>['attempt-started' | 'attempt-ended' | 'delivery-moved'],
  parts: OriginalParts,
): readonly OriginalLine[] {
  switch (observed.kind) {
    case 'attempt-started':
      return [{ to: 'stderr', text: `Build: ${goJson(buildOf(observed.delivery, parts), 2)}` }];
    case 'attempt-ended': {
      const { delivery, outcome } = observed;
      if (outcome.outcome !== 'retry') return [];
      return [toStderr(`retry for ${keyOf(delivery)}: ${outcome.detail}`)];
    }
    case 'delivery-moved': {
      const { delivery, to, why } = observed;
      if (to !== 'dead' && to !== 'refused') return [];
      return [toStderr(`Dropping ${keyOf(delivery)} from queue: ${why}`)];
    }
  }
}

// One line for any Event. JSON does not pass through here: it is escaped already and keeps its
// lines.
function toStderr(text: string): OriginalLine {
  return { to: 'stderr', text: printable(text, LINE_CHARACTERS) };
}

// brigade.Build as encoding/json writes it: bytes are base64, empty ones with omitempty are absent.
function buildOf(delivery: Delivery, { originalProject }: OriginalParts): EventObject {
  const event = untyped(delivery.occurrences[0].event);
  const type = `${stringAt(event, 'involvedObject', 'kind')}:${stringAt(event, 'reason')}`;
  return {
    id: '',
    project_id: originalProject ?? '',
    type,
    provider: 'k8s-gateway',
    revision: REVISION,
    payload: Buffer.from(goJson(event, 0), 'utf8').toString('base64'),
  };
}

// The original's typed client dropped kind and apiVersion when it decoded an Event.
function untyped(event: EventObject): EventObject {
  const kept = Object.entries(event).filter(([name]) => name !== 'kind' && name !== 'apiVersion');
  return Object.fromEntries(kept);
}

function keyOf(delivery: Delivery): string {
  const { event } = delivery.occurrences[0];
  return `${stringAt(event, 'metadata', 'namespace')}/${stringAt(event, 'metadata', 'name')}`;
}

// Go's encoder also escapes the characters that are special in HTML.
function goJson(value: EventObject, indent: number): string {
  return escapedJson(value, indent).replace(/[<>&]/g, unicodeEscape);
}
