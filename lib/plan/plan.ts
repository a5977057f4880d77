// The Plan: a compiled configuration with every default filled in, and the context that planning gets
// beside the text. A plan opens and starts nothing; its `create` functions build parts that open at
// their first use. Follows docs/configuration.md; guards, limits, retention: docs/architecture.md.

import type { Delivery } from '../core/delivery.ts';
import type { EventObject } from '../core/occurrence.ts';
import type { CheckContext, Permission } from '../core/ports/kind.ts';
import type { Source } from '../core/ports/source.ts';
import type { ClosedStore } from '../core/ports/store.ts';
import type { DryRun, OnLostAnswer, Preview, Trigger } from '../core/ports/trigger.ts';
import type { Finding } from '../core/problem.ts';
import type { Chain } from '../filters/chain.ts';
import type { NeededSecret } from '../kit/secret.ts';
import type { Rate } from '../kit/text/quantity.ts';
import type { ManifestType } from '../kubernetes/discovery/manifest-types.ts';
import type { Shape } from '../sources/shape.ts';
import type { SourceKind, SourceParts } from '../sources/source-kind.ts';
import type { StoreParts } from '../stores/store-kind.ts';
import type { LoggingOptions } from '../telemetry/logging.ts';
import type { DryRunParts, TriggerParts } from '../triggers/trigger-kind.ts';

/** The form of a configuration; `none` if there is no configuration. */
export type ConfigurationForm = 'ours' | 'original' | 'none';

/** Parts of a trigger that the plan knows; the gateway adds the others. */
type PlannedParts = 'name' | 'prefix' | 'buildNamespace';

/** A source that is ready to be built. */
export interface PlannedSource extends Pick<SourceKind<never>, 'vocabulary'> {
  readonly name: string;
  readonly kind: string;
  /** Whether an Event may speak for an object of another namespace than its own. */
  readonly allowForeign: boolean;
  /** The permissions that it needs, one for each watch path. */
  readonly permissions: readonly Permission[];
  /** Whether it would read this Event. */
  reads(event: EventObject): boolean;
  /** How it shapes what it reads. */
  readonly shape: Shape;
  /** The selector that follows from the rules in effect; null if the section does not ask for it. */
  derivedSelector(chain: Chain): string | null;
  create(parts: Omit<SourceParts, 'name' | 'namespace'>): Source;
}

/** Settings of a lane: `delivery:` of the file, and the trigger's own keys. */
export interface PlannedDelivery {
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly order: 'none' | 'object';
  /** The backoff between attempts; `forMs` is counted from the first attempt. */
  readonly retry: { readonly firstMs: number; readonly maxMs: number; readonly forMs: number };
}

/** A trigger that is ready to be built. */
export interface PlannedTrigger extends PlannedDelivery {
  readonly name: string;
  /** The first of its `formerly`, else its name. Part of delivery ids. */
  readonly identity: string;
  /** Its earlier names. Deliveries that were made under one of them belong to this trigger. */
  readonly formerly: readonly string[];
  readonly kind: string;
  readonly onLostAnswer: OnLostAnswer;
  /** Prefix of its objects' names, before `-<id>`. */
  readonly prefix: string;
  /** Prefixes that its objects may have from an earlier name, or from before it had a `prefix:`. */
  readonly formerPrefixes: readonly string[];
  /** Whether it makes requests to the cluster; a local command does not. */
  readonly usesCluster: boolean;
  /** The namespaces in which it creates objects. */
  readonly buildNamespaces: readonly string[];
  /** The types of those objects that are made from a manifest. */
  readonly manifestTypes: readonly ManifestType[];
  /** Shows the first attempt at a delivery; `folder` is the base of relative paths. */
  preview(delivery: Delivery, folder: string): Preview;
  /** Makes a sample delivery without an effect; null if the kind cannot. */
  readonly dryRun:
    | ((parts: Omit<DryRunParts, PlannedParts>, signal: AbortSignal) => Promise<DryRun>)
    | null;
  /** The URL for which variables of the environment choose the proxy; null if they do not. */
  readonly receiver: URL | null;
  create(parts: Omit<TriggerParts, PlannedParts>): Trigger;
}

