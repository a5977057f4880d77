// What a configuration comes to: everything the gateway needs, compiled and with every default
// filled in. A Plan opens nothing and starts nothing; its `create` functions build, and what they
// build opens when it is first used. Which permissions it needs is derived here and nowhere else.
// Follows docs/configuration.md; guards, limits and retention: docs/architecture.md.

import { pointerStep } from '../config/source-map.ts';
import type { Delivery } from '../core/delivery.ts';
import type { EventObject } from '../core/event.ts';
import type { CheckContext, Permission } from '../core/kind.ts';
import type { Finding } from '../core/problem.ts';
import type { Source } from '../core/source.ts';
import type { ClosedStore } from '../core/store.ts';
import type { OnLostAnswer, Preview, Trigger } from '../core/trigger.ts';
import type { Chain } from '../filters/chain.ts';
import type { NeededSecret } from '../kit/secret.ts';
import type { Rate } from '../kit/text/quantity.ts';
import type { SourceParts } from '../sources/source-kind.ts';
import type { StoreParts } from '../stores/store-kind.ts';
import type { LoggingOptions } from '../telemetry/logging.ts';
import type { TriggerParts } from '../triggers/trigger-kind.ts';

/** Which of the two forms a configuration has; `none` where there is no configuration. */
export type ConfigurationForm = 'ours' | 'original' | 'none';

/** What the gateway adds when it builds a source; name and namespace are the plan's. */
type GatewaySourceParts = Omit<SourceParts, 'name' | 'namespace'>;

/** What the gateway adds when it builds a trigger; the rest is the plan's. */
type GatewayTriggerParts = Omit<TriggerParts, 'name' | 'prefix' | 'buildNamespace'>;

/** One source, ready to be built. */
export interface PlannedSource {
  readonly name: string;
  readonly kind: string;
  /** Whether an Event may speak for an object of another namespace than its own. */
  readonly allowForeign: boolean;
  /** Whether it would read this Event, by where the Event stands. */
  reads(event: EventObject): boolean;
  create(parts: GatewaySourceParts): Source;
}

/** When a failed attempt is repeated, and how long in all. */
interface PlannedRetry {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Counted from the first attempt. */
  readonly forMs: number;
}

/** How one trigger's lane works: `delivery:` of the file, or the trigger's own keys. */
export interface PlannedDelivery {
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly order: 'none' | 'object';
  readonly retry: PlannedRetry;
}

/** One trigger, ready to be built. */
export interface PlannedTrigger extends PlannedDelivery {
  readonly name: string;
  /** The first of its `formerly`, else its name. Part of delivery ids. */
  readonly identity: string;
  /** Its earlier names: what was made under one of them goes on under this one. */
  readonly formerly: readonly string[];
  readonly kind: string;
  readonly onLostAnswer: OnLostAnswer;
  /** What the names of its objects begin with, before `-<id>`. */
  readonly prefix: string;
  /** What they began with, or may have, under an earlier name or before it had a `prefix:`. */
  readonly formerPrefixes: readonly string[];
  /** Whether it speaks to the cluster; a local command does not. */
  readonly usesCluster: boolean;
  /** The namespaces in which it creates objects. */
  readonly buildNamespaces: readonly string[];
  /** Shows the first attempt at a delivery; `folder` is where relative paths begin. */
  preview(delivery: Delivery, folder: string): Preview;
  /** Where its requests go if variables of the environment choose their proxy; null if they do not. */
  readonly receiver: URL | null;
  create(parts: GatewayTriggerParts): Trigger;
}

/** What bounds the number of builds; null is switched off. */
export interface PlannedLimits {
  /** For one involved object. */
  readonly perObject: Rate | null;
  /** For all together. */
  readonly total: Rate | null;
  /** How long a delivery waits for a token before it is a dead letter. */
  readonly holdForMs: number;
}

/** What the loop guards look for. */
export interface PlannedGuard {
  /** Where configured triggers create objects; empty where that guard is off. */
  readonly namespaces: readonly string[];
  /** What the names of configured triggers' objects begin with, or began with under earlier names. */
  readonly prefixes: readonly string[];
}

