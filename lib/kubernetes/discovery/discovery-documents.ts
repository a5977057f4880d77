// Documents of discovery as values: the aggregated form, with all types of all versions in one document,
// and the older one, with a document for the groups and one for each version. They are untrusted, because
// extension servers write parts of them: any key may be missing, and parts that no client could use are
// left out. Sub-resources are left out, too. Requests are in discovery.ts.
// Source: k8s.io/api apidiscovery/v2 (v2beta1 has the same form); k8s.io/apimachinery pkg/apis/meta/v1
// (APIVersions, APIGroupList, APIResourceList); KEP 3352.

import { type Json, jsonAt, listOf, stringAt } from '../../core/json-object.ts';

/** A type of objects in one version of its group. */
export interface ServedType extends VersionName {
  /** The plural in lower case, as in paths and Roles. */
  readonly resource: string;
  readonly kind: string;
  /** In lower case. */
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
}

/** A version of a group. */
export interface VersionName {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
}

/** A version with its types, or the reason why they are unknown. */
export type FoundVersion = VersionName &
  (
    | { readonly found: 'types'; readonly types: readonly ServedType[] }
    | { readonly found: 'unavailable'; readonly why: string }
  );

/** A version that a document of groups only names. */
export type ListedVersion = VersionName & { readonly found: 'name' };

const STALE = 'the server behind it did not answer the API server';

/**
 * Parses an answer to `/api` or `/apis`. Groups are in order of priority, versions of a group in order
 * of preference. Null: it is no document of discovery.
 */
export function parseRoot(body: Json): readonly (FoundVersion | ListedVersion)[] | null {
  switch (stringAt(body, 'kind')) {
    case 'APIGroupDiscoveryList':
      return listOf(jsonAt(body, 'items')).flatMap(aggregatedGroup);
    case 'APIGroupList':
      return listOf(jsonAt(body, 'groups')).flatMap(listedGroup);
    case 'APIVersions':
      return textsIn(body, 'versions').map((version) => ({ group: '', version, found: 'name' }));
    default:
      return null;
  }
}

function aggregatedGroup(item: Json): readonly FoundVersion[] {
  const group = stringAt(item, 'metadata', 'name');
  if (group !== '' && !isName(group)) return [];
  return listOf(jsonAt(item, 'versions')).flatMap((one): readonly FoundVersion[] => {
    const at = { group, version: stringAt(one, 'version') };
    if (!isName(at.version)) return [];
    // A stale document may be of any age. A client must not rely on its types.
    if (stringAt(one, 'freshness') === 'Stale')
      return [{ ...at, found: 'unavailable', why: STALE }];
    const types = listOf(jsonAt(one, 'resources')).flatMap((type) => {
      const kind = stringAt(type, 'responseKind', 'kind');
      const singular = stringAt(type, 'singularResource');
      const isNamespaced = stringAt(type, 'scope') === 'Namespaced';
      return typeOf(type, {
        ...at,
        resource: stringAt(type, 'resource'),
        kind,
        singular,
        isNamespaced,
      });
    });
    return [{ ...at, found: 'types', types }];
  });
}

/** The preferred version comes first; the server may list the others in any order. */
function listedGroup(item: Json): readonly ListedVersion[] {
  const group = stringAt(item, 'name');
  if (!isName(group)) return [];
  const preferred = stringAt(item, 'preferredVersion', 'version');
  const versions = listOf(jsonAt(item, 'versions')).map((one) => stringAt(one, 'version'));
  const ordered = versions.toSorted((a, b) => Number(b === preferred) - Number(a === preferred));
  return ordered.filter(isName).map((version) => ({ group, version, found: 'name' }));
}

/** Parses the types of one version in the older form. Null: it is no document of discovery. */
export function parseVersion(body: Json, at: VersionName): readonly ServedType[] | null {
  if (stringAt(body, 'kind') !== 'APIResourceList') return null;
  return listOf(jsonAt(body, 'resources')).flatMap((type) => {
    const { group, version } = at;
    const resource = stringAt(type, 'name');
    const kind = stringAt(type, 'kind');
    const singular = stringAt(type, 'singularName');
    const isNamespaced = jsonAt(type, 'namespaced') === true;
    return typeOf(type, { group, version, resource, kind, singular, isNamespaced });
  });
}

/** The type, unless its name is that of a sub-resource or it has only sub-resources, and no kind. */
function typeOf(
  document: Json,
  type: Omit<ServedType, 'shortNames' | 'verbs'>,
): readonly ServedType[] {
  if (!isName(type.resource) || !KIND.test(type.kind)) return [];
  // Older servers name no singular. It is then the kind in lower case, as kubectl guesses it.
  const singular = isName(type.singular) ? type.singular : type.kind.toLowerCase();
  const shortNames = textsIn(document, 'shortNames');
  return [{ ...type, singular, shortNames, verbs: textsIn(document, 'verbs') }];
}

function textsIn(document: Json, key: string): readonly string[] {
  const texts = listOf(jsonAt(document, key)).filter((one) => typeof one === 'string');
  return [...new Set(texts.filter(isName))];
}

// As the API server validates them. Others cannot be part of a path, a Role or a line of the log.
const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const KIND = /^[A-Za-z][A-Za-z0-9-]{0,252}$/;

function isName(text: string): boolean {
  return NAME.test(text);
}
