// The flags that say which deliveries, and what they ask for. What may stand in them is for whoever
// answers to check: a running gateway and an opened file say the same of a wrong one.

import { DELIVERY_STATES } from '../../core/delivery.ts';
import { OBJECT_FORM } from '../../http/object-text.ts';
import { MOMENT } from '../../http/time.ts';
import type { FlagTable, Given } from '../flags.ts';
import type { Filters } from './client.ts';
import { shellWord } from './words.ts';

/** The flags that say which deliveries. */
export const FILTER_FLAGS = {
  state: {
    type: 'list',
    takes: 'STATE',
    values: DELIVERY_STATES,
    help: `only those in one of these: ${DELIVERY_STATES.join(', ')}; may be repeated`,
  },
  trigger: { type: 'string', takes: 'NAME', help: 'only those of this trigger' },
  rule: {
    type: 'string',
    takes: 'NAME',
    help: 'only those of this rule; "": of one without a name',
  },
  object: { type: 'string', takes: 'OBJECT', help: `only those of this one: ${OBJECT_FORM}` },
  since: { type: 'string', takes: 'TIME', help: `only those made then or later: ${MOMENT}` },
  until: { type: 'string', takes: 'TIME', help: 'only those made before' },
} as const satisfies FlagTable;

const TEXTS = ['trigger', 'rule', 'object', 'since', 'until'] as const;

/** The filters that were given. */
export function filtersOf(given: Given): Filters {
  return [
    ...given.list('state').map((state) => ['state', state] as const),
    ...TEXTS.flatMap((name) => {
      const value = given.text(name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  ];
}

/** Filters as flags of a command line, each with a space before. */
export function filterWords(filters: Filters): string {
  return filters.map(([name, value]) => ` --${name} ${shellWord(value)}`).join('');
}
