// The original's form: `{"project", "filters"}`, read as leniently as its own code did and deciding
// identically. A key that the original ignored is a warning; a value that made it fail is an error. A
// key of our form is an error too, because it shows that our form was meant.
// Source: brigadecore/brigade-k8s-gateway, cmd/k8s-gateway/main.go (Config); docs/configuration.md.

import { isJsonObject, type Json, type JsonObject } from '../core/json-object.ts';
import { errorAt, type Finding, warningAt } from '../core/problem.ts';
import { compileOriginal, originalKey } from '../filters/brigade-rules.ts';
import { chainOf } from '../filters/narrowing.ts';
import { toPointer } from '../kit/data/json-pointer.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { printable } from '../kit/text/printable.ts';
import { sourceKinds } from '../sources/registry.ts';
import { assemblePlan } from './assemble-plan.ts';
import { ORIGINAL_TRIGGER } from './defaults.ts';
import { ORIGINAL_KEYS, OUR_KEYS, OUR_TOP_KEYS } from './detect-form.ts';
import type { Plan, PlanContext } from './plan.ts';
import { DEFAULT_SOURCES, planSources } from './plan-sources.ts';
import { planTriggers } from './plan-triggers.ts';
import { defaultDelivery, planGuard, planHttp, planLimits, planLogging } from './settings.ts';

// The original read Events alone.
const { vocabulary } = sourceKinds.events;

/** Plans a document of the original's form; the plan is usable only if no finding is an error. */
export function planOriginal(
  document: JsonObject,
  context: PlanContext,
): { readonly plan: Plan; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const { project, filters } = readKeys(document, findings);
  const compiled = compileOriginal(filters.value, { vocabulary, trigger: ORIGINAL_TRIGGER });
  findings.push(...repointed(compiled.findings, filters.path));
  const accepts = compiled.chain.rules.some(({ decision }) => decision.action === 'accept');
  const isReported = findings.some(({ path }) => path === project.path && path !== '');
  if (accepts && project.value === '' && !isReported) findings.push(projectMissing(project.path));
  const { plan, findings: planned } = planBrigade(
    accepts && project.value !== '' ? project.value : null,
    compiled.chain,
    context,
  );
  const atProject = planned.map((finding) => ({ ...finding, path: project.path }));
  return { plan, findings: [...findings, ...atProject] };
}

/** Plans the absence of a configuration: every Event is logged and rejected. */
export function planNothing(context: PlanContext): Plan {
  return {
    ...planBrigade(null, chainOf([], vocabulary), context).plan,
    form: 'none',
    originalProject: null,
  };
}

interface ReadDocument<Value> {
  readonly value: Value;
  readonly path: string;
}

function readKeys(
  document: JsonObject,
  findings: Finding[],
): { project: ReadDocument<string>; filters: ReadDocument<Json> } {
  let project: ReadDocument<string> = { value: '', path: '' };
  let filters: ReadDocument<Json> = { value: null, path: '/filters' };
  for (const [written, value] of Object.entries(document)) {
    const path = toPointer([written]);
    const key = originalKey(written, ORIGINAL_KEYS);
    if (key === undefined) {
      findings.push(unknownKey(written, path));
      continue;
    }
    if (key !== written) findings.push(letterCase(written, key, path));
    if (key === 'filters') filters = { value, path };
    else project = { value: readProject(value, path, findings), path };
  }
  return { project, filters };
}

function readProject(value: Json, path: string, findings: Finding[]): string {
  // Go leaves a string unchanged if the document has null.
  if (value === null) return '';
  if (typeof value === 'string') return value;
  findings.push(
    errorAt('wrong-type', path, {
      message: `found ${isJsonObject(value) ? 'a block' : JSON.stringify(value)}, expected the id or the name of a project`,
      hint: 'write it as text, such as brigade-1234… or org/repo',
    }),
  );
  return '';
}

function projectMissing(path: string): Finding {
  return errorAt('missing-key', path, {
    message: 'no project is named, so no accepted Event can start a build',
    hint: 'add "project": the id (brigade-…) or the name (org/repo) of a Brigade project',
  });
}

function unknownKey(written: string, path: string): Finding {
  const shown = printable(written, 60);
  if (OUR_TOP_KEYS.includes(written) || written === 'tests') {
    return errorAt('wrong-form', path, {
      message: `found ${shown}, which the original's form does not have; the document is read in that form because it has none of ${OUR_KEYS.join(', ')}`,
      hint: 'add version: 1 to make it a configuration of Sluice; docs/configuration.md shows how to bring over what the original had',
    });
  }
  const meant = nearestName(written, [...OUR_TOP_KEYS, ...ORIGINAL_KEYS]);
  const form = OUR_KEYS.some((key) => key === meant)
    ? ', which would make this a configuration of Sluice'
    : '';
  return warningAt('ignored-key', path, {
    message: `found ${shown}, which the original ignored (expected ${ORIGINAL_KEYS.join(' and ')})`,
    hint: meant === undefined ? 'remove it' : `did you mean ${meant}${form}?`,
  });
}

function letterCase(written: string, key: string, path: string): Finding {
  return warningAt('letter-case', path, {
    message: `found ${printable(written, 60)}, read as ${key} as the original did; of several spellings the last counts`,
    hint: `write ${key}`,
  });
}

/** Moves findings below `/filters` to the spelling of that key in the document. */
function repointed(findings: readonly Finding[], path: string): readonly Finding[] {
  return findings.map((finding) =>
    finding.path.startsWith('/filters')
      ? { ...finding, path: `${path}${finding.path.slice('/filters'.length)}` }
      : finding,
  );
}

function planBrigade(
  project: string | null,
  chain: Plan['chain'],
  context: PlanContext,
): { readonly plan: Plan; readonly findings: readonly Finding[] } {
  const delivery = defaultDelivery();
  const entries = project === null ? [] : [[ORIGINAL_TRIGGER, { brigade: { project } }] as const];
  const triggers = planTriggers(entries, delivery, context);
  const sources = planSources(DEFAULT_SOURCES, context);
  // Usually this form watches the namespace that it builds in, so that guard would stop every Event.
  const { guard } = planGuard({ namespace: false }, triggers.triggers);
  const plan = assemblePlan(
    {
      form: 'original',
      clusterName: null,
      sources,
      chain,
      triggers,
      delivery,
      limits: planLimits(),
      guard,
      http: planHttp({}, context).http,
      logging: planLogging(),
      store: {},
      originalProject: project,
    },
    context,
  );
  return { plan, findings: [...triggers.findings, ...sources.findings] };
}
