// Plans `sources:` from entries that the schema accepted, and checks that no rule and no template needs
// what a source prunes. It knows the kinds only through their registry.

import {
  childrenOf,
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  listOf,
} from '../core/json-object.ts';
import type { Permission } from '../core/ports/kind.ts';
import { errorAt, type Finding, warningAt } from '../core/problem.ts';
import { requiredValues } from '../filters/required-values.ts';
import { parsePath } from '../kit/data/json-path.ts';
import { pointerSteps, toPointer } from '../kit/data/json-pointer.ts';
import { parsePattern } from '../kit/text/pattern.ts';
import { quoted } from '../kit/text/printable.ts';
import { templatePaths } from '../kit/text/template.ts';
import { permissionsOf } from '../kubernetes/access/permissions.ts';
import { sourceKinds } from '../sources/registry.ts';
import type { SourceKind } from '../sources/source-kind.ts';
import { SOURCE_DEFAULT } from './defaults.ts';
import {
  findingsAt,
  kindIn,
  type Plan,
  type PlanContext,
  type PlannedSource,
  sectionContext,
} from './plan.ts';

// The schema of each kind checked the type of its section; here a section is only passed on.
const KINDS: Readonly<Record<string, SourceKind<unknown>>> = sourceKinds;

/** An entry under `sources:`: one kind's section. */
type SourceEntry = Readonly<Record<string, unknown>>;

/** The entries of `sources:` if none is configured, and always in the original's form. */
export const DEFAULT_SOURCES: readonly (readonly [string, SourceEntry])[] = [
  [SOURCE_DEFAULT, { events: {} }],
];

/** The sources with their findings, their permissions, and the life of Events. */
export interface PlannedSources {
  readonly sources: readonly PlannedSource[];
  readonly findings: readonly Finding[];
  readonly permissions: readonly Permission[];
  /** The longest life of an Event in any source. */
  readonly eventTtlMs: number;
}

/** Plans every source; entries come in the order of the file. */
export function planSources(
  entries: readonly (readonly [string, SourceEntry])[],
  context: PlanContext,
): PlannedSources {
  const planned = entries.flatMap(([name, entry]) => {
    const [kind, descriptor] = kindIn(entry, KINDS) ?? [];
    if (kind === undefined || descriptor === undefined) return [];
    const section = entry[kind];
    const checkContext = sectionContext(name, context);
    const path = toPointer(['sources', name, kind]);
    const { namespace } = context;
    const who = `source ${name}`;
    const source: PlannedSource = {
      name,
      kind,
      permissions: permissionsOf(descriptor.grants ?? [], { section, who, context }),
      allowForeign: descriptor.allowsForeign(section),
      reads: (event) => descriptor.reads(section, namespace, event),
      shape: descriptor.shape(section),
      vocabulary: descriptor.vocabulary,
      derivedSelector: (chain) =>
        descriptor.derivedSelector(section, () => requiredValues(chain, name)),
      create: (parts) => descriptor.create(section, { ...parts, name, namespace }),
    };
    return [
      {
        source,
        findings: findingsAt(path, descriptor.check?.(section, checkContext) ?? []),
        eventTtlMs: descriptor.retentionMs(section),
      },
    ];
  });
  return {
    sources: planned.map(({ source }) => source),
    findings: planned.flatMap(({ findings }) => findings),
    permissions: planned.flatMap(({ source }) => source.permissions),
    eventTtlMs: Math.max(0, ...planned.map((one) => one.eventTtlMs)),
  };
}

/**
 * Makes the sources that read under the selectors that follow from the rules. Rejected Events that a
 * selector leaves out have no decision, so it is used only if the log does not show rejections.
 */
export function selectingSources({
  sources,
  chain,
  logging,
}: Pick<Plan, 'sources' | 'chain' | 'logging'>): readonly PlannedSource[] {
  if (showsRejections(logging)) return sources;
  return sources.map((source): PlannedSource => {
    const selector = source.derivedSelector(chain);
    if (selector === null) return source;
    return { ...source, create: (parts) => source.create({ ...parts, fieldSelector: selector }) };
  });
}

function showsRejections({ decisions }: Plan['logging']): boolean {
  return decisions === 'all' || decisions === 'changes';
}

/** Notes the selectors that follow from the rules, and warns if the log keeps them from being used. */
export function checkSelections(
  sources: readonly PlannedSource[],
  { chain, logging }: Pick<Plan, 'chain' | 'logging'>,
): readonly Finding[] {
  return sources.flatMap((source) => {
    const { name, kind } = source;
    const selector = source.derivedSelector(chain);
    if (selector === null) return [];
    const path = toPointer(['sources', name, kind, 'select']);
    if (showsRejections(logging)) {
      const message = `found derived, which has no effect with logging.decisions ${logging.decisions}: the log shows rejected Events`;
      const hint = 'write decisions: accepted under logging:, or remove select';
      return [warningAt('selector-derived', path, { message, hint })];
    }
    const message =
      selector === ''
        ? 'nothing follows from the rules: the API server sends every Event'
        : `the API server sends only what the selector ${quoted(selector, 300)} selects`;
    const hint =
      selector === ''
        ? 'it takes one value of a field in every accept rule, or a reject rule with one condition before them'
        : 'rejected Events outside of it are neither logged nor counted';
    return [{ severity: 'info' as const, code: 'selector-derived' as const, path, message, hint }];
  });
}

