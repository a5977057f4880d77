// Plans `triggers:` from entries that the schema accepted: the checks of each kind, and the checks of
// names, identities and prefixes over all triggers. It knows the kinds only through their registry.

import type { Permission } from '../core/ports/kind.ts';
import type { OnLostAnswer } from '../core/ports/trigger.ts';
import { errorAt, type Finding, warningAt } from '../core/problem.ts';
import { toPointer } from '../kit/data/json-pointer.ts';
import type { NeededSecret } from '../kit/secret.ts';
import { manifestTypesOf, permissionsOf } from '../kubernetes/access/permissions.ts';
import { triggerKinds } from '../triggers/registry.ts';
import type { DryRunParts, TriggerKind } from '../triggers/trigger-kind.ts';
import {
  findingsAt,
  kindIn,
  type PlanContext,
  type PlannedDelivery,
  type PlannedTrigger,
  sectionContext,
} from './plan.ts';
import { checkDelivery, type DeliverySection, planDelivery } from './settings.ts';

// The schema of each kind checked the type of its section; here a section is only passed on.
const KINDS: Readonly<Record<string, TriggerKind<unknown>>> = triggerKinds;

/** An entry under `triggers:`: one kind's section, and the keys that all kinds share. */
type TriggerEntry = DeliverySection & {
  readonly prefix?: string;
  readonly formerly?: readonly string[];
  readonly onLostAnswer?: OnLostAnswer;
  readonly [kind: string]: unknown;
};

/** The triggers with their findings, permissions and secrets. */
export interface PlannedTriggers {
  readonly triggers: readonly PlannedTrigger[];
  readonly findings: readonly Finding[];
  readonly permissions: readonly Permission[];
  /** With paths from the root of the document. */
  readonly secrets: readonly NeededSecret[];
  /** By name of the trigger: pointers from the root to the parts that may have templates. */
  readonly templatesAt: ReadonlyMap<string, readonly string[]>;
  /** Names of the triggers whose receivers cannot detect a repetition. */
  readonly keyless: readonly string[];
}

/** Plans every trigger; entries come in the order of the file. */
export function planTriggers(
  entries: readonly (readonly [string, TriggerEntry])[],
  base: PlannedDelivery,
  context: PlanContext,
): PlannedTriggers {
  const planned = entries.flatMap(([name, entry]) => {
    const [kind, descriptor] = kindIn(entry, KINDS) ?? [];
    return kind === undefined || descriptor === undefined
      ? []
      : [planTrigger({ name, entry, kind, descriptor }, base, context)];
  });
  const triggers = planned.map(({ trigger }) => trigger);
  return {
    triggers,
    findings: [
      ...planned.flatMap(({ findings }) => findings),
      ...checkIdentities(entries),
      ...checkPrefixes(triggers),
    ],
    permissions: planned.flatMap(({ permissions }) => permissions),
    secrets: planned.flatMap(({ secrets }) => secrets),
    templatesAt: new Map(planned.map(({ trigger, templatesAt }) => [trigger.name, templatesAt])),
    keyless: planned.flatMap(({ trigger, hasKey }) => (hasKey ? [] : [trigger.name])),
  };
}

interface OneTrigger {
  readonly name: string;
  readonly entry: TriggerEntry;
  readonly kind: string;
  readonly descriptor: TriggerKind<unknown>;
}

function planTrigger(one: OneTrigger, base: PlannedDelivery, context: PlanContext) {
  const { name, entry, kind, descriptor } = one;
  const section = entry[kind];
  const { onLostAnswer } = entry;
  const checkContext = {
    ...sectionContext(name, context),
    ...(onLostAnswer !== undefined && { onLostAnswer }),
  };
  const delivery = planDelivery(entry, base);
  const prefix = entry.prefix ?? descriptor.defaultPrefix(name);
  const { buildNamespace } = context;
  const who = `trigger ${name}`;
  const permissions = permissionsOf(descriptor.grants ?? [], { section, who, context });
  const trigger: PlannedTrigger = {
    ...delivery,
    name,
    identity: entry.formerly?.[0] ?? name,
    formerly: entry.formerly ?? [],
    kind,
    onLostAnswer: onLostAnswer ?? descriptor.onLostAnswer,
    prefix,
    formerPrefixes: formerPrefixes(one),
    usesCluster: descriptor.needsCluster,
    buildNamespaces: createdIn(permissions),
    manifestTypes: manifestTypesOf(descriptor.grants ?? [], section),
    preview: (delivery, folder) => {
      const parts = { name, prefix, buildNamespace, folder };
      return descriptor.preview?.(section, parts, delivery) ?? { ok: false, why: noPreview(kind) };
    },
    dryRun: dryRunOf(descriptor, section, { name, prefix, buildNamespace }),
    receiver: descriptor.receiver?.(section) ?? null,
    create: (parts) => descriptor.create(section, { ...parts, name, prefix, buildNamespace }),
  };
  const path = toPointer(['triggers', name]);
  const findings = [
    ...findingsAt(`${path}/${kind}`, descriptor.check?.(section, checkContext) ?? []),
    ...checkDelivery(path, entry, delivery),
    ...checkAllowed(path, one, context),
  ];
  const needed = descriptor.secrets?.(section) ?? [];
  const secrets = needed.map((one) => ({ ...one, path: `${path}/${kind}${one.path}` }));
  const hasKey = descriptor.hasKey(section);
  const templatesAt = (descriptor.templatesAt ?? []).map((at) => `${path}/${kind}${at}`);
  return { trigger, findings, permissions, secrets, hasKey, templatesAt };
}

