// Checks the environment of a configuration: proxy variables, and the files and variables of secrets
// and certificates. `run` does not start if a needed one is unusable. `check` only warns, because the
// gateway may run on another machine.

import { NO_PLACE } from '../config/source-map.ts';
import type { Problem } from '../core/problem.ts';
import { readNeeded } from '../kit/secret.ts';
import { targetOf } from '../net/address.ts';
import { environmentProxies, type VariableFault } from '../net/proxies.ts';
import { type Plan, pointerOf } from '../plan/plan.ts';
import type { ProcessContext } from './command.ts';
import type { FoundConfiguration } from './configuration.ts';

/** Finds each trigger that needs an unusable proxy variable, and warns about other invalid ones. */
export function proxyProblems(
  plan: Plan | null,
  { environment }: Pick<ProcessContext, 'environment'>,
  severity: 'error' | 'warning',
): readonly Problem[] {
  const { routeTo, faults } = environmentProxies(environment);
  const routes = (plan?.triggers ?? []).flatMap((trigger) =>
    trigger.receiver === null ? [] : [{ trigger, route: routeTo(targetOf(trigger.receiver)) }],
  );
  const needed = routes.flatMap(({ trigger: { name, kind }, route }) => {
    if (route.kind !== 'unusable') return [];
    const { variable, fault } = route;
    const problem: Problem = {
      ...{ ...UNUSABLE, severity, path: pointerOf('triggers', name, kind) },
      message: `trigger ${name} needs the variable ${variable}: ${fault}`,
      hint: `correct or unset ${variable}, or write proxy: under the trigger`,
    };
    return [{ variable, problem }];
  });
  const isNeeded = (fault: VariableFault): boolean =>
    needed.some(({ variable }) => variable === fault.variable);
  const others = faults.filter((fault) => !isNeeded(fault));
  return [
    ...needed.map(({ problem }) => problem),
    ...others.map(({ variable, fault }) => ({
      ...UNUSABLE,
      message: `variable ${variable}: ${fault}`,
      hint: `correct or unset ${variable}`,
    })),
  ];
}

const UNUSABLE = { severity: 'warning', code: 'proxy-unusable', path: '', ...NO_PLACE } as const;

const HINTS = {
  error: 'write the secret there, or name another file or variable',
  warning: 'run does not start without it: on its machine, write the secret there or name another',
} as const;

/** Finds each secret that is unreadable or invalid. */
export async function secretProblems(
  { secrets, folder }: Pick<FoundConfiguration, 'secrets' | 'folder'>,
  { environment }: ProcessContext,
  severity: 'error' | 'warning',
): Promise<readonly Problem[]> {
  const places = { folder, environment };
  const problems = secrets.map(async (needed): Promise<readonly Problem[]> => {
    const read = await readNeeded(needed, places);
    if (read.ok) return [];
    const { path, line, column } = needed;
    return [
      {
        ...{ severity, code: 'secret-unreadable', path, line, column },
        message: `found ${read.why} (expected a readable secret)`,
        hint: HINTS[severity],
      },
    ];
  });
  return (await Promise.all(problems)).flat();
}
