// Plans `sources:` from entries that the schema accepted. It knows the kinds only through their
// registry.

import type { Permission } from '../core/ports/kind.ts';
import type { Finding } from '../core/problem.ts';
import { toPointer } from '../kit/data/json-pointer.ts';
import { permissionsOf } from '../kubernetes/access/permissions.ts';
import { sourceKinds } from '../sources/registry.ts';
import type { SourceKind } from '../sources/source-kind.ts';
import { SOURCE_DEFAULT } from './defaults.ts';
import {
  findingsAt,
  kindIn,
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
