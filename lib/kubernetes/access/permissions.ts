// Permissions of a section in the cluster, derived from the grants of its kind. The chart derives the
// same list from the same grants (charts/sluice/files/kinds.json); a spec compares both.

import { isJsonList, isJsonObject, type Json, jsonAt, stringAt } from '../../core/json-object.ts';
import type { CheckContext, Grant, Permission } from '../../core/ports/kind.ts';
import { pointerSteps } from '../../kit/data/json-pointer.ts';
import { resourceOf } from '../client/objects.ts';
import type { ManifestType } from '../discovery/manifest-types.ts';

/** A section that needs permissions. */
interface GrantedSection {
  /** The value that the pointers of grants lead into. */
  readonly section: unknown;
  /** The subject of each `why`, for instance `source shop`. */
  readonly who: string;
  readonly context: Pick<CheckContext, 'namespace' | 'buildNamespace'>;
}

/** Derives the permissions of one section. */
export function permissionsOf(
  grants: readonly Grant[],
  { section, who, context }: GrantedSection,
): readonly Permission[] {
  const valueAt = valuesOf(section);
  return grants.flatMap((grant): readonly Permission[] => {
    const { switchAt, names, why } = grant;
    if (switchAt !== undefined && valueAt(switchAt) === false) return [];
    const { group, resource } = objectsOf(grant, valueAt);
    const isSecret = group === '' && resource === 'secrets';
    const verbs = (isSecret ? grant.verbsOnSecrets : undefined) ?? grant.verbs;
    return namespacesOf(grant, valueAt, context).map((namespace) => ({
      ...{ namespace, group, resource, verbs, why: `${who} ${why}` },
      ...(names === 'own' && { names: [context.namespace] }),
    }));
  });
}

/** Lists the types of the manifests in a section, with the plurals that its permissions name. */
export function manifestTypesOf(
  grants: readonly Grant[],
  section: unknown,
): readonly ManifestType[] {
  const valueAt = valuesOf(section);
  return grants.flatMap((grant) => ('resource' in grant ? [] : [manifestTypeOf(grant, valueAt)]));
}

type ValueAt = (pointer: string) => Json | undefined;

function valuesOf(section: unknown): ValueAt {
  return (pointer) =>
    isJsonObject(section) ? jsonAt(section, ...pointerSteps(pointer)) : undefined;
}

function objectsOf(grant: Grant, valueAt: ValueAt): Pick<Permission, 'group' | 'resource'> {
  return 'resource' in grant ? grant : manifestTypeOf(grant, valueAt);
}

function manifestTypeOf(
  { manifestAt, pluralAt }: Extract<Grant, { readonly manifestAt: string }>,
  valueAt: ValueAt,
): ManifestType {
  const manifest = valueAt(manifestAt);
  const object = isJsonObject(manifest) ? manifest : {};
  const written = valueAt(pluralAt);
  const plural = typeof written === 'string' ? written : undefined;
  const { group, version, plural: resource } = resourceOf(object, plural);
  return { group, version, kind: stringAt(object, 'kind'), resource };
}

/** Null is the whole cluster. */
function namespacesOf(
  { namespaces: { at, otherwise } }: Grant,
  valueAt: ValueAt,
  context: GrantedSection['context'],
): readonly (string | null)[] {
  const written = at === undefined ? undefined : valueAt(at);
  const named = isJsonList(written) ? written : [written];
  const texts = named.filter((one) => typeof one === 'string').filter((one) => one !== '');
  if (texts.includes('*')) return [null];
  if (texts.length > 0) return [...new Set(texts)];
  const own = context.namespace === '' ? null : context.namespace;
  return [otherwise === 'own' ? own : context.buildNamespace];
}

/** Joins permissions on the same objects and sorts them. */
export function mergePermissions(permissions: readonly Permission[]): readonly Permission[] {
  const groups = Map.groupBy(permissions, ({ namespace, group, resource, names }) =>
    JSON.stringify([namespace, group, resource, names ?? null]),
  );
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, same]) => join(same));
}

function join(same: readonly Permission[]): readonly Permission[] {
  const [first] = same;
  if (first === undefined) return [];
  const verbs = [...new Set(same.flatMap((one) => one.verbs))].toSorted();
  const why = joinedWhy(same);
  const purposes = verbs.map((verb): [string, string] => [
    verb,
    joinedWhy(same.filter((one) => one.verbs.includes(verb))),
  ]);
  const isOnePurpose = purposes.every(([, purpose]) => purpose === why);
  return [{ ...first, verbs, why, ...(!isOnePurpose && { whyOf: Object.fromEntries(purposes) }) }];
}

function joinedWhy(permissions: readonly Permission[]): string {
  return [...new Set(permissions.map(({ why }) => why))].join('; ');
}
