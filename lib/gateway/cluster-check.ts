// Compares a plan with the cluster before the first Event: the permissions of the account by access
// reviews, the manifests of triggers by dry runs, and their types by discovery. A finding is
// confirmed by a second look, because an API server that has just started knows neither its roles nor
// its custom kinds. It never delays a start: reading begins meanwhile.

import type { Clock } from '../core/clock.ts';
import { SluiceError } from '../core/errors.ts';
import type { NeededAccess, Observe } from '../core/observation.ts';
import type { Permission } from '../core/ports/kind.ts';
import type { DryRun } from '../core/ports/trigger.ts';
import type { FindingWords } from '../core/problem.ts';
import { openDeadline } from '../kit/async/abort.ts';
import { mapSomeAtOnce } from '../kit/async/some-at-once.ts';
import {
  type AccessQuestion,
  questionsOf,
  type ReviewedAccess,
  reviewAccess,
} from '../kubernetes/access/access-review.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import { discover } from '../kubernetes/discovery/discovery.ts';
import { judgeManifestType } from '../kubernetes/discovery/manifest-types.ts';
import { sampleDelivery } from '../plan/explain-event.ts';
import type { Plan, PlannedTrigger } from '../plan/plan.ts';

/** Dependencies of the check. */
interface ClusterCheckParts {
  readonly plan: Plan;
  readonly api: ApiClient;
  readonly clock: Clock;
  /** Folder to which relative paths of the configuration refer. */
  readonly folder: string;
}

/** The answers of the cluster about a plan. */
export interface ClusterReport {
  readonly access: readonly ReviewedAccess[];
  /** The result of each trigger that has a dry run. */
  readonly dryRuns: readonly { readonly trigger: string; readonly result: DryRun }[];
}

type DeniedAccess = Extract<ReviewedAccess, { readonly answer: 'denied' }>;

/** A server that has just started denies everything until it has read its roles (about 1 s). */
const CONFIRM_MS = 3_000;
/** For all dry runs together; admission takes milliseconds, and a webhook at most 30 s. */
const DRY_RUNS_MS = 15_000;
const DRY_RUNS_AT_ONCE = 4;
/** Soon enough to end a note after the permission was granted; cheap, because it asks little. */
const REPEAT_MS = 30_000;
/** A server that was away at the start should be asked soon after it is back. */
const UNANSWERED_MS = 5_000;

/** Asks the cluster about everything that a plan needs. */
export function checkCluster(
  parts: ClusterCheckParts,
  signal: AbortSignal,
): Promise<ClusterReport> {
  const { permissions, triggers } = parts.plan;
  const names = triggers.map(({ name }) => name);
  return askTwice(parts, { questions: questionsOf(permissions), names }, signal);
}

/** Asks once, and a second time about everything that is wrong. */
async function askTwice(
  parts: ClusterCheckParts,
  asked: Asked,
  signal: AbortSignal,
): Promise<ClusterReport> {
  const first = await ask(parts, asked, signal);
  const doubted = doubtsOf(first);
  if (doubted.questions.length + doubted.names.length === 0) return first;
  await parts.clock.sleep(CONFIRM_MS, signal);
  return merged(first, await ask(parts, doubted, signal));
}

/** The types of manifests that the cluster does not serve as the plan expects. */
export type TypeReport =
  | {
      readonly ok: true;
      readonly findings: readonly (FindingWords & { readonly trigger: string })[];
    }
  | { readonly ok: false; readonly why: string };

/** Compares the types of all manifests with those that the cluster serves. */
export async function checkTypes(
  parts: Pick<ClusterCheckParts, 'plan' | 'api' | 'clock'>,
  signal: AbortSignal,
): Promise<TypeReport> {
  const first = await judgeTypes(parts, signal);
  if (first.ok && first.findings.length === 0) return first;
  await parts.clock.sleep(CONFIRM_MS, signal);
  return judgeTypes(parts, signal);
}

async function judgeTypes(
  { plan, api, clock }: Pick<ClusterCheckParts, 'plan' | 'api' | 'clock'>,
  signal: AbortSignal,
): Promise<TypeReport> {
  const wanted = plan.triggers.flatMap(({ name: trigger, manifestTypes }) =>
    manifestTypes.map((type) => ({ trigger, type })),
  );
  if (wanted.length === 0) return { ok: true, findings: [] };
  const discovery = await discover(api, { clock, signal });
  // After an abort the answers say nothing.
  signal.throwIfAborted();
  if (!discovery.ok) return discovery;
  const findings = wanted.flatMap(({ trigger, type }) => {
    const words = judgeManifestType(type, discovery);
    return words === null ? [] : [{ trigger, ...words }];
  });
  return { ok: true, findings };
}

/**
 * Observes what the cluster denies, and asks about that again until nothing is left.
 *
 * **Errors**: `cluster-refused` if the account may read no source, judged by the first answers. A
 * denial that an error of an authorizer may explain does not count.
 */
export async function followAccess(
  parts: ClusterCheckParts & { readonly observe: Observe },
  signal: AbortSignal,
): Promise<void> {
  const { plan, clock, observe } = parts;
  let report = await checkCluster(parts, signal);
  let isFirst = true;
  for (;;) {
    observeReport(report, observe);
    const denied = report.access.filter(isDenied);
    const unknown = report.access.filter((one) => one.answer === 'unknown');
    const certain = denied.filter(({ isCertain }) => isCertain);
    if (isFirst && deniesEverySource(plan, certain)) throw refused(plan, certain);
    isFirst &&= unknown.length > 0;
    const unanswered = unknown.filter(isUnanswered);
    const questions = [...denied, ...unanswered];
    const names = [...doubtsOf(report).names, ...untried(plan, questions)];
    if (questions.length + names.length === 0) return;
    await clock.sleep(unanswered.length > 0 ? UNANSWERED_MS : REPEAT_MS, signal);
    report = merged(report, await askTwice(parts, { questions, names }, signal));
  }
}

