// Our form: validated against the whole schema, then each section that the schema accepted is
// planned, so that one run shows every mistake; a mistake in one trigger hides nothing of another.
import { createValidator } from '../config/validate.ts';
import { pointerSteps } from '../config/places.ts';
import type { Json, JsonObject } from '../core/event.ts';
import { isJsonObject } from '../core/event.ts';
import type { Finding } from '../core/problem.ts';
import { DEFAULT_QUIET_MS } from '../filters/again.ts';
import { compileChain } from '../filters/compile.ts';
import type { CompiledChain } from '../filters/compile.ts';
import type { RuleSection } from '../filters/rule.ts';
import { nearestName } from '../kit/nearest.ts';
import { assemblePlan } from './assemble.ts';
import type { Configuration } from './configuration.generated.ts';
import type { PlanContext } from './context.ts';
import { checkDelivery, defaultDelivery, planDelivery } from './delivery.ts';
import type { Plan } from './plan.ts';
import { configurationSchema } from './schema.ts';
import { planGuard, planLimits, planLogging, planProbes } from './settings.ts';
import { DEFAULT_SOURCES, planSources } from './sources.ts';
import { planTriggers, unusedTriggers } from './triggers.ts';

/** A plan that holds only where no finding is an error. */
export interface PlannedForm {
  readonly plan: Plan | null;
  readonly findings: readonly Finding[];
}

/** Plans a document of our form. */
export function planOurs(document: JsonObject, context: PlanContext): PlannedForm {
  const validate = createValidator(configurationSchema());
  const refused = validate(document);
  const sound = withoutRefused(document, refused);
  const isConfiguration = (value: JsonObject): value is JsonObject & Configuration =>
    validate(value).length === 0;
  const sections: Configuration = isConfiguration(sound) ? sound : {};

  const base = defaultDelivery();
  const delivery = planDelivery(sections.delivery ?? {}, base);
  const triggers = planTriggers(Object.entries(sections.triggers ?? {}), delivery, context);
  const sources = planSources(
    sections.sources === undefined ? DEFAULT_SOURCES : Object.entries(sections.sources),
    context,
  );
  const { chain, findings: ruleFindings } = compileRules(document, refused);
  const guard = planGuard(sections.guard, triggers.triggers);
  const probes = planProbes(sections.http?.probes);
  const findings = [
    ...refused,
    ...checkDelivery('/delivery', sections.delivery ?? {}, delivery),
    ...sources.findings,
    ...triggers.findings,
    ...withoutEchoes(ruleFindings, refused),
    ...unusedFindings(document),
    ...guard.findings,
    ...probes.findings,
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
      probes: probes.probes,
      logging: planLogging(sections.logging),
      store: sections.store ?? {},
      originalProject: null,
    },
    context,
  );
  return { plan, findings };
}

/** The document without what the schema refused: whole sections, but single sources and triggers. */
function withoutRefused(document: JsonObject, refused: readonly Finding[]): JsonObject {
  const paths = refused.map(({ path }) => pointerSteps(path));
  const isRefused = (...steps: readonly string[]): boolean =>
    paths.some((path) => steps.every((step, index) => path[index] === step));
  const entries = Object.entries(document).flatMap(([key, value]): [string, Json][] => {
    const isNamed = (key === 'triggers' || key === 'sources') && isJsonObject(value);
    if (!isNamed) return isRefused(key) ? [] : [[key, value]];
    const kept = Object.entries(value).filter(([name]) => !isRefused(key, name));
    return kept.length === 0 ? [] : [[key, Object.fromEntries(kept)]];
  });
  return Object.fromEntries(entries);
}

function compileRules(document: JsonObject, refused: readonly Finding[]): CompiledChain {
  const written = document['filters'] ?? [];
  if (!isRuleList(written)) return { chain: { rules: [] }, findings: [] };
  const triggers = namesUnder(document, 'triggers');
  const compiled = compileChain(written, {
    triggers: triggers ?? [],
    sources: namesUnder(document, 'sources') ?? DEFAULT_SOURCES.map(([name]) => name),
    defaultQuietMs: DEFAULT_QUIET_MS,
  });
  // Where the triggers as a whole can not be read, every rule would miss its own.
  if (triggers !== undefined || !isTriggersLost(document, refused)) return compiled;
  const findings = compiled.findings.filter(
    ({ code }) => code !== 'unknown-trigger' && code !== 'triggers-missing',
  );
  return { ...compiled, findings };
}

/** The compiler reports entries that are no rules; here it is enough that there is a list. */
function isRuleList(value: Json): value is Json & readonly RuleSection[] {
  return Array.isArray(value);
}

function namesUnder(document: JsonObject, key: string): readonly string[] | undefined {
  const section = document[key];
  return isJsonObject(section) ? Object.keys(section) : undefined;
}

function isTriggersLost(document: JsonObject, refused: readonly Finding[]): boolean {
  return refused.some(({ code, path }) => {
    const [key = '', ...below] = pointerSteps(path);
    if (below.length > 0) return false;
    const isMeant = code === 'unknown-key' && nearestName(key, ['triggers']) === 'triggers';
    return isMeant || (key === 'triggers' && Object.hasOwn(document, 'triggers'));
  });
}

/** What the schema said about a value need not be said by the compiler too. */
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
  const used = rules.flatMap((rule): readonly Json[] => {
    const { triggers } = rule;
    if (Array.isArray(triggers)) return triggers;
    return rule['action'] === 'accept' && configured.length === 1 ? configured : [];
  });
  const names = new Set(used.filter((name) => typeof name === 'string'));
  return unusedTriggers(configured, names);
}
