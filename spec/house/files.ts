// The tree as house specs see it: paths with their texts, and a fault as they report one. Checkers
// are pure over this map, so that each can be shown a bad example.

import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Paths from the root of the project, with `/`, and the texts of the files. */
export type Files = ReadonlyMap<string, string>;

/** One thing that is wrong, with its place. */
export interface Fault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly what: string;
}

const ROOT = join(import.meta.dirname, '..', '..');

// What no person writes by hand or reads in a review: recordings, checksums, the lockfile.
const LARGEST_TEXT = 1024 * 1024;

/** Files from a record, for bad examples. */
export function filesOf(texts: Readonly<Record<string, string>>): Files {
  return new Map(Object.entries(texts));
}

/** Every file that is or would be committed. */
export function readTree(): Files {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const names = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\0');
  const files = new Map<string, string>();
  for (const name of new Set(names)) {
    const text = name === '' ? undefined : readText(join(ROOT, name));
    if (text !== undefined) files.set(name, text);
  }
  return files;
}

/** The files whose path matches. */
export function filesUnder(files: Files, pattern: RegExp): Files {
  return new Map([...files].filter(([file]) => pattern.test(file)));
}

/** The TypeScript and JavaScript of these files, parsed, without what a generator wrote. */
export function* sourcesOf(files: Files): Generator<ts.SourceFile> {
  for (const [file, text] of files) {
    if (!/\.[jt]s$/.test(file) || file.endsWith('.generated.ts')) continue;
    yield parsed(file, text);
  }
}

/** A fault at a node of a source. */
export function faultAt(source: ts.SourceFile, node: ts.Node, what: string): Fault {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  return { file: source.fileName, line: line + 1, what };
}

/** Faults as the lines that a failing spec shows. */
export function shown(faults: Iterable<Fault>): readonly string[] {
  return [...faults].map(({ file, line, what }) => `${file}:${line}: ${what}`);
}

/** Every node of a source, parents before children. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

const cache = new Map<string, ts.SourceFile>();

function parsed(file: string, text: string): ts.SourceFile {
  const known = cache.get(file);
  if (known?.text === text) return known;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  cache.set(file, source);
  return source;
}

function readText(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > LARGEST_TEXT) return undefined;
  const text = readFileSync(path, 'utf8');
  return text.includes('\0') ? undefined : text;
}