/** The triggers whose dry run found nothing because it could not be made. */
function untried({ triggers }: Plan, lacking: readonly AccessQuestion[]): readonly string[] {
  const namespaces = lacking
    .filter(({ verb }) => verb === 'create')
    .map(({ permission }) => permission.namespace);
  return triggers
    .filter(({ buildNamespaces }) => buildNamespaces.some((one) => namespaces.includes(one)))
    .map(({ name }) => name);
}

interface Asked {
  readonly questions: readonly AccessQuestion[];
  /** Of triggers. */
  readonly names: readonly string[];
}

async function ask(
  parts: ClusterCheckParts,
  { questions, names }: Asked,
  signal: AbortSignal,
): Promise<ClusterReport> {
  const { api, clock } = parts;
  const access = await reviewAccess(api, questions, { clock, signal });
  // A server that answers no review answers no dry run either; the next round makes both.
  const isAway = access.length > 0 && access.every(isUnanswered);
  const dryRuns = isAway ? [] : await makeDryRuns(parts, names, signal);
  // After an abort the answers say nothing.
  signal.throwIfAborted();
  return { access, dryRuns };
}

/** Makes the dry runs, some at once; those that do not end in time find nothing. */
async function makeDryRuns(
  { plan, api, clock, folder }: ClusterCheckParts,
  names: readonly string[],
  signal: AbortSignal,
): Promise<ClusterReport['dryRuns']> {
  using deadline = openDeadline(clock, DRY_RUNS_MS, signal);
  const make = async (trigger: PlannedTrigger): Promise<ClusterReport['dryRuns']> => {
    if (trigger.dryRun === null) return [];
    const delivery = sampleDelivery(plan, trigger, clock.now());
    if (delivery === null) return [];
    const parts = { api, clock, folder, delivery };
    return [{ trigger: trigger.name, result: await trigger.dryRun(parts, deadline.signal) }];
  };
  const asked = plan.triggers.filter(({ name }) => names.includes(name));
  return (await mapSomeAtOnce(asked, DRY_RUNS_AT_ONCE, make)).flat();
}

/** Everything that a second look may find right. */
function doubtsOf({ access, dryRuns }: ClusterReport): Asked {
  return {
    questions: access.filter(isDenied),
    names: dryRuns.filter(({ result }) => !result.ok).map(({ trigger }) => trigger),
  };
}

/** The report with newer answers. */
function merged(before: ClusterReport, after: ClusterReport): ClusterReport {
  const keyOf = ({ permission, verb, name }: AccessQuestion): string =>
    JSON.stringify([permission, verb, name]);
  const access = new Map(after.access.map((one) => [keyOf(one), one]));
  const dryRuns = new Map([...before.dryRuns, ...after.dryRuns].map((one) => [one.trigger, one]));
  return {
    access: before.access.map((one) => access.get(keyOf(one)) ?? one),
    dryRuns: [...dryRuns.values()],
  };
}

function isDenied(one: ReviewedAccess): one is DeniedAccess {
  return one.answer === 'denied';
}

/** A server without access reviews has answered: it does not get them while it runs. */
function isUnanswered(one: ReviewedAccess): boolean {
  return one.answer === 'unknown' && !one.isFinal;
}

function observeReport({ access, dryRuns }: ClusterReport, observe: Observe): void {
  const unknown = access.find((one) => one.answer === 'unknown');
  const state = unknown === undefined ? 'answered' : 'failed';
  observe({ kind: 'access-review', state, why: unknown?.why ?? '' });
  for (const one of access) {
    if (one.answer === 'unknown') continue;
    const state = one.answer === 'denied' ? 'missing' : 'granted';
    const detail = one.answer === 'denied' ? one.why : '';
    observe({ kind: 'permission', state, needed: toNeeded(one), detail });
  }
  for (const { trigger, result } of dryRuns) {
    const { fault, detail } = result.ok ? { fault: null, detail: '' } : result;
    observe({ kind: 'dry-run', trigger, state: result.ok ? 'accepted' : 'refused', fault, detail });
  }
}

/** The permission that a question is about. */
export function toNeeded({ permission, verb, name }: AccessQuestion): NeededAccess {
  const { namespace, group, resource } = permission;
  const why = permission.whyOf?.[verb] ?? permission.why;
  return { namespace, group, resource, why, verb, name };
}

/** Whether no watch path of any source may be listed and watched. */
function deniesEverySource({ sources }: Plan, denied: readonly DeniedAccess[]): boolean {
  const keyOf = ({ namespace, group, resource }: Permission, verb: string): string =>
    JSON.stringify([namespace, group, resource, verb]);
  const lacking = new Set(denied.map(({ permission, verb }) => keyOf(permission, verb)));
  const isLacking = (one: Permission): boolean =>
    one.verbs.some((verb) => lacking.has(keyOf(one, verb)));
  return sources.every(({ permissions: all }) => all.length > 0 && all.every(isLacking));
}

function refused({ sources }: Plan, denied: readonly DeniedAccess[]): SluiceError {
  const paths = sources.flatMap(({ permissions }) => permissions);
  const where = [...new Set(paths.map(({ namespace }) => namespace ?? 'all namespaces'))];
  const [first] = denied.filter(({ permission }) => permission.resource === paths[0]?.resource);
  const detail = first === undefined || first.why === '' ? '' : `: ${first.why}`;
  const message = `read Events in ${where.join(', ')}: forbidden${detail} (needs list and watch on events); sluice rbac prints the Roles`;
  return new SluiceError('cluster-refused', message);
}