/** The namespaces in which objects are created. None is the whole cluster, which no kind may name. */
function createdIn(permissions: readonly Permission[]): readonly string[] {
  const creating = permissions.filter(({ verbs }) => verbs.includes('create'));
  return creating.flatMap(({ namespace }) => namespace ?? []);
}

function dryRunOf(
  descriptor: TriggerKind<unknown>,
  section: unknown,
  own: Pick<DryRunParts, 'name' | 'prefix' | 'buildNamespace'>,
): PlannedTrigger['dryRun'] {
  if (descriptor.dryRun === undefined) return null;
  return async (parts, signal) =>
    (await descriptor.dryRun?.(section, { ...parts, ...own }, signal)) ?? { ok: true };
}

function noPreview(kind: string): string {
  return `triggers of the kind ${kind} have no preview of what they send`;
}

/** Builds outlive a change of the configuration. A changed `prefix:` is lost: no file holds the old one. */
function formerPrefixes({ name, entry, descriptor }: OneTrigger): readonly string[] {
  const names = [name, ...(entry.formerly ?? [])].filter((former) => former !== '');
  return names.map((former) => descriptor.defaultPrefix(former));
}

function checkAllowed(path: string, one: OneTrigger, context: PlanContext): readonly Finding[] {
  if (!one.descriptor.needsExec || context.exec === 'allowed') return [];
  const severity = context.exec === 'refused' ? 'error' : 'info';
  return [
    {
      severity,
      path: `${path}/${one.kind}`,
      code: 'not-allowed',
      message: `trigger ${one.name} runs a local command, which run refuses without --allow-exec`,
      hint: 'start sluice with --allow-exec if everyone who can write this file may run commands here',
    },
  ];
}

/** Each name, now or formerly, belongs to one trigger, because its deliveries are found by it. */
function checkIdentities(
  entries: readonly (readonly [string, TriggerEntry])[],
): readonly Finding[] {
  const owners = new Map(entries.map(([name]) => [name, name]));
  return entries.flatMap(([name, entry]) =>
    (entry.formerly ?? []).flatMap((former, index) => {
      const owner = owners.get(former);
      owners.set(former, owner ?? name);
      if (owner === undefined || owner === name) return [];
      return [
        errorAt('duplicate-name', toPointer(['triggers', name, 'formerly', String(index)]), {
          message: `the trigger ${owner} has or had the name ${former || "''"} already`,
          hint: 'what a name started belongs to one trigger; remove one of the two',
        }),
      ];
    }),
  );
}

function checkPrefixes(triggers: readonly PlannedTrigger[]): readonly Finding[] {
  const owners = new Map<string, string>();
  return triggers.flatMap((trigger) => {
    const { name, prefix, kind } = trigger;
    // A kind with one fixed prefix, for which its receiver looks, may share it.
    const isFixed = KINDS[kind]?.defaultPrefix('a') === KINDS[kind]?.defaultPrefix('b');
    if (trigger.buildNamespaces.length === 0 || isFixed) return [];
    const owner = owners.get(prefix);
    owners.set(prefix, owner ?? name);
    if (owner === undefined) return [];
    return [
      warningAt('duplicate-name', toPointer(['triggers', name]), {
        message: `names of this trigger's objects begin with ${prefix}-, as those of ${owner} do, so names cannot distinguish them`,
        hint: 'give one of them a prefix: of its own',
      }),
    ];
  });
}
