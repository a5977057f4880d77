// Runs the cases of one target, one after the other, in this thread. It knows nothing of threads
// and files; what it finds and how far it is, it tells.

import { FuzzRandom, type FuzzRandom as Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** A case in which a promise was broken. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly case: number;
  /** The error's name, message and first places. */
  readonly what: string;
}

/** Result of a run. */
export interface Tally {
  readonly target: string;
  readonly cases: number;
  readonly seconds: number;
  readonly slowestMs: number;
  readonly slowestCase: number;
  /** How many cases broke a promise, also those that are not listed. */
  readonly failed: number;
  readonly findings: readonly Finding[];
}

/** Which cases to run. */
export interface Range {
  readonly seed: number;
  /** The first case. */
  readonly from: number;
  /** How many at the most. */
  readonly cases: number;
  /** Time to stop, in ms from the start. */
  readonly limitMs: number;
}

/** Progress of a run. */
export interface SessionHooks {
  /** Before each case. */
  readonly began?: (number: number) => void;
}

/** A case that computes for longer hangs, or is on its way to. */
export const SLOWEST_MS = 5_000;

/** The same mistake is listed so many times; the others are counted. */
const LISTED_OF_A_KIND = 3;

/** Makes the input of one case. */
export function makeCase<Input>(target: FuzzTarget<Input>, seed: number, number: number): Input {
  const random: Random = new FuzzRandom(seed, target.name, number);
  return target.make(random);
}

/** Runs cases of a target. */
export async function runSession(
  target: FuzzTarget,
  range: Range,
  hooks: SessionHooks = {},
): Promise<Tally> {
  const begin = performance.now();
  const kinds = new Map<string, number>();
  const findings: Finding[] = [];
  const slowest = { ms: 0, number: range.from };
  let failed = 0;
  let number = range.from;
  const end = range.from + range.cases;
  const note = (error: unknown): void => {
    failed += 1;
    const what = describe(error);
    const kind = kindOf(what);
    const known = kinds.get(kind) ?? 0;
    kinds.set(kind, known + 1);
    if (known >= LISTED_OF_A_KIND) return;
    findings.push({ target: target.name, seed: range.seed, case: number, what });
  };
  // A rejection that no code awaits is the fault of this case or of one just before.
  process.on('unhandledRejection', note);
  const runOne = async (): Promise<void> => {
    const before = cpuMs();
    try {
      const done = target.check(makeCase(target, range.seed, number));
      if (done !== undefined) await done;
    } catch (error) {
      note(error);
    }
    const ms = cpuMs() - before;
    if (ms > slowest.ms) Object.assign(slowest, { ms, number });
    if (ms > SLOWEST_MS) note(new Error(`it computed for ${Math.round(ms)} ms`));
  };
  try {
    for (; number < end && performance.now() - begin < range.limitMs; number += 1) {
      hooks.began?.(number);
      await runOne();
    }
    await settled();
  } finally {
    process.off('unhandledRejection', note);
    await target.close?.();
  }
  return {
    target: target.name,
    cases: number - range.from,
    seconds: (performance.now() - begin) / 1000,
    slowestMs: slowest.ms,
    slowestCase: slowest.number,
    failed,
    findings,
  };
}

/** Computing time of this thread, which a busy machine does not stretch. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Lets rejections be noticed. */
async function settled(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await new Promise<void>((resolve) => {
    port2.once('message', () => resolve());
    port1.postMessage(null);
  });
  port1.close();
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  const places = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const here = places
    .slice(0, 4)
    .map((line) => line.trim().replace(/\(?file:.*\/(?=lib|spec)/, '('));
  return [`${error.name}: ${error.message.slice(0, 600)}`, ...here].join('\n    ');
}

/** Identity of a finding: its words without numbers and quotations, and its place. */
function kindOf(what: string): string {
  const [message = '', ...places] = what.split('\n');
  return [message.replaceAll(/"(?:[^"\\]|\\.)*"?|\d+/g, '#').slice(0, 80), places[1]].join('|');
}
