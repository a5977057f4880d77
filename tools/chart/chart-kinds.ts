// The kinds as the chart reads them (charts/sluice/files/kinds.json): what each needs in the cluster,
// which of its keys refer to secrets, and which name a URL. It is derived from the registries, so that
// the chart knows a new kind by itself.

import { isJsonObject, type Json } from '../../lib/core/json-object.ts';
import type { Grant } from '../../lib/core/ports/kind.ts';
import { GATEWAY_GRANTS } from '../../lib/plan/assemble-plan.ts';
import { sourceKinds } from '../../lib/sources/registry.ts';
import type { SourceKind } from '../../lib/sources/source-kind.ts';
import { triggerKinds } from '../../lib/triggers/registry.ts';
import type { TriggerKind } from '../../lib/triggers/trigger-kind.ts';

/** A key of a section that refers to a secret. */
interface Reference {
  /** Keys from the section to it; `*` stands for every key. */
  readonly path: readonly string[];
  readonly to: 'file' | 'variable';
}

/** What the chart knows of a kind of trigger. */
type ChartTrigger = Pick<TriggerKind<never>, 'needsExec' | 'starts' | 'grants'> & {
  readonly references: readonly Reference[];
  /** Keys from the section to each key that names a URL. */
  readonly urls: readonly (readonly string[])[];
};

/** The content of the file. */
interface ChartKinds {
  readonly gateway: { readonly grants: readonly Grant[] };
  readonly sources: Readonly<Record<string, { readonly grants: readonly Grant[] }>>;
  readonly triggers: Readonly<Record<string, ChartTrigger>>;
}

/** The kinds by their keys in the configuration. */
export function chartKinds(): ChartKinds {
  const sources: Readonly<Record<string, SourceKind<never>>> = sourceKinds;
  const triggers: Readonly<Record<string, TriggerKind<never>>> = triggerKinds;
  return {
    gateway: { grants: GATEWAY_GRANTS },
    sources: byKind(sources, ({ grants = [] }) => ({ grants })),
    triggers: byKind(triggers, ({ grants = [], needsExec, starts, schema }) => {
      const texts = textsOf(schema);
      return {
        ...{ needsExec, starts, grants },
        references: texts.flatMap(toReference),
        urls: texts.filter((path) => /^url$|Url$/.test(path.at(-1) ?? '')),
      };
    }),
  };
}

function byKind<Kind, Chart>(
  kinds: Readonly<Record<string, Kind>>,
  of: (kind: Kind) => Chart,
): Readonly<Record<string, Chart>> {
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, of(kind)]));
}

/** References are named so everywhere: `tokenFile`, `tokenEnv`, and `file` or `env` of a named secret. */
function toReference(path: readonly string[]): readonly Reference[] {
  const key = path.at(-1) ?? '';
  if (/^file$|File$/.test(key)) return [{ path, to: 'file' }];
  return /^env$|Env$/.test(key) ? [{ path, to: 'variable' }] : [];
}

/** The paths of all texts that a schema describes. */
function textsOf(schema: Json | undefined, path: readonly string[] = []): (readonly string[])[] {
  if (!isJsonObject(schema)) return [];
  const { type, properties, additionalProperties } = schema;
  if (type === 'string') return [path];
  const named = Object.entries(isJsonObject(properties) ? properties : {});
  const below = named.flatMap(([key, one]) => textsOf(one, [...path, key]));
  return [...below, ...textsOf(additionalProperties, [...path, '*'])];
}
