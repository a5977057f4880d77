// Plans a document of our form: brings it into its canonical form, validates it, and plans each section
// as far as the schema accepts it. So one run reports every mistake of every section.

import { toCanonical } from '../config/canonical.ts';
import { pointerSteps } from '../config/source-map.ts';
import { createValidator, type Validator } from '../config/validate.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/event.ts';
import type { Finding } from '../core/problem.ts';
import { type CompiledChain, compileChain } from '../filters/compile.ts';
import { chainOf } from '../filters/narrowing.ts';
import { DEFAULT_QUIET_MS, type RuleSection } from '../filters/rule.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { assemblePlan } from './assemble-plan.ts';
import type { Configuration } from './configuration.generated.ts';
import type { Plan, PlanContext } from './plan.ts';
import { DEFAULT_SOURCES, planSources } from './plan-sources.ts';
import { checkStore } from './plan-store.ts';
import { planTriggers, unusedTriggers } from './plan-triggers.ts';
import { configurationSchema, sharedTriggerProperties } from './schema.ts';
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
interface PlannedForm {
  readonly plan: Plan | null;
  readonly findings: readonly Finding[];
}

/** Plans a document of our form. */
export function planOurs(written: JsonObject, context: PlanContext): PlannedForm {
  const canonical = toCanonical(written, configurationSchema());
  const document = isJsonObject(canonical.value) ? canonical.value : written;
  const { plan, findings } = planCanonical(document, canonical.findings, context);
  const atWritten = findings.map((finding) => ({
    ...finding,
    path: canonical.toWritten(finding.path),
  }));
  return { plan, findings: [...canonical.findings, ...atWritten] };
}

/** Plans a document in its canonical form; `misspelled` are findings about the written one. */
function planCanonical(
  document: JsonObject,
  misspelled: readonly Finding[],
  context: PlanContext,
): PlannedForm {
  const validate = ourValidator();
  const refused = validate(document);
  const sections = soundSections(document, validate);

  const base = defaultDelivery();
  const delivery = planDelivery(sections.delivery ?? {}, base);
  const triggers = planTriggers(Object.entries(sections.triggers ?? {}), delivery, context);
  const sources = planSources(
    sections.sources === undefined ? DEFAULT_SOURCES : Object.entries(sections.sources),
    context,
  );
  const { chain, findings: ruleFindings } = compileRules(document, refused);
  const rules = withoutEchoes(ruleFindings, refused);
  const isRulesSound = ![...misspelled, ...refused, ...rules].some((finding) =>
    speaksOf(finding, 'filters'),
  );
  const guard = planGuard(sections.guard, triggers.triggers);
  const http = planHttp(sections.http, context);
  const findings = [
    ...refused,
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

// The schema is the same for every document, and compiling it takes longer than everything else.
let compiledSchema: Validator | undefined;

function ourValidator(): Validator {
  compiledSchema ??= createValidator(configurationSchema());
  return compiledSchema;
}

// Each round removes what the schema refuses; the rest may then lack a required key.
const PRUNING_ROUNDS = 4;
// In a file with more mistakes, the findings of the schema are enough.
const WORTH_PRUNING = 100;

/** Removes from a document what the schema refuses, so that the rest can be planned. */
function soundSections(document: JsonObject, validate: Validator): Configuration {
  const isConfiguration = (value: JsonObject): value is JsonObject & Configuration =>
    validate(value).length === 0;
  let sound = document;
  for (let round = 0; round < PRUNING_ROUNDS; round += 1) {
    if (isConfiguration(sound)) return sound;
    const refused = validate(sound);
    if (refused.length > WORTH_PRUNING) return {};
    for (const { path } of refused) sound = without(sound, pruneAt(pointerSteps(path)));
  }
  return isConfiguration(sound) ? sound : {};
}

/** The smallest part to remove: a key, or the whole entry if its kind's section is wrong. */
function pruneAt(path: readonly string[]): readonly string[] {
  const [section = '', , key] = path;
  if (section === 'sources') return path.slice(0, 2);
  if (section === 'triggers') {
    const isShared = key !== undefined && Object.hasOwn(sharedTriggerProperties(), key);
    return path.slice(0, isShared ? 3 : 2);
  }
  return section === 'filters' ? ['filters'] : path;
}

function without(value: JsonObject, path: readonly string[]): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return {};
  const below = value[key];
  const kept = Object.entries(value).filter(([name]) => name !== key);
  const shrunk = rest.length > 0 && isJsonObject(below) ? without(below, rest) : {};
  const isKept = rest.length > 0 && Object.keys(shrunk).length > 0;
  return Object.fromEntries(isKept ? [...kept, [key, shrunk]] : kept);
}

function compileRules(document: JsonObject, refused: readonly Finding[]): CompiledChain {
  const written = document['filters'] ?? [];
  if (!isRuleList(written)) return { chain: chainOf([]), findings: [] };
  const triggers = namesUnder(document, 'triggers');
  const compiled = compileChain(written, {
    triggers: triggers ?? [],
    sources: namesUnder(document, 'sources') ?? DEFAULT_SOURCES.map(([name]) => name),
    defaultQuietMs: DEFAULT_QUIET_MS,
  });
  // If `triggers:` as a whole is unreadable, every rule would lack its own.
  const isLost = triggers === undefined && refused.some((finding) => speaksOf(finding, 'triggers'));
  if (!isLost) return compiled;
  const findings = compiled.findings.filter(
    ({ code }) => code !== 'unknown-trigger' && code !== 'triggers-missing',
  );
  return { ...compiled, findings };
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

/** Leaves out findings of the compiler that the schema reported too. */
function withoutEchoes(
  findings: readonly Finding[],
  refused: readonly Finding[],
): readonly Finding[] {
  return findings.filter(
    ({ path, code }) =>
      !refused.some(
        (known) => known.path === path && (known.code === code || code === 'wrong-type'),
      ),
  );
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
