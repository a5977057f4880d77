// Names of types as kubectl writes them: `pods`, `deploy`, `deployments.apps`, `deployments.v1.apps`, and
// `*` in the place of a resource. Plurals, singulars, short names and kinds are found in that order.
// Pure: the types come from discovery.ts.
// Differences from kubectl: short names and kinds are found in any case, a plural comes before a singular,
// and `pods.v1.`, with an empty group, is of the core group only.
// Source: apimachinery runtime/schema ParseResourceArg, api/meta DefaultRESTMapper and PriorityRESTMapper;
// client-go restmapper/shortcut.go.

import type { ServedGroup } from './discovery.ts';
import type { ServedType } from './discovery-documents.ts';

/** A parsed name. */
interface TypeName {
  /** The name as it is written. */
  readonly text: string;
  /** Plural, singular, short name or kind in lower case; `*` is every type. */
  readonly resource: string;
  /**
   * Places to look in, the first with a match counts: in `a.b.c`, `b` is a version of the group `c`,
   * or `b.c` is a group.
   */
  readonly places: readonly TypePlace[];
}

/** A place of a type; null is every group or version. */
interface TypePlace {
  /** '' for the core group. */
  readonly group: string | null;
  readonly version: string | null;
}

/** The longest name of a group is 253 characters; the others are labels of at most 63. */
const LONGEST = 400;
const NAME = /^(?:\*|[a-z0-9-]+)(?:\.[a-z0-9.-]*)?$/;

/** Parses a name; null if it is none. */
export function parseTypeName(text: string): TypeName | null {
  const name = text.toLowerCase();
  if (text.length > LONGEST || !NAME.test(name)) return null;
  const [resource = '', ...rest] = name.split('.');
  const [version = '', ...group] = rest;
  const whole = { group: rest.join('.') || null, version: null };
  if (group.length === 0) return { text, resource, places: [whole] };
  const versioned = { group: group.join('.'), version };
  return { text, resource, places: versioned.group === '' ? [versioned] : [versioned, whole] };
}

/** Types that a name matches. */
interface MatchedTypes {
  /** How it matches: `prefix` is by the beginning of a group, as `ingresses.networking`. */
  readonly by: 'all' | 'name' | 'short name' | 'kind' | 'prefix';
  /** At least one, in order of priority: of the groups, then of the versions of a group. */
  readonly types: readonly ServedType[];
}

/** Finds the types that a name means; null if there are none. */
export function typesNamed(name: TypeName, groups: readonly ServedGroup[]): MatchedTypes | null {
  for (const place of name.places) {
    const types = typesAt(place, groups);
    if (name.resource === '*') {
      if (types.length > 0) return { by: 'all', types };
      continue;
    }
    const matched = matchAt(name.resource, types) ?? matchByPrefix(name.resource, place, groups);
    if (matched !== null) return matched;
  }
  return null;
}

/** Every type, in order of priority. */
export function allTypes(groups: readonly ServedGroup[]): readonly ServedType[] {
  return groups.flatMap(({ versions }) => versions.flatMap(({ types }) => types));
}

function typesAt(place: TypePlace, groups: readonly ServedGroup[]): readonly ServedType[] {
  const within = groups.filter(({ group }) => place.group === null || place.group === group);
  const types = allTypes(within);
  return place.version === null ? types : types.filter(({ version }) => version === place.version);
}

function matchAt(resource: string, types: readonly ServedType[]): MatchedTypes | null {
  const steps = [
    ['name', (type: ServedType) => type.resource === resource],
    ['name', (type: ServedType) => type.singular === resource],
    ['short name', (type: ServedType) => type.shortNames.includes(resource)],
    ['kind', (type: ServedType) => type.kind.toLowerCase() === resource],
  ] as const;
  for (const [by, matches] of steps) {
    const found = types.filter(matches);
    if (found.length > 0) return { by, types: found };
  }
  return null;
}

/** kubectl accepts the beginning of a group, but only without a version. */
function matchByPrefix(
  resource: string,
  { group, version }: TypePlace,
  groups: readonly ServedGroup[],
): MatchedTypes | null {
  if (group === null || group === '' || version !== null) return null;
  const begun = groups.filter((one) => one.group.startsWith(group));
  const matched = matchAt(resource, allTypes(begun));
  return matched === null || matched.by === 'kind' ? null : { by: 'prefix', types: matched.types };
}
