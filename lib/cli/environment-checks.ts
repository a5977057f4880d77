// Whether the variables that name proxies can be used. `run` does not start if a trigger needs one
// that cannot; `check` only warns: the gateway may run with other variables.

import { NO_PLACE } from '../config/source-map.ts';
import type { Problem } from '../core/problem.ts';
import { readNeeded } from '../kit/secret.ts';
import { targetOf } from '../net/address.ts';
import { environmentProxies, type VariableFault } from '../net/proxies.ts';
import { type Plan, pointerOf } from '../plan/plan.ts';
import type { ProcessContext } from './command.ts';
import type { FoundConfiguration } from './configuration.ts';

/** A problem for each trigger that needs an unusable variable, and a warning for each other fault. */
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

// Whether what a configuration names can be read: files and variables with secrets and certificates.
// `run` does not start without them, `check` only warns: they may be on another machine.

const HINTS = {
  error: 'write the secret there, or name another file or variable',
  warning: 'run does not start without it where it runs: write the secret there, or name another',
} as const;

/** A problem for each secret that can not be read now, or that can not be one. */
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
