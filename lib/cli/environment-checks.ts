// Checks the environment of a configuration: proxy variables, the files and variables of secrets and
// certificates, and on request the cluster. `run` does not start if a needed one is unusable. `check` only
// warns, because the gateway may run on another machine.

import { NO_PLACE } from '../config/source-map.ts';
import type { DryRunFault } from '../core/ports/trigger.ts';
import type { FindingWords, Problem } from '../core/problem.ts';
import {
  type ClusterReport,
  checkCluster,
  checkTypes,
  type TypeReport,
  toNeeded,
} from '../gateway/cluster-check.ts';
import { toPointer } from '../kit/data/json-pointer.ts';
import { readNeeded } from '../kit/secret.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import { targetOf } from '../net/address.ts';
import { environmentProxies, type VariableFault } from '../net/proxies.ts';
import type { Plan } from '../plan/plan.ts';
import { accessText } from '../telemetry/log-value.ts';
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
      ...{ ...UNUSABLE, severity, path: toPointer(['triggers', name, kind]) },
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

/** Asks the cluster for missing permissions, and for manifests that it refuses. */
export async function clusterProblems(
  { plan, folder }: Pick<FoundConfiguration, 'plan' | 'folder'>,
  api: ApiClient,
  { clock, stop }: Pick<ProcessContext, 'clock' | 'stop'>,
): Promise<readonly Problem[]> {
  if (plan === null) return [];
  const [report, types] = await Promise.all([
    checkCluster({ plan, api, clock, folder }, stop),
    checkTypes({ plan, api, clock }, stop),
  ]);
  const { access, dryRuns } = report;
  const missing = access.flatMap((one): readonly Problem[] => {
    if (one.answer !== 'denied') return [];
    const detail = one.why === '' ? '' : `: ${one.why}`;
    const needed = toNeeded(one);
    const message = `this account may not ${accessText(needed)}${detail} (${needed.why})`;
    const hint = 'grant it: sluice rbac prints the Roles';
    return [{ ...REFUSED, code: 'permission-missing', path: '', message, hint }];
  });
  const mistyped = types.ok ? types.findings : [];
  const refused = dryRuns.flatMap(({ trigger, result }): readonly Problem[] => {
    if (result.ok) return [];
    // Discovery says more about the same mistake.
    const isKnown = mistyped.some((one) => one.trigger === trigger);
    if (isKnown && result.fault === 'no-such-kind') return [];
    const message = `the API server refuses what trigger ${trigger} creates, ${result.fault}: ${result.detail}`;
    return [manifestRefused(plan, trigger, { message, hint: FAULT_HINTS[result.fault] })];
  });
  return [
    ...missing,
    ...refused,
    ...mistyped.map(({ trigger, message, hint }) => {
      const refusal = `the API server refuses what trigger ${trigger} creates: ${message}`;
      return manifestRefused(plan, trigger, { message: refusal, hint });
    }),
    ...unchecked(report, types),
  ];
}

/** The answers that the cluster did not give; one that gave none at all is named once. */
function unchecked({ access }: ClusterReport, types: TypeReport): readonly Problem[] {
  const unknown = access.find((one) => one.answer === 'unknown');
  if (unknown !== undefined) {
    const message = `the permissions of this account could not be reviewed: ${unknown.why}`;
    const hint = 'check the connection, or ask for each with kubectl auth can-i';
    return [{ ...REFUSED, code: 'cluster-unchecked', path: '', message, hint }];
  }
  if (types.ok) return [];
  const message = `the types of the cluster could not be read: ${types.why}`;
  const hint =
    'check the connection; every account may read them unless system:discovery was changed';
  return [{ ...REFUSED, code: 'cluster-unchecked', path: '', message, hint }];
}

function manifestRefused({ triggers }: Plan, trigger: string, words: FindingWords): Problem {
  const kind = triggers.find(({ name }) => name === trigger)?.kind ?? '';
  const path = toPointer(['triggers', trigger, kind]);
  return { ...REFUSED, code: 'manifest-refused', path, ...words };
}

const REFUSED = { severity: 'warning', ...NO_PLACE } as const;

const FAULT_HINTS = {
  'unknown-field': 'correct the name of the field; kubectl explain lists those of each kind',
  invalid: 'correct the named fields; kubectl explain describes them',
  'no-such-kind': 'install its CRD, correct apiVersion or kind, or write its plural under resource',
  'no-such-namespace': 'create the namespace, or name another one',
} as const satisfies Record<DryRunFault, string>;