/** Limits on the number of builds; null is switched off. */
export interface PlannedLimits {
  /** For one involved object. */
  readonly perObject: Rate | null;
  /** For all together. */
  readonly total: Rate | null;
  /** How long a delivery waits for a token before it is a dead letter. */
  readonly holdForMs: number;
}

/** Namespaces and prefixes by which the loop guards recognize builds. */
export interface PlannedGuard {
  /** Namespaces in which configured triggers create objects; empty if that guard is off. */
  readonly namespaces: readonly string[];
  /** Prefixes of the objects of configured triggers, with those of their earlier names. */
  readonly prefixes: readonly string[];
}

/** A store that is ready to be built. */
export interface PlannedStore {
  readonly kind: string;
  /** The policy for new deliveries in a full store: reading stops, or they are shed. */
  readonly overflow: 'block' | 'shed';
  readonly maxBytes: number;
  create(parts: Omit<StoreParts, 'maxBytes'>): ClosedStore;
}

/** The address of a listener. */
export interface PlannedAddress {
  readonly host: string;
  readonly port: number;
}

/** Paths of the probes listener beside `/healthz` and `/readyz`; null: there is no such path. */
export interface ProbePaths {
  readonly live: string | null;
  readonly ready: string | null;
  readonly health: string | null;
  readonly metrics: string;
}

/** The listeners; null switches one off. */
export interface PlannedHttp {
  readonly probes: PlannedAddress | null;
  readonly probePaths: ProbePaths;
  /** The file for exec probes, as it is written; null if there is none. */
  readonly heartbeat: { readonly file: string; readonly everyMs: number } | null;
  readonly api: PlannedAddress | null;
  /** Whether reads over loopback need the token, too. */
  readonly requireToken: boolean;
  /** As it is written; null if the gateway makes its own token. */
  readonly tokenFile: string | null;
  /** Further names under which the API is reached. */
  readonly hosts: readonly string[];
}

/** A compiled configuration. */
export interface Plan {
  readonly form: ConfigurationForm;
  /** `cluster:`, for display only. */
  readonly clusterName: string | null;
  readonly sources: readonly PlannedSource[];
  readonly chain: Chain;
  readonly triggers: readonly PlannedTrigger[];
  readonly limits: PlannedLimits;
  /** Settings of a trigger that has none of its own. */
  readonly delivery: PlannedDelivery;
  readonly guard: PlannedGuard;
  readonly retention: {
    /** Of a ledger entry after its key was deleted: the longest `quiet` plus the Events' TTL. */
    readonly goneMs: number;
    /** Of a settled delivery. */
    readonly settledMs: number;
  };
  readonly store: PlannedStore;
  readonly http: PlannedHttp;
  readonly logging: LoggingOptions;
  /** `project` of the original's form, which log lines quote; null in ours. */
  readonly originalProject: string | null;
  /** Files and variables that the triggers need. */
  readonly secrets: readonly NeededSecret[];
  /**
   * All permissions that the configuration needs in the cluster, merged and sorted. `rbac` and the
   * chart render them; a start and `check --cluster` compare them with those that are granted.
   */
  readonly permissions: readonly Permission[];
}

/** Inputs of planning beside the text of the configuration. */
export interface PlanContext {
  /** The gateway's own namespace; '' means all. */
  readonly namespace: string;
  /** The namespace of builds unless a trigger names another. */
  readonly buildNamespace: string;
  /** Whether triggers may run local commands; `noted` makes them a note instead of an error. */
  readonly exec: 'allowed' | 'refused' | 'noted';
  /** The surroundings of the gateway, which decide its default addresses; absent if it does not run. */
  readonly runsIn?: 'pod' | 'machine';
}

/** Makes the context that the checks of a section get. */
export function sectionContext(
  name: string,
  { namespace, buildNamespace }: PlanContext,
): CheckContext {
  return { name, namespace, buildNamespace };
}

/** The kind that an entry has as a key, with its descriptor; undefined if it has none. */
export function kindIn<Descriptor>(
  entry: object,
  kinds: Readonly<Record<string, Descriptor>>,
): [kind: string, Descriptor] | undefined {
  return Object.entries(kinds).find(([known]) => Object.hasOwn(entry, known));
}

/** Turns findings of a section into findings of the whole configuration. */
export function findingsAt(path: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, path: `${path}${finding.path}` }));
}
