// The target `events`: any JSON as an Event through everything that looks at one, from the first
// reading to the object that is sent.

import { DISPOSITIONS, type TriggerDisposition } from '../../../lib/core/decision.ts';
import type { EventObject } from '../../../lib/core/occurrence.ts';
import type { RuleSection } from '../../../lib/filters/rule.ts';
import type { NaiveFilter } from '../../filters/naive-original.ts';
import type { FuzzTarget } from '../target.ts';
import { anyText } from '../texts.ts';
import { anyEvent } from './any-event.ts';
import { anyFilters, anyRules } from './any-rules.ts';
import { checkedCandidate, checkedDelivery, mustStart, STARTS } from './delivering.ts';
import { judge, judgedOccurrence, judgeOriginal, mustFailAlone, mustTrace } from './judging.ts';
import { type More, mustShow, mustTell, mustTellBuild } from './telling.ts';

/** An Event, and what it meets. */
export interface EventInput {
  readonly event: EventObject;
  readonly rules: readonly RuleSection[];
  readonly filters: readonly NaiveFilter[];
  readonly start: (typeof STARTS)[number];
  readonly disposition: (typeof DISPOSITIONS)[number];
  readonly more: More;
  readonly text: string;
  readonly max: number;
}

/** Any JSON as an Event. */
export const events: FuzzTarget<EventInput> = {
  name: 'events',
  feeds:
    'mutated Events and any JSON to occurrence, chain, ids, stages, log, document and triggers',
  make: (random) => {
    const event = anyEvent(random);
    return {
      event,
      rules: anyRules(random, event),
      filters: anyFilters(random, event),
      start: random.pick(STARTS),
      disposition: random.pick(DISPOSITIONS),
      more: random.pick(['full', 'original', 'nothing', 'nothing']),
      text: anyText(random),
      max: random.between(0, 260),
    };
  },
  check: async ({ event, rules, filters, start, disposition, more, text, max }) => {
    const occurrence = judgedOccurrence(event);
    const { chain, decision } = judge(rules, occurrence);
    mustFailAlone(chain, occurrence);
    judgeOriginal(filters, occurrence);
    mustTrace(chain, occurrence);
    const candidate = checkedCandidate(occurrence, decision);
    const delivery = checkedDelivery(candidate);
    const disposed: TriggerDisposition = {
      trigger: 'build',
      disposition,
      id: candidate.id,
      why: text,
    };
    mustTell({ occurrence, chain, decision, disposed: [disposed] }, more);
    if (more === 'original') mustTellBuild(delivery);
    mustShow(text, max);
    await mustStart(start, delivery);
  },
};
