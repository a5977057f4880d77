// What contributors type and write: targets of make, npm scripts that call them, commands in the
// documents, and entries of CHANGELOG.md.

import { type Fault, type Files, filesUnder } from './files.ts';

/** The kinds of an entry in CHANGELOG.md. */
export const KINDS = ['FEATURE', 'ENHANCEMENT', 'BUGFIX', 'CHANGE', 'SECURITY'] as const;

const CHANGELOG = 'CHANGELOG.md';
const CONTRIBUTING = 'CONTRIBUTING.md';
const PACKAGE = 'package.json';

// npm's own word for it; every other script has the name of its target.
const START = { script: 'start', target: 'run' } as const;

/** Entries of the changelog without a kind. */
export function changelogFaults(files: Files): readonly Fault[] {
  const kind = new RegExp(`^- \\[(?:${KINDS.join('|')})\\] \\S`);
  return linesOf(files, CHANGELOG)
    .filter(({ text }) => text.startsWith('- ') && !kind.test(text))
    .map(({ line }) => ({
      file: CHANGELOG,
      line,
      what: `begins with none of ${KINDS.map((name) => `[${name}]`).join(' ')}`,
    }));
}

/** Scripts of npm that are not the target of their name, and listed targets without a script. */
export function scriptFaults(files: Files): readonly Fault[] {
  const { scripts = {} } = JSON.parse(files.get(PACKAGE) ?? '{}') as Package;
  const targets = targetsOf(files).filter(({ isListed }) => isListed);
  const wanted = new Map(
    targets.map(({ name }) => [name === START.target ? START.script : name, `make ${name}`]),
  );
  wanted.delete('help');
  const faults = Object.entries(scripts)
    .filter(([name, command]) => wanted.get(name) !== command)
    .map(([name]) => `script ${name} should ${wanted.get(name) ?? 'not be there'}`);
  const missing = [...wanted.keys()]
    .filter((name) => !Object.hasOwn(scripts, name))
    .map((name) => `has no script ${name}: ${wanted.get(name) ?? ''}`);
  return [...faults, ...missing].map((what) => ({ file: PACKAGE, line: 1, what }));
}

/** Commands of make in the documents that the Makefile does not have. */
export function makeCommandFaults(files: Files): readonly Fault[] {
  const known = targetsOf(files).map(({ name }) => name);
  return [...filesUnder(files, /\.md$/).keys()].flatMap((file) =>
    makeCommandsOf(files, file)
      .filter(({ name }) => !known.includes(name))
      .map(({ name, line }) => ({ file, line, what: `the Makefile has no target ${name}` })),
  );
}

/** Listed targets that CONTRIBUTING.md does not explain. */
export function unexplainedTargets(files: Files): readonly Fault[] {
  const named = makeCommandsOf(files, CONTRIBUTING).map(({ name }) => name);
  return targetsOf(files)
    .filter(({ name, isListed }) => isListed && !named.includes(name))
    .map(({ name }) => ({ file: CONTRIBUTING, line: 1, what: `does not explain make ${name}` }));
}

interface Package {
  readonly scripts?: Readonly<Record<string, string>>;
}

interface Target {
  readonly name: string;
  /** Whether `make` prints it. */
  readonly isListed: boolean;
}

function targetsOf(files: Files): readonly Target[] {
  return linesOf(files, 'Makefile').flatMap(({ text }) => {
    const name = /^([a-z]+):(?!=)/.exec(text)?.[1];
    return name === undefined ? [] : [{ name, isListed: text.includes('## ') }];
  });
}

interface Command {
  readonly name: string;
  readonly line: number;
}

/** In backticks, and at the beginning of a line of a fenced block. */
function makeCommandsOf(files: Files, file: string): readonly Command[] {
  let isFenced = false;
  return linesOf(files, file).flatMap(({ text, line }) => {
    if (text.startsWith('```')) isFenced = !isFenced;
    const pattern = isFenced ? /^make ([a-z]+)/g : /`make ([a-z]+)(?=`| [A-Z]+=)/g;
    return [...text.matchAll(pattern)].map(([, name = '']) => ({ name, line }));
  });
}

interface Line {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

function linesOf(files: Files, file: string): readonly Line[] {
  const lines = (files.get(file) ?? '').split('\n');
  return lines.map((text, place) => ({ text, line: place + 1 }));
}
