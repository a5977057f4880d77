// Rules by chance that have a chance to match: made of what stands in an Event. Only such patterns as
// mean the same to the naive evaluator: expressions of plain letters, globs that are well formed.

import { type EventObject, toOccurrence } from '../../../lib/core/occurrence.ts';
import type { BlockSection, RuleSection } from '../../../lib/filters/rule.ts';
import type { NaiveFilter } from '../../filters/naive-original.ts';
import type { FuzzRandom } from '../random.ts';
import { WORDS } from '../texts.ts';

const COUNTS = [0, 1, 2, 3, '1', '>= 2', '< 3', '<=2', '> 0', '= 3', '==1'] as const;

/** Rules for an Event, some of which match it. */
export function anyRules(random: FuzzRandom, event: EventObject): readonly RuleSection[] {
  const values = valuesOf(event);
  return random.times(random.below(6), (index) => ({
    ...(random.oneIn(2) && { name: `rule-${index}` }),
    ...anyBlock(random, values, 'rule'),
    ...(random.oneIn(3) && { not: anyNot(random, values) }),
    action: random.oneIn(3) ? 'reject' : 'accept',
  }));
}

/** Filters of the original's form for an Event: plain words, compared letter by letter. */
export function anyFilters(random: FuzzRandom, event: EventObject): readonly NaiveFilter[] {
  const { namespace = '', kind = '', reasons = '' } = valuesOf(event);
  const word = (found: string): string => {
    // What the trace quotes must be a plain word: the naive trace knows no escapes.
    const plain = /^[\w./-]*$/.test(found) ? found : '*';
    return random.pick(['', plain, plain, '*', random.pick(WORDS)]);
  };
  return random.times(random.below(6), () => ({
    namespace: word(namespace),
    kind: word(kind),
    reasons: random.times(random.below(3), () => word(reasons)),
    action: random.pick(['accept', 'reject', 'Accept', '']),
  }));
}

type Values = Readonly<Record<string, string>>;

function valuesOf(event: EventObject): Values {
  const { fields } = toOccurrence(event, {
    source: 'shop',
    path: '/',
    from: 'watch',
    readAt: 0,
  });
  const { reason, ...others } = fields;
  return { source: 'shop', ...others, reasons: reason };
}

function anyNot(random: FuzzRandom, values: Values): BlockSection | readonly BlockSection[] {
  return random.oneIn(2)
    ? anyBlock(random, values, 'block')
    : random.times(random.below(3), () => anyBlock(random, values, 'block'));
}

/** A block must ask for something; a rule need not. */
function anyBlock(random: FuzzRandom, values: Values, of: 'rule' | 'block'): BlockSection {
  const fields = Object.keys(values);
  const count = of === 'block' ? random.between(1, 2) : random.below(3);
  const entries = random.times(count, () => {
    const field = random.pick(fields);
    const wanted =
      random.oneIn(3) && of === 'rule'
        ? random.times(random.below(4), () => anyPattern(random, values, field))
        : anyPattern(random, values, field) || '*';
    return [field, wanted] as const;
  });
  return {
    ...Object.fromEntries(entries),
    ...(random.oneIn(5) && { count: random.pick(COUNTS) }),
    ...(random.oneIn(5) && { [random.pick(MAPS)]: anyMap(random) }),
  };
}

const MAPS = ['eventLabels', 'eventAnnotations', 'related'] as const;

function anyMap(random: FuzzRandom): Readonly<Record<string, string>> {
  const key = random.pick(['kind', 'name', 'namespace', 'uid']);
  return { [key]: random.pick(['*', '?*', `${random.pick(WORDS)}*`]) };
}

// JavaScript's expressions, of which the naive evaluator is made, take for ever over many stars.
const MOST_STARS = 3;

function anyPattern(random: FuzzRandom, values: Values, field: string): string {
  const pattern = patternOf(random, values, field);
  return pattern.split('*').length - 1 > MOST_STARS ? '*' : pattern;
}

function patternOf(random: FuzzRandom, values: Values, field: string): string {
  const value = (values[field] ?? '').toWellFormed().slice(0, 100);
  const plain = value.replaceAll(/[^\w-]+/g, ' ').trim();
  const word = plain.split(' ')[0] || 'x';
  switch (random.below(9)) {
    case 0:
      return '*';
    case 1:
      return globOf(random, value);
    case 2:
      return `/${word}/`;
    case 3:
      return `/^${word.slice(0, 3)}/`;
    case 4:
      return `/${word.slice(-3)}$/`;
    case 5:
      return `/${word}|x+y/`;
    case 6:
      return random.oneIn(2) ? '' : '?*';
    default:
      return exactOf(random, field, value);
  }
}

function globOf(random: FuzzRandom, value: string): string {
  const characters = Array.from(value);
  const from = random.below(characters.length + 1);
  const to = random.between(from, characters.length);
  const [begin, middle, end] = [[0, from] as const, [from, to] as const, [to] as const].map(
    ([first, last]) => characters.slice(first, last).join(''),
  ) as [string, string, string];
  const glob = random.pick([
    `${begin}*`,
    `*${end}`,
    `*${middle}*`,
    `${begin}*${end}`,
    `*${middle.slice(0, 3)}*${end.slice(-3)}`,
    `${begin}?${characters.slice(from + 1).join('')}`,
  ]);
  return isExpression(glob) ? '*' : glob.toWellFormed();
}

function exactOf(random: FuzzRandom, field: string, value: string): string {
  const exact = random.oneIn(3) ? random.pick(WORDS) : value;
  // A plain word is an error for messages.
  return field === 'message' || isExpression(exact) ? `${exact.replaceAll('/', '')}*` : exact;
}

function isExpression(text: string): boolean {
  return text.startsWith('/');
}
