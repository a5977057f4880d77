// Plans a document of our form: brings it into its canonical form, validates each section once, and plans
// everything that the schema accepts. So one run reports every mistake of every section. The sections
// themselves check what accepted values mean.

import { toCanonical } from '../config/canonical.ts';
import { createValidator, type Validator } from '../config/validate.ts';
import { isJsonList, isJsonObject, type Json, type JsonObject } from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import { type Finding, warningAt } from '../core/problem.ts';
import { type CompiledChain, compileChain } from '../filters/compile.ts';
import { chainOf } from '../filters/narrowing.ts';
import { DEFAULT_QUIET_MS, type RuleSection } from '../filters/rule.ts';
import { withFieldHint } from '../filters/rule-findings.ts';
import { pointerSteps, toPointer } from '../kit/data/json-pointer.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { sourceKinds } from '../sources/registry.ts';
import { assemblePlan } from './assemble-plan.ts';
import type { Configuration } from './configuration.generated.ts';
import type { Plan, PlanContext } from './plan.ts';
import { checkPruned, checkSelections, DEFAULT_SOURCES, planSources } from './plan-sources.ts';
import { checkStore } from './plan-store.ts';
import { planTriggers } from './plan-triggers.ts';
import { configurationSchema, SECTION_SCHEMAS, sharedTriggerProperties } from './schema.ts';
import {
  checkDelivery,
  checkLimits,
  checkLogging,
  defaultDelivery,
  planDelivery,
  planGuard,
  planHttp,
  planLimits,
  planLogging,
} from './settings.ts';

/** A plan that is usable only if no finding is an error. */
export interface PlannedDocument {
  /** Null if the document is no configuration; one of our form always has a plan. */
  readonly plan: Plan | null;
  readonly findings: readonly Finding[];
  /** The findings of the schema; in the other forms only those about `store:`. */
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
  const { missingFields } = sourceKinds.events;
  const withHint = (finding: Finding): Finding => withFieldHint(finding, missingFields);
  const bySchema = [...canonical.findings, ...refused.map(toWritten).map(withHint)];
  return { plan, findings: [...bySchema, ...findings.map(toWritten)], refused: bySchema };
}

interface CheckedDocument {
  readonly document: JsonObject;
  /** Findings about misspelled keys of the written document. */
  readonly misspelled: readonly Finding[];
  readonly refused: readonly Finding[];
}

function planCanonical(
  { document, misspelled, refused }: CheckedDocument,
  context: PlanContext,
): Pick<PlannedDocument, 'plan' | 'findings'> {
  const sections = soundSections(document, refused);
  const delivery = planDelivery(sections.delivery ?? {}, defaultDelivery());
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
  const logging = planLogging(sections.logging);
  const findings = [
    ...checkDelivery('/delivery', sections.delivery ?? {}, delivery),
    ...checkLimits(sections.limits),
    ...sources.findings,
    ...triggers.findings,
    ...rules,
    ...checkPruned({ document, sources: sources.sources, templatesAt: triggers.templatesAt }),
    ...(isRulesSound ? unusedFindings(document) : []),
    ...(isRulesSound ? checkSelections(sources.sources, { chain, logging }) : []),
    ...guard.findings,
    ...http.findings,
    ...checkLogging(sections.logging),
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
      logging,
      store: sections.store ?? {},
      originalProject: null,
    },
    context,
  );
  return { plan, findings };
}

function compileRules(document: JsonObject, refused: readonly Finding[]): CompiledChain {
  const written = document['filters'] ?? [];
  const { vocabulary } = sourceKinds.events;
  if (!isRuleList(written)) return { chain: chainOf([], vocabulary), findings: [] };
  const triggers = namesUnder(document, 'triggers');
  // If `triggers:` as a whole is unreadable, every rule would lack its own.
  const isLost = triggers === undefined && refused.some((finding) => speaksOf(finding, 'triggers'));
  return compileChain(written, {
    vocabulary,
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
  const used = new Set<Json>(
    rules.flatMap(({ triggers, action }) => {
      if (isJsonList(triggers)) return triggers;
      return action === 'accept' && configured.length === 1 ? configured : [];
    }),
  );
  return configured
    .filter((name) => !used.has(name))
    .map((name) =>
      warningAt('unused-trigger', toPointer(['triggers', name]), {
        message: `no rule starts the trigger ${name}`,
        hint: 'name it under triggers: of an accept rule, or remove it',
      }),
    );
}

/** The schemas of a configuration, compiled. Pointers of findings begin at the document. */
export interface SectionValidators {
  /** Reports the mistakes of a whole document, in the order of the schema. */
  document(document: JsonObject): readonly Finding[];
  /** Reports the mistakes of the value of one top-level key. */
  section(name: string, value: Json): readonly Finding[];
}

/**
 * Creates the validators of all sections. Each is compiled when a document first has the section, because
 * that takes longer than everything else in a load.
 */
export function createSectionValidators(
  compile: (schema: JsonSchema) => Validator = createValidator,
): SectionValidators {
  const compiled = new Map<string, Validator>();
  const compiledOnce = (name: string, schemaOf: () => JsonSchema): Validator => {
    const validate = compiled.get(name) ?? compile(schemaOf());
    compiled.set(name, validate);
    return validate;
  };
  const section = (name: string, value: Json): readonly Finding[] => {
    const { [name]: schema = {} } = SECTION_SCHEMAS;
    return compiledOnce(name, () => ({ properties: { [name]: schema } }))({ [name]: value });
  };
  return {
    section,
    document: (document) => [
      ...compiledOnce('', rootSchema)(document),
      ...Object.keys(SECTION_SCHEMAS).flatMap((name) => {
        const value = document[name];
        return value === undefined ? [] : section(name, value);
      }),
    ],
  };
}

/** The schema of the top-level keys without their sections. */
function rootSchema(): JsonSchema {
  const keys = Object.keys(SECTION_SCHEMAS).map((name): [string, JsonSchema] => [name, {}]);
  return { ...configurationSchema(), properties: Object.fromEntries(keys) };
}

// In a file with more mistakes, the findings of the schema are enough.
const WORTH_PLANNING = 100;

/**
 * Removes from a document all values that the schema refused, so that the rest can be planned.
 *
 * Nothing else becomes invalid by that: entries of sources and triggers and the list of filters, which
 * have required keys, are removed whole. The other one is `path` of `logging.file`, which no check reads.
 */
function soundSections(document: JsonObject, refused: readonly Finding[]): Configuration {
  if (refused.length > WORTH_PLANNING) return {};
  const paths = refused.map(({ path }) => pruneAt(pointerSteps(path)));
  const isSound = (value: JsonObject): value is JsonObject & Configuration =>
    paths.every((path) => !isAt(value, path));
  const sound = paths.reduce(without, document);
  return isSound(sound) ? sound : {};
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

function isAt(value: Json | undefined, [key, ...rest]: readonly string[]): boolean {
  if (!isJsonObject(value)) return false;
  if (key === undefined) return true;
  return Object.hasOwn(value, key) && (rest.length === 0 || isAt(value[key], rest));
}
