// The number of rules: 1 to 1,000, where the last one rejects 99 %; at most 20 look at the message.

import { configurationOf, JOB, manyRules } from '../configuration.ts';
import type { Figure } from '../figure.ts';
import { measureGateway, type Run } from '../measure.ts';
import { interleave, type Part, type PartContext } from '../part.ts';
import { plainFigures, ratioFigure } from '../run-figures.ts';

const COUNTS = [1, 10, 100, 1000] as const;

/** What a longer list of rules costs. */
export const rulesPart: Part = {
  name: 'rules',
  summary: 'all Events but the last are rejected after 1, 10, 100, 1,000 rules were looked at',
  run: rules,
};

async function rules(context: PartContext): Promise<readonly Figure[]> {
  const { world, events: count } = context;
  await world.prepare({ count, acceptEvery: 0 });
  const runs = await interleave<Run>(
    context,
    Object.fromEntries(COUNTS.map((rule) => [nameOf(rule), () => gateway(context, rule)])),
  );
  const one = runs[nameOf(1)] ?? [];
  const more = COUNTS.filter((rule) => rule > 1).map(
    (rule) => [rule, runs[nameOf(rule)] ?? []] as const,
  );
  return [
    ...more.flatMap(([rule, some]) => [
      ratioFigure(`cpu ${rule} ÷ 1 rule`, [some, one], (run) => run.cpuMicrosPerEvent),
      ratioFigure(`rate ${rule} ÷ 1 rule`, [some, one], (run) => run.perSecond),
    ]),
    ...Object.entries(runs).flatMap(([name, some]) => plainFigures(name, some)),
  ];
}

function nameOf(rule: number): string {
  return rule === 1 ? '1 rule' : `${rule} rules`;
}

function gateway({ world, events }: PartContext, rule: number): Promise<Run> {
  const configuration = configurationOf({ filters: manyRules(rule), triggers: JOB });
  return measureGateway(world, { configuration, events, end: { seen: 'log' } });
}
