// What the log makes of any Event: in text no control character and one line, in JSON one object that
// parses, in the original's form its lines. The oracle knows the forms, not the code.

import type { Decision, TriggerDisposition } from '../../../lib/core/decision.ts';
import type { Delivery } from '../../../lib/core/delivery.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../lib/core/json-object.ts';
import type { DecisionObserved } from '../../../lib/core/observation.ts';
import type { Occurrence } from '../../../lib/core/occurrence.ts';
import { originalTrace } from '../../../lib/filters/brigade-rules.ts';
import type { Chain } from '../../../lib/filters/chain.ts';
import { explain, nearest } from '../../../lib/filters/decide.ts';
import { toDnsLabel, toLabelValue } from '../../../lib/kit/text/label.ts';
import { printable, quoted } from '../../../lib/kit/text/printable.ts';
import { originalDecision, originalDelivery } from '../../../lib/telemetry/brigade-format.ts';
import { jsonFormat, textFormat } from '../../../lib/telemetry/line-format.ts';
import type { LogLine } from '../../../lib/telemetry/logging.ts';
import { DecisionLine } from '../../../lib/telemetry/observations/decision-line.ts';
import { must, mustBePrintable, mustBeSame, shown } from '../target.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const LONGEST_LINE = 4096 + 64;
const asJson = jsonFormat();
const plain = textFormat('plain');
const coloured = textFormat('colours');
// The colours that the text form uses, and nothing else that begins with an escape.
const COLOURS = new RegExp('\\u001b\\[(?:0|2|31|32|33)m', 'g');
// JSON escapes lone surrogates itself; the rest a terminal would act on.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** What is told about. */
export interface Told {
  readonly occurrence: Occurrence;
  readonly chain: Chain;
  readonly decision: Decision;
  readonly disposed: readonly TriggerDisposition[];
}

/** What is observed of a decision. */
export function observedOf({ occurrence, chain, decision, disposed }: Told): DecisionObserved {
  const trail = () => explain(chain, occurrence).trail;
  return { kind: 'decision', occurrence, decision, disposed, explain: trail };
}

/** What is told besides the line: the whole Event, or the lines of the original. */
export type More = 'full' | 'original' | 'nothing';

/** Holds the lines about a decision to their forms. */
export function mustTell(told: Told, more: More): void {
  const observed = observedOf(told);
  const near = (): ReturnType<typeof nearest> => nearest(told.chain, observed.explain());
  const context = { level: 'info', states: 3, nearest: near } as const;
  const line = new DecisionLine(observed, { ...context, event: 'line' });
  mustBeText(line);
  mustBeJson(line, null);
  if (more === 'original') mustBeOriginal(observed, told.chain);
  if (more !== 'full') return;
  mustBeFull(new DecisionLine(observed, { ...context, event: 'full' }), told.occurrence.event);
}

function mustBeText(line: LogLine): void {
  const text = plain(line, NOW);
  mustBePrintable(text, 'a text line');
  must(text.length <= LONGEST_LINE, () => `a text line has ${text.length} characters`);
  const bare = coloured(line, NOW).replaceAll(COLOURS, '');
  must(bare === text, () => `a coloured line differs in colours alone: ${shown(bare)}`);
}

function mustBeJson(line: LogLine, event: JsonObject | null): void {
  const text = asJson(line, NOW);
  must(!UNSAFE.test(text), () => `a JSON line can be shown: ${shown(text)}`);
  const value: unknown = JSON.parse(text);
  must(isJsonObject(value), 'a JSON line is one object');
  const { fullEvent, ...fields } = value;
  for (const found of textsIn(fields)) mustBePrintable(found, 'a text of a JSON line');
  must(
    value['action'] === 'accept' || value['action'] === 'reject',
    'a JSON line tells the action',
  );
  if (event === null) must(fullEvent === undefined, 'the Event is not told unasked');
  else mustBeSame(fullEvent, event, 'the whole Event in JSON');
}

function mustBeFull(line: LogLine, event: JsonObject): void {
  mustBeJson(line, event);
  const text = plain(line, NOW);
  const [head = '', ...rest] = text.split('\n');
  mustBePrintable(head, 'the line before the Event');
  must(!UNSAFE.test(rest.join('')), () => `the whole Event can be shown: ${shown(rest)}`);
  mustBeSame(JSON.parse(rest.join('\n')), event, 'the whole Event in text');
}

function mustBeOriginal(observed: DecisionObserved, chain: Chain): void {
  const trace = (occurrence: Occurrence): readonly string[] => originalTrace(chain, occurrence);
  const lines = originalDecision(observed, { originalTrace: trace, originalProject: 'p' });
  const { kind: _kind, apiVersion: _version, ...bare } = observed.occurrence.event;
  for (const { to, text } of lines) {
    if (to === 'stderr') {
      mustBePrintable(text, 'a line of the original');
      continue;
    }
    // The head may hold anything that can be shown, but no line break; the JSON begins its last word.
    const at = (text.split('\n', 1)[0] ?? '').lastIndexOf(': {');
    mustBePrintable(text.slice(0, at), 'the head of a line of the original');
    const json = text.slice(at + 2);
    must(!UNSAFE.test(json.replaceAll('\n', '')), 'the Event of the original can be shown');
    must(!/[<>&]/.test(json), 'the Event of the original is escaped as Go does');
    mustBeSame(JSON.parse(json), bare, 'the Event of the original');
  }
}

/** Holds the original's lines about a build to their form. */
export function mustTellBuild(delivery: Delivery): void {
  const parts = { originalProject: 'p' };
  for (const { text } of originalDelivery({ kind: 'attempt-started', delivery }, parts)) {
    must(text.startsWith('Build: {'), 'a build is told');
    must(!UNSAFE.test(text.replaceAll('\n', '')), 'a build can be shown');
    JSON.parse(text.slice('Build: '.length));
  }
}

const LABEL = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const DNS_LABEL = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)?$/;

/** Holds one text to what becomes of it where it is shown, quoted or made a label. */
export function mustShow(text: string, max: number): void {
  mustBePrintable(printable(text), 'what is printable');
  const cut = printable(text, max);
  mustBePrintable(cut, 'what is printable and cut');
  must(cut.length <= max, () => `cut to ${max}, not ${cut.length}`);
  const inside = quoted(text, max).slice(1, -1);
  must(inside.length <= max, () => `quoted within ${max}, not ${inside.length}`);
  const back: unknown = JSON.parse(quoted(text).replaceAll(/\\u\{([0-9a-f]+)\}/g, toPair));
  must(back === text, () => `what is quoted can be read back: ${shown(back)}`);
  const label = toLabelValue(text);
  must(LABEL.test(label), () => `a label value is one: ${shown(label)}`);
  must(toLabelValue(label) === label, 'a label value stays as it is');
  const dns = toDnsLabel(text, max);
  must(DNS_LABEL.test(dns) && dns.length <= max, () => `a DNS label is one: ${shown(dns)}`);
}

// `quoted` writes a character above U+FFFF with braces, as JavaScript and Rust do; JSON has pairs. A
// backslash before it would be doubled, so that it can not be mistaken.
function toPair(_: string, code: string): string {
  const character = String.fromCodePoint(Number.parseInt(code, 16));
  return `\\u${character.charCodeAt(0).toString(16)}\\u${character.charCodeAt(1).toString(16)}`;
}

/** Every text of a value, keys too. */
export function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap((item: Json) => textsIn(item));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
}
