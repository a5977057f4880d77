// `store:` of a configuration: exactly one kind, and what every kind shares. From a section that the
// schema accepted to what the plan holds, and from whatever stands there in a file that is refused
// as a whole to a section that holds by itself: the store is found even then. It opens nothing.
// Follows docs/configuration.md (store).

import { createValidator, type Validator } from '../config/validate.ts';
import { isJsonObject, type Json } from '../core/event.ts';
import type { Kind } from '../core/kind.ts';
import type { Finding } from '../core/problem.ts';
import type { ClosedStore } from '../core/store.ts';
import { parseSize, renderSize } from '../kit/text/quantity.ts';
import { storeKinds } from '../stores/registry.ts';
import type { StoreParts } from '../stores/store-kind.ts';
import { STORE_DEFAULTS, STORE_SIZES } from './defaults.ts';
import {
  errorAt,
  findingsAt,
  type PlanContext,
  type PlannedStore,
  pointerOf,
  sectionContext,
} from './plan.ts';
import { storeSchema } from './schema.ts';
import { durationOr } from './settings.ts';

// A kind's own type of section is checked by its schema; here it is only handed on.
const STORES: Readonly<Record<string, Kind<unknown, StoreParts, ClosedStore>>> = storeKinds;
const DEFAULT_SIZES: Readonly<Record<string, string>> = STORE_SIZES;

/** `store:` as it is written: one kind's section, and the keys that all kinds share. */
export interface StoreSection {
  readonly maxSize?: string;
  readonly overflow?: 'block' | 'shed';
  readonly keepSettled?: string;
  readonly [kind: string]: unknown;
}

/** The store that a section describes; without a section the one of all defaults. */
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

/** How long settled deliveries are kept, in ms. */
export function settledMsOf({ keepSettled = STORE_DEFAULTS.keepSettled }: StoreSection): number {
  return durationOr(keepSettled, 0);
}

/** The same section at another place: what all kinds share stays. */
export function storeAt(
  section: StoreSection,
  place: { readonly kind: string; readonly own: unknown },
): StoreSection {
  const shared = Object.entries(section).filter(([key]) => !Object.hasOwn(STORES, key));
  return { ...Object.fromEntries(shared), [place.kind]: place.own };
}

/** The kind that a section names, else the default one. */
export function kindOf(section: StoreSection): string {
  return Object.keys(STORES).find((known) => Object.hasOwn(section, known)) ?? STORE_DEFAULTS.kind;
}

// Below this not even the tables and a handful of Events fit, and everything would be blocked.
const SMALLEST_SIZE = '1Mi';
// An Event may have 4 MiB, and one batch several deliveries of it: a store that is smaller than this
// may find one that never fits, and with `block` wait for room that can not come.
const SAFE_SIZE = '16Mi';

/** Bounds that are no use, and a store that forgets what only it could know. */
export function checkStore(
  section: StoreSection,
  { keyless, context }: { readonly keyless: readonly string[]; readonly context: PlanContext },
): readonly Finding[] {
  const kind = kindOf(section);
  const own = STORES[kind]?.check?.(section[kind] ?? {}, sectionContext(kind, context)) ?? [];
  return [
    ...findingsAt(pointerOf('store', kind), own),
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
      errorAt(path, {
        code: 'wrong-value',
        message: `found ${maxSize} (${renderSize(bytes)} bytes), expected at least ${SMALLEST_SIZE}`,
        hint: `write ${SAFE_SIZE} or more, or leave it out`,
      }),
    ];
  }
  if (bytes >= safe) return [];
  return [
    {
      severity: 'warning',
      code: 'store-small',
      path,
      message: `one Event may have 4 MiB, and each trigger keeps its own copy: in ${maxSize} it may never fit, and what comes behind it waits`,
      hint: `write ${SAFE_SIZE} or more`,
    },
  ];
}

/** Names protect what Kubernetes creates also from a gateway that forgot; nothing protects these. */
function forgetting(section: StoreSection, keyless: readonly string[]): readonly Finding[] {
  if (keyless.length === 0 || !Object.hasOwn(section, 'memory')) return [];
  const [names, they] =
    keyless.length === 1
      ? [`trigger ${keyless[0] ?? ''}`, 'its receiver']
      : [`triggers ${keyless.join(', ')}`, 'their receivers'];
  return [
    {
      severity: 'warning',
      code: 'store-forgets',
      path: '/store/memory',
      message: `a restart loses the deliveries that wait, and ${names} may start again what was started before: ${they} can not tell`,
      hint: 'use sqlite, or memory only where that does not matter',
    },
  ];
}

/**
 * `store:` of a document, where that section by itself is valid; null where there is none that is.
 * The rest of the document may be as wrong as it likes.
 */
export function soundStore(document: Json, context: PlanContext): StoreSection | null {
  const section = isJsonObject(document) ? document['store'] : undefined;
  if (section === undefined || !isJsonObject(section)) return null;
  if (storeValidator()(section).length > 0) return null;
  const findings = checkStore(section, { keyless: [], context });
  return findings.some(({ severity }) => severity === 'error') ? null : section;
}

// The schema is the same for every document, and compiling it takes longer than all the rest.
let compiled: Validator | undefined;

function storeValidator(): Validator {
  compiled ??= createValidator(storeSchema());
  return compiled;
}
