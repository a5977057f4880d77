// A root file system in a folder: files are copied into it, then every mode and time is set to what the image
// has. So the same inputs give the same tree, whatever umask and clock this machine has.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Whether a file is copied; the path begins at the copied folder. */
export type Choice = (path: string) => boolean;

/** One entry of a tree. */
export interface Entry {
  /** Absolute, as in the image. */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'link';
  /** Octal, with the sticky bit. */
  readonly mode: string;
  /** Units: bytes; 0 for what is no file. */
  readonly size: number;
  /** SHA-256 of a file, target of a link. */
  readonly content: string;
}

/** Folders in which every user may write, and only remove files of their own. */
const SHARED_MODE = 0o1777;

// A constant: dates of a checkout or of a build would differ between machines.
const TIME = new Date(0);

/** A root file system that is being laid out. */
export class Tree {
  readonly root: string;
  readonly #shared = new Set<string>();

  constructor(root: string) {
    this.root = root;
    mkdirSync(root, { recursive: true });
  }

  /** The place of a path of the image on this machine. */
  at(path: string): string {
    return join(this.root, path);
  }

  folder(path: string, kind: 'plain' | 'shared' = 'plain'): void {
    mkdirSync(this.at(path), { recursive: true });
    if (kind === 'shared') this.#shared.add(path);
  }

  write(path: string, text: string, kind: 'plain' | 'program' = 'plain'): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text, { mode: kind === 'program' ? 0o755 : 0o644 });
  }

  /** Copies one file; a link is followed. */
  copy(from: string, path: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    copyFileSync(from, this.at(path));
  }

  /** Copies the chosen files of a folder, in the order of their names. */
  copyFolder(from: string, path: string, choice: Choice = () => true): void {
    for (const file of filesUnder(from)) {
      const name = relative(from, file);
      if (choice(name)) this.copy(file, join(path, name));
    }
  }

  /** Sets modes and times of everything in the tree. */
  finish(): void {
    for (const entry of walk(this.root)) {
      const path = `/${relative(this.root, entry)}`;
      const stat = lstatSync(entry);
      if (!stat.isSymbolicLink()) chmodSync(entry, this.#modeOf(path, stat));
      lutimesSync(entry, TIME, TIME);
    }
  }

  /** Every entry, by path. */
  entries(): readonly Entry[] {
    const entries = [...walk(this.root)].filter((path) => path !== this.root);
    return entries.map((path) => this.#entryOf(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  #modeOf(path: string, stat: { readonly mode: number; isDirectory(): boolean }): number {
    if (this.#shared.has(path)) return SHARED_MODE;
    return stat.isDirectory() || (stat.mode & 0o111) !== 0 ? 0o755 : 0o644;
  }

  #entryOf(file: string): Entry {
    const stat = lstatSync(file);
    const path = `/${relative(this.root, file)}`;
    const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
    if (stat.isDirectory()) return { path, type: 'folder', mode, size: 0, content: '' };
    if (stat.isSymbolicLink()) {
      return { path, type: 'link', mode, size: 0, content: readlinkSync(file) };
    }
    const content = createHash('sha256').update(readFileSync(file)).digest('hex');
    return { path, type: 'file', mode, size: stat.size, content };
  }
}

/** Files below a folder, also those that links lead to, in the order of their names. */
export function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => (statSync(path).isDirectory() ? filesUnder(path) : [path]));
}

/** A folder after everything in it, so that its time stays. */
function* walk(path: string): Generator<string> {
  if (lstatSync(path).isDirectory()) {
    for (const name of readdirSync(path)) yield* walk(join(path, name));
  }
  yield path;
}