/** How long things are remembered. */
interface PlannedRetention {
  /** A ledger entry, after its Event's key is gone: the longest `quiet` plus the Events' TTL. */
  readonly goneMs: number;
  /** A settled delivery. */
  readonly settledMs: number;
}

/** The store, ready to be built. */
export interface PlannedStore {
  readonly kind: string;
  /** What becomes of new deliveries when it is full: reading stops, or they are shed. */
  readonly overflow: 'block' | 'shed';
  /** What it may hold. */
  readonly maxBytes: number;
  create(parts: Omit<StoreParts, 'maxBytes'>): ClosedStore;
}

/** Where a listener listens. */
export interface PlannedAddress {
  readonly host: string;
  readonly port: number;
}

/** The listeners; null opens none. */
export interface PlannedHttp {
  readonly probes: PlannedAddress | null;
  readonly api: PlannedAddress | null;
  /** Whether reads over loopback need the token, too. */
  readonly requireToken: boolean;
  /** As it is written; null where the gateway makes its own token. */
  readonly tokenFile: string | null;
  /** Names under which the API is reached, besides its own. */
  readonly hosts: readonly string[];
}

/** A whole configuration, compiled. */
export interface Plan {
  readonly form: ConfigurationForm;
  /** `cluster:`, for display only. */
  readonly clusterName: string | null;
  readonly sources: readonly PlannedSource[];
  readonly chain: Chain;
  readonly triggers: readonly PlannedTrigger[];
  readonly limits: PlannedLimits;
  /** What a trigger gets that says nothing itself. */
  readonly delivery: PlannedDelivery;
  readonly guard: PlannedGuard;
  readonly retention: PlannedRetention;
  readonly store: PlannedStore;
  readonly http: PlannedHttp;
  readonly logging: LoggingOptions;
  /** `project` of the original's form, for the log lines that quote it; null in ours. */
  readonly originalProject: string | null;
  /** Files and variables without which triggers can do nothing. */
  readonly secrets: readonly NeededSecret[];
  /** What the gateway may do in the cluster, merged and sorted; rendered as a Role by `rbac`. */
  readonly permissions: readonly Permission[];
}

// Puts the planned parts of any form together into one Plan.

// Everything a configuration needs in the cluster, in one sorted list: what `rbac` and the chart
// render, and what `check --cluster` compares with what is really allowed.

// What planning is given besides the text, and how findings of a section get the section's path.

/** Local commands run, are an error, or, where nothing runs, are worth a note. */
type ExecPermission = 'allowed' | 'refused' | 'noted';

/** What a plan depends on besides the configuration. */
export interface PlanContext {
  /** The gateway's own namespace; '' means all. */
  readonly namespace: string;
  /** Where builds go unless a trigger says otherwise. */
  readonly buildNamespace: string;
  /** Whether triggers may run local commands. */
  readonly exec: ExecPermission;
  /** Whether the gateway runs in a pod, which decides its default addresses; absent: it does not run. */
  readonly runsIn?: 'pod' | 'machine';
}

/** The context that a section's own checks see. */
export function sectionContext(name: string, context: PlanContext): CheckContext {
  return { name, namespace: context.namespace, buildNamespace: context.buildNamespace };
}

/** The same for a trigger, whose entry may say what becomes of lost answers. */
export function triggerContext(
  name: string,
  entry: { readonly onLostAnswer?: OnLostAnswer },
  context: PlanContext,
): CheckContext {
  const { onLostAnswer } = entry;
  const section = sectionContext(name, context);
  return onLostAnswer === undefined ? section : { ...section, onLostAnswer };
}

/** A JSON Pointer made of keys. */
export function pointerOf(...steps: readonly string[]): string {
  return steps.map((step) => `/${pointerStep(step)}`).join('');
}

/** Findings of a section as findings of the whole configuration. */
export function findingsAt(path: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, path: `${path}${finding.path}` }));
}

/** An error, as most findings are. */
export function errorAt(path: string, said: Pick<Finding, 'code' | 'message' | 'hint'>): Finding {
  return { severity: 'error', path, ...said };
}
