// Builds the image from a laid-out tree with the builder of this machine. All of them take the same arguments.

import { basename, join } from 'node:path';
import type { Architecture } from './debian.ts';
import { LayoutError, missingPrograms, output, show } from './programs.ts';

/** Builders, in the order in which they are looked for. */
const BUILDERS: readonly string[] = ['docker', 'podman', 'buildah', 'nerdctl'];

// These two write one layer for the whole image unless they are asked for more.
const ONE_LAYER: readonly string[] = ['podman', 'buildah'];

/** A wanted image. */
export interface ImageRequest {
  readonly project: string;
  readonly architecture: Architecture;
  /** Name or path of a builder. */
  readonly builder: string;
  /** Name without a tag. */
  readonly name: string;
  readonly version: string;
}

/** Builds the image and tags it; returns its names. */
export function buildImage(request: ImageRequest): readonly string[] {
  const { project, architecture, builder, name, version } = request;
  const tags = [`${name}:${version}`, `${name}:latest`];
  const args = [
    'build',
    ...(ONE_LAYER.includes(basename(builder)) ? ['--layers'] : []),
    ...['--platform', `linux/${architecture}`],
    // An older docker does not set it from the platform.
    ...['--build-arg', `TARGETARCH=${architecture}`],
    ...['--build-arg', `VERSION=${version}`],
    ...['--build-arg', `REVISION=${revisionOf(project)}`],
    ...['--file', join(project, 'Dockerfile')],
    ...tags.flatMap((tag) => ['--tag', tag]),
    project,
  ];
  show({ file: builder, args, cwd: project });
  return tags;
}

/** The named builder, else the first in the folders of PATH. */
export function findBuilder(builder: string | undefined, path: string): string {
  if (builder !== undefined) {
    if (BUILDERS.includes(basename(builder))) return builder;
    throw new LayoutError(`the builder ${builder} is none of ${BUILDERS.join(', ')}`);
  }
  const missing = missingPrograms(BUILDERS, path);
  const found = BUILDERS.find((name) => !missing.includes(name));
  if (found === undefined) throw new LayoutError(`PATH has none of ${BUILDERS.join(', ')}`);
  return found;
}

/** The commit, or an empty text if this is no checkout. */
function revisionOf(project: string): string {
  try {
    return output({ file: 'git', args: ['rev-parse', 'HEAD'], cwd: project }).trim();
  } catch {
    return '';
  }
}
