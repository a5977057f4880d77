// Judges the type of a manifest by the types that the cluster serves. Permissions and requests are made
// without a cluster, from a guess of the plural; here is the comparison with the real one. Pure.

import type { FindingWords } from '../../core/problem.ts';
import { nearestName } from '../../kit/text/nearest.ts';
import type { ServedGroup, ServedTypes } from './discovery.ts';
import type { ServedType, VersionName } from './discovery-documents.ts';
import { allTypes, parseTypeName, typesNamed } from './type-names.ts';

/** The type of an object that a configuration creates. */
export interface ManifestType extends VersionName {
  readonly kind: string;
  /** The plural that requests and Roles name: a guess, unless it is written. */
  readonly resource: string;
}

/** Finds what prevents the creation of such an object in a namespace; null: nothing. */
export function judgeManifestType(
  wanted: ManifestType,
  { groups, unavailable }: ServedTypes,
): FindingWords | null {
  const isAt = (one: VersionName): boolean =>
    one.group === wanted.group && one.version === wanted.version;
  const silent = unavailable.find(isAt);
  if (silent !== undefined) {
    const message = `the types of ${versionText(wanted)} are unknown at the moment: ${silent.why}`;
    return { message, hint: 'kubectl get apiservices shows the server behind it' };
  }
  const ofKind = allTypes(groups).filter((one) => isAt(one) && one.kind === wanted.kind);
  const type = ofKind.find(({ resource }) => resource === wanted.resource) ?? ofKind[0];
  return type === undefined ? unknownKind(wanted, groups) : judgeType(wanted, type);
}

function judgeType(wanted: ManifestType, type: ServedType): FindingWords | null {
  const { resource, kind } = type;
  if (resource !== wanted.resource) {
    const message = `the plural of ${kind} is ${resource}, but requests and Roles would name ${wanted.resource}`;
    return { message, hint: `write resource: ${resource}` };
  }
  if (!type.isNamespaced) {
    const message = `objects of the kind ${kind} have no namespace, and a trigger creates objects in one`;
    return { message, hint: 'write a kind that has a namespace' };
  }
  if (!type.verbs.includes('create')) {
    const message = `${resource} in ${versionText(wanted)} cannot be created (verbs: ${type.verbs.join(', ')})`;
    return { message, hint: 'write a kind that can be created' };
  }
  return null;
}

function unknownKind(wanted: ManifestType, groups: readonly ServedGroup[]): FindingWords {
  const { kind, group, version } = wanted;
  const served = groups.find((one) => one.group === group);
  const isVersion = served?.versions.some((one) => one.version === version) ?? false;
  const found = isVersion
    ? `no kind ${kind} in ${versionText(wanted)}`
    : `no ${versionText(wanted)}`;
  const message = `the cluster serves ${found}`;
  return {
    message,
    hint: hintFor(wanted, groups) ?? 'install its CRD, or correct apiVersion or kind',
  };
}

/** The kind in the written version, else the version of the written kind, else the group. */
function hintFor(wanted: ManifestType, groups: readonly ServedGroup[]): string | undefined {
  const { kind, group, version } = wanted;
  const inVersion = allTypes(groups).filter(
    (one) => one.group === group && one.version === version,
  );
  const near =
    sameInOtherWords(wanted, groups) ??
    nearestName(
      kind,
      inVersion.map((one) => one.kind),
    );
  if (near !== undefined) return `write kind: ${near}`;
  const [elsewhere] = allTypes(groups)
    .filter((one) => one.kind === kind)
    .toSorted((a, b) => Number(b.group === group) - Number(a.group === group));
  if (elsewhere !== undefined) return `write apiVersion: ${versionText(elsewhere)}`;
  if (groups.some((one) => one.group === group)) return undefined;
  const nearGroup = nearestName(
    group,
    groups.map((one) => one.group),
  );
  return nearGroup === undefined || nearGroup === ''
    ? undefined
    : `write the group ${nearGroup}, or install the CRD of the kind`;
}

/** A plural, a singular, a short name or another case in the place of the kind. */
function sameInOtherWords(
  { kind, group, version }: ManifestType,
  groups: readonly ServedGroup[],
): string | undefined {
  const name = parseTypeName(`${kind}.${version}.${group}`);
  const [first] = name === null ? [] : (typesNamed(name, groups)?.types ?? []);
  return first?.group === group && first.version === version ? first.kind : undefined;
}

function versionText({ group, version }: VersionName): string {
  return group === '' ? version : `${group}/${version}`;
}
