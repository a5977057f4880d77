// Everything in the image that is neither Node.js nor the application: shared libraries, public certificate
// authorities, users, name resolution, licences, and the list of packages that scanners read.

import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Binutils, Platform } from './binutils.ts';
import type { DebianArchive, DebianPackage } from './debian.ts';
import { NODE } from './node-binary.ts';
import { LayoutError } from './programs.ts';
import { filesUnder, type Tree } from './tree.ts';

/** Packages whose contents, or a part of them, are in the image. */
const PACKAGES = ['base-files', 'ca-certificates', 'libc6', 'libgcc-s1', 'libstdc++6'] as const;

/** Where OpenSSL, and so Node.js with NODE_USE_SYSTEM_CA, finds authorities. */
export const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** Folder of the store and of the API's token: the only one that must be writable. */
export const DATA = '/var/lib/sluice';

/** The user of the image. A number in the Dockerfile, so that `runAsNonRoot` can be checked. */
const USER = { name: 'sluice', id: 1000 } as const;

const FILES: Readonly<Record<string, string>> = {
  '/etc/passwd':
    'root:x:0:0:root:/:/usr/sbin/nologin\n' +
    `${USER.name}:x:${USER.id}:${USER.id}:Sluice:${DATA}:/usr/sbin/nologin\n` +
    'nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n',
  '/etc/group': `root:x:0:\n${USER.name}:x:${USER.id}:\nnogroup:x:65534:\n`,
  // Without it, the C library asks DNS before /etc/hosts.
  '/etc/nsswitch.conf': 'hosts: files dns\n',
};

/** Empty folders: a container runtime mounts there, and configuration goes to /etc/sluice. */
const FOLDERS = ['/dev', '/proc', '/sys', '/run', '/lib64', '/etc/sluice'] as const;

/** Sources of the system. */
export interface SystemRequest {
  readonly archive: DebianArchive;
  readonly platform: Platform;
  readonly binutils: Binutils;
}

/** Puts the system around Node.js, which is in the tree already; returns its packages. */
export function addSystem(tree: Tree, request: SystemRequest): readonly DebianPackage[] {
  const named = request.archive.packages(PACKAGES);
  const documents = named.flatMap(documentPackage);
  const missing = documents.filter((name) => !named.some((one) => one.name === name));
  const packages = [
    ...named,
    ...(missing.length > 0 ? request.archive.packages([...new Set(missing)]) : []),
  ];
  for (const [path, text] of Object.entries(FILES)) tree.write(path, text);
  for (const path of FOLDERS) tree.folder(path);
  for (const path of ['/tmp', DATA]) tree.folder(path, 'shared');
  addLibraries(tree, { ...request, packages });
  addAuthorities(tree, folderOf(packages, 'ca-certificates'));
  tree.copy(join(folderOf(packages, 'base-files'), 'usr/lib/os-release'), '/etc/os-release');
  addLicences(tree, packages);
  for (const { name, control } of packages) tree.write(`/var/lib/dpkg/status.d/${name}`, control);
  return packages;
}

/** Copies the dynamic linker and every library that Node.js loads, directly or through another one. */
function addLibraries(
  tree: Tree,
  { binutils, platform, packages }: SystemRequest & { readonly packages: readonly DebianPackage[] },
): void {
  const { interpreter, needed } = binutils.linkingOf(tree.at(NODE));
  if (interpreter === undefined) throw new LayoutError('node has no dynamic linker');
  tree.copy(libraryIn(packages, platform, basename(interpreter)), interpreter);
  const wanted = [...needed];
  const done = new Set([basename(interpreter)]);
  for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
    if (done.has(name)) continue;
    done.add(name);
    const file = libraryIn(packages, platform, name);
    tree.copy(file, `/lib/${platform.triplet}/${name}`);
    wanted.push(...binutils.linkingOf(file).needed);
  }
}

function libraryIn(
  packages: readonly DebianPackage[],
  { triplet }: Platform,
  name: string,
): string {
  const found = packages
    .flatMap(({ folder }) => ['lib', 'usr/lib'].map((lib) => join(folder, lib, triplet, name)))
    .find((file) => existsSync(file));
  if (found === undefined) {
    throw new LayoutError(`no package of ${PACKAGES.join(', ')} has ${name}, which Node.js loads`);
  }
  return found;
}

/** Joins the authorities as `update-ca-certificates` does with its default settings. */
function addAuthorities(tree: Tree, folder: string): void {
  const certificates = filesUnder(join(folder, 'usr/share/ca-certificates/mozilla'))
    .filter((file) => file.endsWith('.crt'))
    .map((file) => readFileSync(file, 'utf8'));
  tree.write(AUTHORITIES, certificates.join(''));
}

/** Copies the licence of each package, and the common licences that those texts refer to. */
function addLicences(tree: Tree, packages: readonly DebianPackage[]): void {
  const common = new Set<string>();
  for (const { name, folder } of packages) {
    const file = join(folder, 'usr/share/doc', name, 'copyright');
    if (lstatSync(join(folder, 'usr/share/doc', name)).isSymbolicLink()) continue;
    tree.copy(file, `/usr/share/doc/${name}/copyright`);
    for (const [, licence = ''] of readFileSync(file, 'utf8').matchAll(COMMON_LICENCE)) {
      common.add(licence.replace(/\.$/, ''));
    }
  }
  const folder = join(folderOf(packages, 'base-files'), 'usr/share/common-licenses');
  for (const name of readdirSync(folder)) {
    if (common.has(name)) tree.copy(join(folder, name), `/usr/share/common-licenses/${name}`);
  }
}

const COMMON_LICENCE = /\/usr\/share\/common-licenses\/([\w.-]+)/g;

/** The package that contains the documents of this one, if that is another. */
function documentPackage({ name, folder }: DebianPackage): readonly string[] {
  const documents = join(folder, 'usr/share/doc', name);
  return lstatSync(documents).isSymbolicLink() ? [basename(readlinkSync(documents))] : [];
}

function folderOf(packages: readonly DebianPackage[], name: string): string {
  const found = packages.find((one) => one.name === name);
  if (found === undefined) throw new LayoutError(`apt did not fetch ${name}`);
  return found.folder;
}
