// Lays out the root file system of the image for one architecture, in a folder:
//
//   root/           all of it, as the image has it
//   layers/runtime  all but /app: it changes with Node.js and the distribution
//   layers/app      /app, which changes with each version
//   sbom.cdx.json   the bill of materials
//   listing.txt     mode, size and digest of each entry

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { APP, addApplication } from './application.ts';
import { renderBillOfMaterials } from './bill-of-materials.ts';
import { Binutils, PLATFORMS } from './binutils.ts';
import { renderListing } from './contents.ts';
import { type Architecture, DebianArchive } from './debian.ts';
import { readManifest } from './lockfile.ts';
import { addNode } from './node-binary.ts';
import { output as run } from './programs.ts';
import { addSystem } from './system.ts';
import { type Entry, Tree } from './tree.ts';

/** Path of the bill of materials in the image. */
export const BILL_OF_MATERIALS = join(APP, 'sbom.cdx.json');

/** Programs of Debian and Ubuntu that a layout runs. */
export const LAYOUT_PROGRAMS: readonly string[] = ['apt-get', 'dpkg-deb', 'flock', 'npm', 'tar'];

/** A wanted layout. */
export interface LayoutRequest {
  /** Root of the project. */
  readonly project: string;
  readonly architecture: Architecture;
  /** The architecture of this machine, whose tools run. */
  readonly own: Architecture;
  /** Folder that keeps packages between layouts. */
  readonly cache: string;
  /** Folder that is replaced. */
  readonly output: string;
}

/** A layout that is done. */
export interface Layout {
  readonly root: string;
  readonly entries: readonly Entry[];
}

/** Lays out the tree; nothing else of the machine changes. */
export function layOut(request: LayoutRequest): Layout {
  const { project, architecture, own, cache, output } = request;
  rmSync(output, { recursive: true, force: true });
  const tree = new Tree(join(output, 'root'));
  const platform = PLATFORMS[architecture];
  const tools = new DebianArchive(join(cache, 'debian'), own);
  const archive = new DebianArchive(join(cache, 'debian'), architecture);
  for (const one of new Set([tools, archive])) one.update();
  const binutils = new Binutils(tools, platform);
  const node = addNode(tree, { project, cache: join(cache, 'npm'), platform, binutils });
  const debian = addSystem(tree, { archive, platform, binutils });
  const npm = addApplication(tree, project);
  const distribution = distributionOf(tree);
  const application = readManifest(project);
  const bill = renderBillOfMaterials({ application, node, npm, debian, distribution });
  tree.write(BILL_OF_MATERIALS, bill);
  tree.finish();
  splitLayers(output);
  const entries = tree.entries();
  writeFileSync(join(output, 'sbom.cdx.json'), bill);
  writeFileSync(join(output, 'listing.txt'), renderListing(entries));
  return { root: tree.root, entries };
}

/** Splits the tree into folders of links, so that a push of a new version has only what changed. */
function splitLayers(output: string): void {
  const layers = join(output, 'layers');
  mkdirSync(join(layers, 'app'), { recursive: true });
  const runtime = join(layers, 'runtime');
  run({ file: 'cp', args: ['--archive', '--link', join(output, 'root'), runtime] });
  renameSync(join(runtime, APP), join(layers, 'app', APP));
}

function distributionOf(tree: Tree): string {
  const text = readFileSync(tree.at('/etc/os-release'), 'utf8');
  const field = (name: string): string =>
    new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return `${field('ID')}-${field('VERSION_ID')}`;
}
