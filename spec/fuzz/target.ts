// What a fuzz target is: a maker of inputs and a check that holds an input to what was promised. An
// input is plain JSON, so that whatever was found can be kept as a file and checked again for ever.

import type { FuzzRandom } from './random.ts';

/** One thing that is fuzzed. */
export interface FuzzTarget<Input = unknown> {
  readonly name: string;
  /** Its inputs and the code under test, in one line. */
  readonly feeds: string;
  /** Makes an input by nothing but chance. */
  make(random: FuzzRandom): Input;
  /** Throws if a promise is broken; a throw of the code under test counts as one. */
  check(input: Input): void | Promise<void>;
  /** Closes what checks opened, such as a server. */
  close?(): Promise<void>;
}

/** A broken promise. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/** Fails the case unless a condition holds; `what` says what was promised. */
export function must(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new BrokenPromise(typeof what === 'string' ? what : what());
}

/** Fails the case unless both are the same JSON. */
export function mustBeSame(found: unknown, wanted: unknown, what: string): void {
  const left = JSON.stringify(found) as string | undefined;
  const right = JSON.stringify(wanted) as string | undefined;
  must(left === right, () => `${what}: ${differenceOf(left ?? '', right ?? '')}`);
}

/** Where two texts part, with a little of what is around. */
function differenceOf(left: string, right: string): string {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at += 1;
  const around = (text: string): string => shown(text.slice(Math.max(0, at - 40), at + 60));
  return `at ${at} found ${around(left)}, wanted ${around(right)}`;
}

/** A text as findings quote it: cut, and safe on a terminal. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const quoted = JSON.stringify(text).replaceAll(/[^\x20-\x7e]/g, '?');
  return quoted.length > 300 ? `${quoted.slice(0, 300)}…` : quoted;
}

// What must not reach a terminal, said a second time so that the oracle does not lean on the code.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Fails if a text has characters that move a cursor, break a line or turn the reading direction.
 */
export function mustBePrintable(text: string, what: string): void {
  must(!UNSAFE.test(text), () => `${what} holds what must not reach a terminal: ${shown(text)}`);
}
