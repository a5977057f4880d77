// The laid-out tree that the specs of the image share, and what they need of the machine. Laying it out takes
// some seconds, so each process of mocha does it once.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemEnvironment } from '../../lib/kit/system.ts';
import type { Architecture } from '../../tools/image/debian.ts';
import { LAYOUT_PROGRAMS, type Layout, layOut } from '../../tools/image/layout.ts';
import { missingPrograms } from '../../tools/image/programs.ts';
import { readSpecEnvironment } from '../controlplane/environment.ts';
import { leaveOut } from '../support/left-out.ts';
import { SYSTEM_FOLDERS } from './container.ts';

/** Root of the project. */
export const project = join(import.meta.dirname, '../..');

/** Where packages are kept between runs. */
export const cache = join(readSpecEnvironment().cacheDirectory, '../image');

/** The architecture of this machine. */
export const own: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Programs that stand in for a container runtime. */
const CONTAINER_PROGRAMS = ['unshare', 'mount', 'chroot'];

const layouts = new Map<Architecture, Layout>();

/** Lays out the tree of an architecture, once a process. It is removed when the process ends. */
export function layoutOf(architecture: Architecture): Layout {
  const known = layouts.get(architecture);
  if (known !== undefined) return known;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-image-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const layout = layOut({ project, architecture, own, cache, output: join(folder, architecture) });
  layouts.set(architecture, layout);
  return layout;
}

/** Skips specs for which this machine has no packages of Debian; in CI that is a failure. */
export function needLayout(context: Mocha.Context): void {
  need(context, missing(LAYOUT_PROGRAMS));
}

/** Skips specs that must be root on Linux to make a container; in CI that is a failure. */
export function needContainers(context: Mocha.Context): void {
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  const why = missing([...LAYOUT_PROGRAMS, ...CONTAINER_PROGRAMS]);
  need(context, isRoot ? why : 'mounts need root on Linux');
}

function need(context: Mocha.Context, why: string | undefined): void {
  if (why !== undefined) leaveOut(context, 'specs of the image', why);
}

function missing(programs: readonly string[]): string | undefined {
  // A PATH of a user may lack the folders with mount and chroot; the container has them.
  const path = `${systemEnvironment()['PATH'] ?? ''}:${SYSTEM_FOLDERS}`;
  const absent = missingPrograms(programs, path);
  return absent.length === 0 ? undefined : `this machine has no ${absent.join(', ')}`;
}
