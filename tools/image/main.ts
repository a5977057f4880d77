// `make image`: lays out the root file system of the image and builds it. `--layout` stops before the build.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemEnvironment } from '../../lib/kit/system.ts';
import { PLATFORMS } from './binutils.ts';
import { buildImage, findBuilder } from './builder.ts';
import { bytesOf, renderTable } from './contents.ts';
import type { Architecture } from './debian.ts';
import { LAYOUT_PROGRAMS, layOut } from './layout.ts';
import { readManifest } from './lockfile.ts';
import { LayoutError, missingPrograms } from './programs.ts';

const USAGE = `node tools/image/main.ts [--layout] [--arch amd64|arm64] [--builder PROGRAM] [--name NAME]
  --layout   only lay out the tree in build/image/ARCH, and print its parts
  --arch     architecture of the image (that of this machine)
  --builder  docker, podman, buildah or nerdctl, or the path of one (the first that PATH has)
  --name     name of the image, without a tag (sluice)
`;

const PROJECT = join(import.meta.dirname, '../..');

function main(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      layout: { type: 'boolean' },
      arch: { type: 'string' },
      builder: { type: 'string' },
      name: { type: 'string', default: 'sluice' },
    },
  });
  if (values.help === true) {
    process.stdout.write(USAGE);
    return;
  }
  const environment = systemEnvironment();
  const cacheHome = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const own = architectureOf(process.arch);
  const architecture = values.arch === undefined ? own : architectureOf(values.arch);
  const path = environment['PATH'] ?? '';
  const missing = missingPrograms(LAYOUT_PROGRAMS, path);
  if (missing.length > 0) {
    throw new LayoutError(`PATH has no ${missing.join(', ')}; run this on Debian or Ubuntu`);
  }
  const isBuilt = values.layout !== true;
  // Before the layout, which takes some seconds.
  const builder = isBuilt ? findBuilder(values.builder, path) : '';
  const output = join(PROJECT, 'build/image', architecture);
  const cache = join(cacheHome, 'sluice/image');
  const { root, entries } = layOut({ project: PROJECT, architecture, own, cache, output });
  process.stdout.write(
    `${root}: ${(bytesOf(entries) / 1e6).toFixed(1)} MB\n${renderTable(entries)}`,
  );
  if (!isBuilt) return;
  const tags = buildImage({
    project: PROJECT,
    architecture,
    builder,
    name: values.name,
    version: readManifest(PROJECT).version,
  });
  process.stdout.write(`built ${tags.join(' and ')} for linux/${architecture}\n`);
}

/** An architecture by Debian's name or by that of Node.js. */
function architectureOf(name: string): Architecture {
  if (name === 'amd64' || name === PLATFORMS.amd64.node) return 'amd64';
  if (name === 'arm64') return name;
  throw new LayoutError(`there is no image for ${name}; there is one for amd64 and arm64`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LayoutError)) throw error;
  process.stderr.write(`image: ${error.message}\n`);
  process.exitCode = 1;
}
