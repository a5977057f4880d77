// Explanations as text for people and as lines of JSON for programs. Every text of an Event comes out
// printable, because both forms may reach a terminal.

import type { Explanation, TrailEntry } from '../core/decision.ts';
import type { Occurrence } from '../core/occurrence.ts';
import { toExplanationDocument } from '../filters/decide.ts';
import { printable } from '../kit/text/printable.ts';
import type { ExplainedEvent, TriggerPreview } from '../plan/explain-event.ts';
import { jsonLine } from './deliveries/delivery-text.ts';

/** Renders an explanation as a line of JSON; null: without previews. */
export function explanationToJson(
  { occurrence, explanation, facts }: ExplainedEvent,
  previews: readonly TriggerPreview[] | null = null,
): string {
  const document = toExplanationDocument(occurrence, explanation, facts);
  return jsonLine(previews === null ? document : { ...document, previews: previews.map(toShown) });
}

function toShown(preview: TriggerPreview): object {
  const { trigger } = preview;
  return preview.ok ? { trigger, text: preview.text } : { trigger, refused: preview.why };
}

/**
 * Renders an explanation for people.
 *
 * **Shape**: the Event, the sources that read it, each rule that did not match, the decision, and the
 * guard that stops it or the previews.
 */
export function renderExplanation(
  explained: ExplainedEvent,
  previews: readonly TriggerPreview[] | null = null,
): string {
  const { occurrence, explanation, facts } = explained;
  const { guard } = facts;
  const lines = [
    renderReading(explained),
    ...explanation.trail.map(renderEntry),
    renderDecision(explanation),
    ...(guard === null ? [] : [printable(`${guard.disposition}: ${guard.why}; nothing starts`)]),
    ...(previews ?? []).flatMap(renderPreview),
  ];
  const head = printable(eventText(occurrence, occurrence.count));
  return `${[head, ...lines.map((line) => (line === '' ? '' : `  ${line}`))].join('\n')}\n`;
}

/** Renders an Event: `shop/web-1.17…: Warning Pod shop/web-1 BackOff ×7`. */
export function eventText({ namespace, name, object, fields }: Occurrence, count: number): string {
  const about = `${object.kind || '-'} ${object.namespace || '-'}/${object.name || '-'}`;
  const event = `${namespace}/${name}: ${fields.type || '-'} ${about}`;
  return `${event} ${fields.reason || '-'} ×${count}`;
}

/** Names the sources that read the Event, and the one that the decision is for. */
function renderReading({ occurrence, facts: { readBy } }: ExplainedEvent): string {
  const { source, namespace } = occurrence;
  const names = readBy.map((name) => printable(name)).join(', ');
  const judged = `judged for ${printable(source)}`;
  if (readBy.length === 0) {
    const where = JSON.stringify(namespace);
    return printable(`read by no source: none has the namespace ${where}; ${judged}`, 400);
  }
  if (!readBy.includes(source)) return `read by ${names}, not by ${printable(source)}; ${judged}`;
  return readBy.length === 1 ? `read by ${names}` : `read by ${names}, once each; ${judged}`;
}

/** Renders why one rule did not match. */
export function renderEntry({ index, name, field, wanted, found }: TrailEntry): string {
  const rule = `rule ${index}${name === null ? '' : ` ${printable(name)}`}`;
  const found_ = printable(JSON.stringify(found), 200);
  const wanted_ = printable(JSON.stringify(wanted), 200);
  if (field === 'not') return `${rule}: not: ${found_} matches ${wanted_}`;
  return `${rule}: ${field}: ${found_} does not match ${wanted_}`;
}

function renderDecision({ decision }: Explanation): string {
  const { action, rule, triggers } = decision;
  if (rule === null) return `${action}: no rule matches`;
  const by = `${action} by rule ${rule.index}${rule.name === null ? '' : ` ${printable(rule.name)}`}`;
  return triggers.length === 0
    ? by
    : `${by} → ${triggers.map((name) => printable(name)).join(', ')}`;
}

function renderPreview(preview: TriggerPreview): readonly string[] {
  const trigger = printable(preview.trigger);
  if (!preview.ok) return [`${trigger} would send nothing: ${printable(preview.why, 1_000)}`];
  const text = preview.text.split('\n').map((line) => (line === '' ? '' : `  ${printable(line)}`));
  return [`${trigger} would send (ids are placeholders):`, ...text];
}

/** Counts a key once more. */
export function increase<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Renders counts, the largest first: `3 a, 1 b`. */
export function listed(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
  return sorted.map(([name, number]) => `${number} ${printable(name)}`).join(', ');
}