/** A rule of the document with its pointer, and the sources whose objects it can see. */
interface SeenRule {
  readonly rule: JsonObject;
  readonly path: string;
  readonly sources: readonly PlannedSource[];
}

/** The canonical document, its sources, and where each trigger may have templates. */
interface PruningFacts {
  readonly document: JsonObject;
  readonly sources: readonly PlannedSource[];
  /** By name of the trigger: pointers into the document. */
  readonly templatesAt: ReadonlyMap<string, readonly string[]>;
}

/** Reports rules and templates that need a path which a source prunes. */
export function checkPruned({ document, sources, templatesAt }: PruningFacts): readonly Finding[] {
  const rules = listOf(document['filters']).flatMap((rule, index): SeenRule[] =>
    isJsonObject(rule)
      ? [{ rule, path: toPointer(['filters', String(index)]), sources: seenBy(rule, sources) }]
      : [],
  );
  const triggers = [...templatesAt].flatMap(([trigger, pointers]) => {
    const starting = rules.filter(({ rule }) => starts(rule, trigger, templatesAt.size));
    const seen = sources.filter((one) => starting.some((rule) => rule.sources.includes(one)));
    return pointers.flatMap((at) => prunedTemplates({ trigger, at, seen }, document));
  });
  return [...rules.flatMap(prunedFields), ...triggers];
}

function seenBy(
  { source }: JsonObject,
  sources: readonly PlannedSource[],
): readonly PlannedSource[] {
  if (source === undefined || source === '' || (isJsonList(source) && source.length === 0))
    return sources;
  const patterns = [source].flat().flatMap((entry) => {
    const parsed = typeof entry === 'string' ? parsePattern(entry) : { ok: false as const };
    return parsed.ok ? [parsed.pattern] : [];
  });
  return sources.filter(({ name }) => patterns.some((pattern) => pattern.matches(name)));
}

function starts({ action, triggers }: JsonObject, trigger: string, triggerCount: number): boolean {
  if (action !== 'accept') return false;
  return triggers === undefined ? triggerCount === 1 : listOf(triggers).includes(trigger);
}

function prunedFields({ rule, path, sources }: SeenRule): readonly Finding[] {
  const { not } = rule;
  const blocks: readonly (readonly [Json | undefined, string])[] = [
    [rule, path],
    ...(isJsonList(not)
      ? not.map((block, place) => [block, `${path}/not/${place}`] as const)
      : [[not, `${path}/not`] as const]),
  ];
  return blocks.flatMap(([block, at]) =>
    childrenOf(block).flatMap(([field, wanted]) => {
      if (wanted === '' || (isJsonList(wanted) && wanted.length === 0)) return [];
      const [found] = sources.flatMap((source) => prunedBy(source, pathsOf(field, wanted, source)));
      if (found === undefined) return [];
      const what =
        typeof rule['name'] === 'string' ? `rule ${quoted(rule['name'], 80)}` : 'the rule';
      return [prunedAt(at + toPointer([field]), `${what} tests ${field}`, found)];
    }),
  );
}

function pathsOf(
  field: string,
  wanted: Json,
  { vocabulary }: PlannedSource,
): readonly (readonly string[])[] {
  const found = vocabulary.find(({ name }) => name === field);
  if (found?.type !== 'map') return found?.paths ?? [];
  return childrenOf(wanted).flatMap(([key]) => found.paths.map((path) => [...path, key]));
}

type Pruned = { readonly source: string; readonly prune: string };

function prunedBy(
  { name, shape }: PlannedSource,
  paths: readonly (readonly string[])[],
): readonly Pruned[] {
  const pruned = paths.flatMap((path) => shape.prunes(path) ?? []);
  return pruned.slice(0, 1).map((prune) => ({ source: name, prune }));
}

function prunedAt(path: string, what: string, { source, prune }: Pruned): Finding {
  return errorAt('pruned-path', path, {
    message: `${what}, but source ${source} prunes ${prune}`,
    hint: `remove ${prune} from shape.prune of the source ${source}, or do without it here`,
  });
}

/** Pruned paths of the templates at a place of the document, in values and in values below it. */
function prunedTemplates(
  place: { readonly trigger: string; readonly at: string; readonly seen: readonly PlannedSource[] },
  document: JsonObject,
): readonly Finding[] {
  const value = pointerSteps(place.at).reduce<Json | undefined>(
    (here, step) => childrenOf(here).find(([key]) => key === step)?.[1],
    document,
  );
  if (typeof value !== 'string') {
    return childrenOf(value).flatMap(([key]) =>
      prunedTemplates({ ...place, at: place.at + toPointer([key]) }, document),
    );
  }
  return templatePaths(value).flatMap((template) => {
    const keys = objectKeysOf(template);
    const [found] = keys === null ? [] : place.seen.flatMap((source) => prunedBy(source, [keys]));
    if (found === undefined) return [];
    const what = `trigger ${quoted(place.trigger, 80)} sends \${${template}}`;
    return [prunedAt(place.at, what, found)];
  });
}

/** The keys in the object to which a template's path leads; null if it leads elsewhere. */
function objectKeysOf(template: string): readonly string[] | null {
  const steps = parsePath(template) ?? [];
  const keys = steps.filter((step) => typeof step === 'string');
  if (keys[0] === 'event') return keys.slice(1);
  return keys[0] === 'occurrences' && keys[1] === 'event' ? keys.slice(2) : null;
}
