// Plans a document of our form: brings it into its canonical form, validates it, and plans each section
// as far as the schema accepts it. So one run reports every mistake of every section.

import { toCanonical } from '../config/canonical.ts';
import { pointerSteps } from '../config/source-map.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/event.ts';
import type { Finding } from '../core/problem.ts';
import { type CompiledChain, compileChain } from '../filters/compile.ts';
import { chainOf } from '../filters/narrowing.ts';
import { DEFAULT_QUIET_MS, type RuleSection } from '../filters/rule.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { assemblePlan } from './assemble-plan.ts';
import type { Plan, PlanContext } from './plan.ts';
import { DEFAULT_SOURCES, planSources } from './plan-sources.ts';
import { checkStore } from './plan-store.ts';
import { planTriggers, unusedTriggers } from './plan-triggers.ts';
import { configurationSchema } from './schema.ts';
import { type SectionValidators, soundSections } from './sections.ts';
import {
  checkDelivery,
  checkLimits,
  defaultDelivery,
  planDelivery,
  planGuard,
  planHttp,
  planLimits,
  planLogging,
} from './settings.ts';

/** A plan that is usable only if no finding is an error. */
interface PlannedDocument {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  /** Those findings that are the schema's. */
  readonly refused: readonly Finding[];
}

/** Plans a document of our form. */
export function planOurs(
  written: JsonObject,
  context: PlanContext,
  validators: SectionValidators,
): PlannedDocument {
  const canonical = toCanonical(written, configurationSchema());
  const document = isJsonObject(canonical.value) ? canonical.value : written;
  const refused = validators.document(document);
  const { plan, findings } = planCanonical(
    { document, misspelled: canonical.findings, refused },
    context,
  );
  const toWritten = (finding: Finding): Finding => ({
    ...finding,
    path: canonical.toWritten(finding.path),
  });
  const bySchema = [...canonical.findings, ...refused.map(toWritten)];
  return { plan, findings: [...bySchema, ...findings.map(toWritten)], refused: bySchema };
}

/** A document in its canonical form. */
interface CheckedDocument {
  readonly document: JsonObject;
  /** Findings about misspelled keys of the written document. */
  readonly misspelled: readonly Finding[];
  /** Findings of the schema. */
  readonly refused: readonly Finding[];
}

function planCanonical(
  { document, misspelled, refused }: CheckedDocument,
  context: PlanContext,
): Pick<PlannedDocument, 'plan' | 'findings'> {
  const sections = soundSections(document, refused);
  const base = defaultDelivery();
  const delivery = planDelivery(sections.delivery ?? {}, base);
  const triggers = planTriggers(Object.entries(sections.triggers ?? {}), delivery, context);
  const sources = planSources(
    sections.sources === undefined ? DEFAULT_SOURCES : Object.entries(sections.sources),
    context,
  );
  const { chain, findings: rules } = compileRules(document, refused);
  const isRulesSound = ![...misspelled, ...refused, ...rules].some((finding) =>
    speaksOf(finding, 'filters'),
  );
  const guard = planGuard(sections.guard, triggers.triggers);
  const http = planHttp(sections.http, context);
  const findings = [
    ...checkDelivery('/delivery', sections.delivery ?? {}, delivery),
    ...checkLimits(sections.limits),
    ...sources.findings,
    ...triggers.findings,
    ...rules,
    ...(isRulesSound ? unusedFindings(document) : []),
    ...guard.findings,
    ...http.findings,
    ...checkStore(sections.store ?? {}, { keyless: triggers.keyless, context }),
  ];
  const plan = assemblePlan(
    {
      form: 'ours',
      clusterName: sections.cluster ?? null,
      sources,
      chain,
      triggers,
      delivery,
      limits: planLimits(sections.limits),
      guard: guard.guard,
      http: http.http,
      logging: planLogging(sections.logging),
      store: sections.store ?? {},
      originalProject: null,
    },
    context,
  );
  return { plan, findings };
}

function compileRules(document: JsonObject, refused: readonly Finding[]): CompiledChain {
  const written = document['filters'] ?? [];
  if (!isRuleList(written)) return { chain: chainOf([]), findings: [] };
  const triggers = namesUnder(document, 'triggers');
  // If `triggers:` as a whole is unreadable, every rule would lack its own.
  const isLost = triggers === undefined && refused.some((finding) => speaksOf(finding, 'triggers'));
  return compileChain(written, {
    ...(isLost ? {} : { triggers: triggers ?? [] }),
    sources: namesUnder(document, 'sources') ?? DEFAULT_SOURCES.map(([name]) => name),
    defaultQuietMs: DEFAULT_QUIET_MS,
  });
}

/** The compiler skips entries that are no rules, so a list is enough. */
function isRuleList(value: Json): value is Json & readonly RuleSection[] {
  return Array.isArray(value);
}

function namesUnder(document: JsonObject, key: string): readonly string[] | undefined {
  const section = document[key];
  return isJsonObject(section) ? Object.keys(section) : undefined;
}

/** Whether a finding is about this top-level key, or about a key that is probably this one misspelled. */
function speaksOf({ code, path, severity }: Finding, key: string): boolean {
  const [first = '', ...below] = pointerSteps(path);
  if (severity === 'error' && first === key) return true;
  return code === 'unknown-key' && below.length === 0 && nearestName(first, [key]) === key;
}

function unusedFindings(document: JsonObject): readonly Finding[] {
  const configured = namesUnder(document, 'triggers') ?? [];
  const filters = document['filters'];
  const rules = Array.isArray(filters) ? filters.filter(isJsonObject) : [];
  const used = rules.flatMap((rule): readonly string[] => {
    const { triggers } = rule;
    if (Array.isArray(triggers)) {
      return triggers.flatMap((name: unknown) => (typeof name === 'string' ? [name] : []));
    }
    return rule['action'] === 'accept' && configured.length === 1 ? configured : [];
  });
  return unusedTriggers(configured, new Set(used));
}
