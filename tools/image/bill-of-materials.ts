// The bill of materials of the image in CycloneDX: the npm packages of the lockfile, the packages of the
// distribution, and Node.js.
//
// `npm sbom` is not used: with `--omit=dev` it leaves out packages that a development dependency needs, too.

import { createHash } from 'node:crypto';
import { Contrib, Enums, Models, Serialize, SPDX, Spec } from '@cyclonedx/cyclonedx-library';
import type { DebianPackage } from './debian.ts';
import type { LockedPackage, Manifest } from './lockfile.ts';

const { parsePackageIntegrity } = Contrib.FromNodePackageJson.Utils;

/** Parts of one image. */
export interface Materials {
  readonly application: Manifest;
  readonly node: LockedPackage;
  readonly npm: readonly LockedPackage[];
  readonly debian: readonly DebianPackage[];
  /** `ID-VERSION_ID` of the distribution, as package URLs name it. */
  readonly distribution: string;
}

/** The licences of the files that are in the image; their texts are in /usr/share/doc. */
const DEBIAN_LICENCES: Readonly<Record<string, string>> = {
  'base-files': 'GPL-2.0-or-later',
  'ca-certificates': 'MPL-2.0',
  'gcc-base': 'GPL-3.0-or-later',
  libc6: 'LGPL-2.1-or-later',
  'libgcc-s1': 'GPL-3.0-or-later WITH GCC-exception-3.1',
  'libstdc++6': 'GPL-3.0-or-later WITH GCC-exception-3.1',
};

/** Renders the bill of materials as JSON; the same parts give the same text. */
export function renderBillOfMaterials(materials: Materials): string {
  const application = applicationOf(materials);
  const npm = new Map(materials.npm.map((one) => [one.path, npmComponent(one)]));
  for (const one of materials.npm) connect(npm, one);
  const node = nodeComponent(materials);
  const debian = materials.debian.map((one) => debianComponent(one, materials));
  const components = [...npm.values(), node, ...debian];
  for (const name of materials.application.dependencies) {
    const found = npm.get(`node_modules/${name}`);
    if (found !== undefined) application.dependencies.add(found.bomRef);
  }
  application.dependencies.add(node.bomRef);
  for (const { bomRef } of debian) node.dependencies.add(bomRef);
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: application }),
    components: new Models.ComponentRepository(components),
    serialNumber: serialOf([application, ...components]),
  });
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  const serializer = new Serialize.JsonSerializer(factory);
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function applicationOf({ application }: Materials): Models.Component {
  const { name, version, description, license } = application;
  return new Models.Component(Enums.ComponentType.Application, name, {
    bomRef: `${name}@${version}`,
    version,
    description,
    licenses: licences(license),
  });
}

function npmComponent({
  path,
  name,
  version,
  license,
  integrity,
}: LockedPackage): Models.Component {
  return new Models.Component(Enums.ComponentType.Library, name, {
    // A package can be there twice.
    bomRef: path,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    licenses: licences(license),
    hashes: hashOf(integrity),
  });
}

function nodeComponent({ node }: Materials): Models.Component {
  return new Models.Component(Enums.ComponentType.Application, 'node', {
    bomRef: node.path,
    version: node.version,
    purl: `pkg:npm/${node.name}@${node.version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:*:*:*:*`,
    licenses: licences(node.license),
    hashes: hashOf(node.integrity),
  });
}

function debianComponent(
  { name, version, architecture, source, sha256 }: DebianPackage,
  { distribution }: Materials,
): Models.Component {
  const of = [`arch=${architecture}`, `distro=${distribution}`];
  if (source !== name) of.push(`upstream=${encodeURIComponent(source)}`);
  const place = `${encodeURIComponent(name)}@${encodeURIComponent(version)}`;
  return new Models.Component(Enums.ComponentType.Library, name, {
    bomRef: `deb/${name}`,
    version,
    purl: `pkg:deb/${distribution.replace(/-.*/, '')}/${place}?${of.join('&')}`,
    licenses: licences(DEBIAN_LICENCES[name.replace(/^gcc-\d+-/, 'gcc-')] ?? ''),
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm['SHA-256'], sha256]]),
  });
}

function licences(text: string): Models.LicenseRepository {
  if (text === '') return new Models.LicenseRepository();
  const license = SPDX.isSupportedSpdxId(text)
    ? new Models.SpdxLicense(text)
    : new Models.LicenseExpression(text);
  return new Models.LicenseRepository([license]);
}

function hashOf(integrity: string): Models.HashDictionary {
  return new Models.HashDictionary([parsePackageIntegrity(integrity)]);
}

/** Finds each dependency as Node.js does: in the package's own folder first, then in those above it. */
function connect(
  components: ReadonlyMap<string, Models.Component>,
  { path, dependencies }: LockedPackage,
): void {
  for (const name of dependencies) {
    const found = foldersAbove(path)
      .map((folder) => components.get(`${folder}node_modules/${name}`))
      .find((one) => one !== undefined);
    if (found !== undefined) components.get(path)?.dependencies.add(found.bomRef);
  }
}

function foldersAbove(path: string): readonly string[] {
  const folders = [`${path}/`];
  for (let at = path.lastIndexOf('node_modules/'); at >= 0; ) {
    folders.push(path.slice(0, at));
    at = at === 0 ? -1 : path.lastIndexOf('node_modules/', at - 1);
  }
  return folders;
}

/** A UUID of the contents (RFC 9562, version 8), because a random one would change the tree. */
function serialOf(components: readonly Models.Component[]): string {
  const hash = createHash('sha256');
  for (const { name, version, purl } of components) {
    hash.update(`${name} ${version ?? ''} ${purl ?? ''}\n`);
  }
  const hex = hash.digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return `urn:uuid:${[...parts, hex.slice(20, 32)].join('-')}`;
}
