// Texts that nobody means well with: what breaks terminals, JSON, YAML, labels, templates, shells and
// code that takes names for keys; and words that rules and Events are usually made of.

import type { FuzzRandom } from './random.ts';

/** Fragments that have broken something somewhere. */
export const FRAGMENTS = [
  '',
  ' ',
  '\0',
  '\u0007',
  '\b',
  '\t',
  '\n',
  '\r\n',
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\u007f',
  '\u0085',
  '\u009b1m',
  '\u00ad',
  '\u200b',
  '\u202e',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\ufffd',
  '\uffff',
  '\ud800',
  '\udc00',
  '\udfff\ud800',
  '😀',
  '\u{e0001}',
  '\u{10ffff}',
  'é',
  '"',
  "'",
  '\\',
  '\\u001b',
  '\\n',
  '`',
  '$',
  '$$',
  '${id}',
  '${event.message}',
  '$${id}',
  '$(HOME)',
  '$(touch x)',
  '{{workflow.name}}',
  '{',
  '}',
  '/',
  '//',
  '../',
  '%00',
  '%',
  '*',
  '?',
  '#',
  ': ',
  '- ',
  '&a',
  '*a',
  '!!js',
  '<<',
  '|',
  '>',
  '@',
  '-',
  '--',
  '.',
  '..',
  '0',
  '-1',
  '1e999',
  'null',
  'true',
  '~',
] as const;

/** Names that every object inherits, or that a careless map takes for its own. */
export const INHERITED = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'length',
  'then',
  'toJSON',
] as const;

/** Words of a cluster. */
export const WORDS = [
  'Pod',
  'Node',
  'Job',
  'shop',
  'pay',
  'kube-system',
  'BackOff',
  'FailedMount',
  'Scheduled',
  'Warning',
  'Normal',
  'web-1',
  'kubelet',
  'node-1',
  'v1',
  'apps/v1',
  'spec.containers{web}',
  'Back-off restarting failed container',
] as const;

/** Times as Events tell them, and as they must not. */
export const TIMES = [
  '2026-01-31T11:58:00Z',
  '2026-01-31T11:58:00.123456Z',
  '2026-01-31T11:58:00.1234567890123Z',
  '2026-01-31T11:58:00+02:00',
  '2026-01-31T11:58:00.5-23:59',
  '2026-01-31t11:58:00z',
  '0000-01-01T00:00:00Z',
  '0000-01-01T00:00:00+23:59',
  '0001-01-01T00:00:00Z',
  '1969-12-31T23:59:59.999999Z',
  '9999-12-31T23:59:59.999999Z',
  '9999-12-31T23:59:59-23:59',
  '9999-12-31T23:59:59-99:99',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-06-30T23:59:60Z',
  '2026-01-31 11:58:00Z',
  '2026-01-31T11:58:00',
  '+012026-01-31T11:58:00Z',
  '\u0662026-01-31T11:58:00Z',
  '2026-01-31T11:58:00Z\n',
] as const;

/** A text of any kind. */
export function anyText(random: FuzzRandom): string {
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return random.pick(WORDS);
    case 3:
      return random.pick(FRAGMENTS);
    case 4:
      return random.pick(INHERITED);
    case 5:
      return random.pick(TIMES);
    case 6:
    case 7:
      return random.times(random.between(2, 6), () => anyPiece(random)).join('');
    case 8:
      return unitsOf(random, random.between(1, 12));
    case 9:
      return random.pick(WORDS) + random.pick(FRAGMENTS) + random.pick(WORDS);
    case 10:
      return String(random.next());
    default:
      return longText(random);
  }
}

function anyPiece(random: FuzzRandom): string {
  return random.oneIn(2) ? random.pick(FRAGMENTS) : random.pick(WORDS);
}

/** UTF-16 code units by chance, most of them from corners where characters are odd. */
function unitsOf(random: FuzzRandom, count: number): string {
  const unit = (): number => {
    switch (random.below(6)) {
      case 0:
        return random.below(0x20);
      case 1:
        return random.between(0x7f, 0xa0);
      case 2:
        return random.between(0x2000, 0x206f);
      case 3:
        return random.between(0xd800, 0xdfff);
      case 4:
        return random.between(0x20, 0x7e);
      default:
        return random.below(0x10000);
    }
  };
  return String.fromCharCode(...random.times(count, unit));
}

function longText(random: FuzzRandom): string {
  // Most long texts are only as long as limits are (63, 160, 253); a few as long as a page or more.
  const length = random.oneIn(100) ? random.between(1_000, 140_000) : random.between(50, 300);
  const piece = random.oneIn(2) ? random.pick(FRAGMENTS) || 'x' : random.pick(WORDS);
  const text = piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
  return random.oneIn(3) ? `${text}${random.pick(FRAGMENTS)}` : text;
}
