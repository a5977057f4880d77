// Plans `store:`: exactly one kind, and keys that all kinds share. It also finds the section in a
// configuration that is refused as a whole, so that commands reach the store even then. It opens
// nothing. Follows docs/configuration.md (store).

import { isJsonObject, type Json } from '../core/json-object.ts';
import type { Kind } from '../core/ports/kind.ts';
import type { ClosedStore } from '../core/ports/store.ts';
import { errorAt, type Finding, warningAt } from '../core/problem.ts';
import { toPointer } from '../kit/data/json-pointer.ts';
import { parseSize, renderSize } from '../kit/text/quantity.ts';
import { storeKinds } from '../stores/registry.ts';
import type { StoreParts } from '../stores/store-kind.ts';
import { STORE_DEFAULTS, STORE_SIZES } from './defaults.ts';
import { findingsAt, kindIn, type PlanContext, type PlannedStore, sectionContext } from './plan.ts';
import { durationOr } from './settings.ts';

// The schema of each kind checked the type of its section; here a section is only passed on.
const STORES: Readonly<Record<string, Kind<unknown, StoreParts, ClosedStore>>> = storeKinds;
const DEFAULT_SIZES: Readonly<Record<string, string>> = STORE_SIZES;

/** `store:` in the configuration: the section of one kind, and the keys that all kinds share. */
export interface StoreSection {
  readonly maxSize?: string;
  readonly overflow?: 'block' | 'shed';
  readonly keepSettled?: string;
  readonly [kind: string]: unknown;
}

/** Plans the store of a section; without a section, the default store. */
export function planStore(section: StoreSection = {}): PlannedStore {
  const kind = kindOf(section);
  const descriptor = STORES[kind];
  if (descriptor === undefined) throw new Error(`no kind of store ${kind}`);
  const maxBytes = parseSize(section.maxSize ?? DEFAULT_SIZES[kind] ?? '') ?? 0;
  return {
    kind,
    overflow: section.overflow ?? STORE_DEFAULTS.overflow,
    maxBytes,
    create: (parts) => descriptor.create(section[kind] ?? {}, { ...parts, maxBytes }),
  };
}

/** The retention of settled deliveries. **Units**: ms. */
export function settledMsOf({ keepSettled = STORE_DEFAULTS.keepSettled }: StoreSection): number {
  return durationOr(keepSettled, 0);
}

/** Replaces the kind of a section; the keys that all kinds share stay. */
export function storeAt(
  section: StoreSection,
  place: { readonly kind: string; readonly own: unknown },
): StoreSection {
  const shared = Object.entries(section).filter(([key]) => !Object.hasOwn(STORES, key));
  return { ...Object.fromEntries(shared), [place.kind]: place.own };
}

/** The kind of a section, or the default kind. */
export function kindOf(section: StoreSection): string {
  return kindIn(section, STORES)?.[0] ?? STORE_DEFAULTS.kind;
}

// A smaller store has no room for the tables and a few Events, and would block at once.
const SMALLEST_SIZE = '1Mi';
// An Event may have 4 MiB, and one batch several deliveries of it. In a smaller store such a batch may
// never fit, and `block` would wait for ever.
const SAFE_SIZE = '16Mi';

/** Checks the section of the kind and the size, and warns if a restart would repeat deliveries. */
export function checkStore(
  section: StoreSection,
  { keyless, context }: { readonly keyless: readonly string[]; readonly context: PlanContext },
): readonly Finding[] {
  const kind = kindOf(section);
  const own = STORES[kind]?.check?.(section[kind] ?? {}, sectionContext(kind, context)) ?? [];
  return [
    ...findingsAt(toPointer(['store', kind]), own),
    ...sizeFindings(section),
    ...forgetting(section, keyless),
  ];
}

function sizeFindings({ maxSize }: StoreSection): readonly Finding[] {
  const bytes = maxSize === undefined ? undefined : parseSize(maxSize);
  if (maxSize === undefined || bytes === undefined) return [];
  const path = '/store/maxSize';
  const [smallest = 0, safe = 0] = [parseSize(SMALLEST_SIZE), parseSize(SAFE_SIZE)];
  if (bytes < smallest) {
    return [
      errorAt('wrong-value', path, {
        message: `found ${maxSize} (${renderSize(bytes)} bytes), expected at least ${SMALLEST_SIZE}`,
        hint: `write ${SAFE_SIZE} or more, or leave it out`,
      }),
    ];
  }
  if (bytes >= safe) return [];
  return [
    warningAt('store-small', path, {
      message: `one Event may have 4 MiB, and each trigger keeps its own copy: in ${maxSize} it may never fit, and all later Events wait behind it`,
      hint: `write ${SAFE_SIZE} or more`,
    }),
  ];
}

/** Warns if neither a name in Kubernetes nor an idempotency key prevents a second start after a restart. */
function forgetting(section: StoreSection, keyless: readonly string[]): readonly Finding[] {
  if (keyless.length === 0 || !Object.hasOwn(section, 'memory')) return [];
  const [names, they] =
    keyless.length === 1
      ? [`trigger ${keyless[0] ?? ''}`, 'its receiver']
      : [`triggers ${keyless.join(', ')}`, 'their receivers'];
  return [
    warningAt('store-forgets', '/store/memory', {
      message: `a restart loses waiting deliveries, and ${names} may start builds a second time, because ${they} cannot detect a repetition`,
      hint: 'use sqlite, or memory only if that does not matter',
    }),
  ];
}

/** Finds `store:` in a document, given all findings of its schema; null if the section is invalid. */
export function soundStore(
  document: Json,
  refused: readonly Finding[],
  context: PlanContext,
): StoreSection | null {
  const store = isJsonObject(document) ? document['store'] : undefined;
  if (store === undefined || !isJsonObject(store)) return null;
  if (refused.some(({ path }) => /^\/store(?:\/|$)/.test(path))) return null;
  const findings = checkStore(store, { keyless: [], context });
  return findings.some(({ severity }) => severity === 'error') ? null : store;
}
