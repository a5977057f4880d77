// Secrets and certificates by reference: the text of a file or of an environment variable, read when
// it is needed and again after a short while, so that a rotated one is noticed without a restart.
// It never shows what it read: what goes wrong names the file or the variable only.

import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { fileTrouble } from './file-trouble.ts';
import { quoted } from './text/printable.ts';

/** Where a secret is. */
export type SecretRef = { readonly file: string } | { readonly env: string };

/** A secret that a configuration needs, so that a start can be refused where it is not there. */
export interface NeededSecret {
  /** A JSON Pointer to the key that names it. */
  readonly path: string;
  readonly ref: SecretRef;
  /** What is wrong with its text, without quoting it; undefined where nothing is. */
  readonly fault?: (text: string) => string | undefined;
}

/** The text of a secret, or why there is none; `why` names where it should be. */
type ReadSecret =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: string };

/** What reading needs. */
export interface SecretPlaces {
  /** Where relative paths begin. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

// A bundle of every public authority is 250 kB; more is not what was meant.
const LONGEST_BYTES = 1024 * 1024;

/**
 * Reads a secret now.
 *
 * **Shape**: without white space at both ends, which editors and `echo` leave. Empty is none.
 */
export async function readSecret(ref: SecretRef, places: SecretPlaces): Promise<ReadSecret> {
  const where = nameOfSecret(ref);
  if ('env' in ref) {
    const value = places.environment[ref.env];
    if (value === undefined) return { ok: false, why: `${where}: not set` };
    return toRead(value, where);
  }
  try {
    const path = resolve(places.folder, ref.file);
    // Looked at before it is opened: opening a pipe would wait for who writes into it.
    const found = await stat(path);
    if (!found.isFile()) return { ok: false, why: `${where}: not a regular file` };
    if (found.size > LONGEST_BYTES) return { ok: false, why: `${where}: larger than 1 MiB` };
    return toRead(await readFile(path, 'utf8'), where);
  } catch (error) {
    return { ok: false, why: `${where}: ${fileTrouble(error)}` };
  }
}

/**
 * Whether a reference is a secret itself, known by its form. People write a URL or a signing secret in
 * the place of the file that holds it.
 */
export function isSecretItself(ref: SecretRef): boolean {
  return /^(?:https?:\/\/|whsec_)/i.test('env' in ref ? ref.env : ref.file);
}

/** `file "…"` or `variable …`, for people; without the name if that is the secret. */
export function nameOfSecret(ref: SecretRef): string {
  if (isSecretItself(ref)) return 'env' in ref ? 'a variable' : 'a file';
  return 'env' in ref ? `variable ${quoted(ref.env)}` : `file ${quoted(ref.file)}`;
}

function toRead(value: string, where: string): ReadSecret {
  const text = value.trim();
  return text === '' ? { ok: false, why: `${where}: empty` } : { ok: true, text };
}

// The kubelet swaps mounted Secrets about once a minute, and reading a small file costs next to
// nothing: within this time after the swap the new one is used.
const FRESH_MS = 10_000;

/** The texts of several secrets by what they are for, or the first that there is none of. */
type ReadSecrets<Name extends string> =
  | { readonly ok: true; readonly texts: Readonly<Partial<Record<Name, string>>> }
  | { readonly ok: false; readonly why: string };

interface RememberedSecret<Name extends string> {
  readonly read: Promise<ReadSecrets<Name>>;
  readonly at: number;
}

/** Secrets that are used together, read together and remembered for ten seconds. */
export class SecretSet<Name extends string> {
  readonly #needed: readonly (readonly [Name, NeededSecret])[];
  readonly #places: SecretPlaces;
  readonly #clock: Clock;
  #remembered: RememberedSecret<Name> | null = null;

  constructor(
    needed: Readonly<Partial<Record<Name, NeededSecret>>>,
    places: SecretPlaces,
    clock: Clock,
  ) {
    this.#needed = Object.entries<NeededSecret | undefined>(needed).flatMap(([name, one]) =>
      // Object.entries forgets what the keys are.
      one === undefined ? [] : [[name as Name, one] as const],
    );
    this.#places = places;
    this.#clock = clock;
  }

  /** The secrets as they were at most ten seconds ago; where one was missing, as they are now. */
  async read(): Promise<ReadSecrets<Name>> {
    const now = this.#clock.monotonic();
    const known = this.#remembered;
    if (known !== null && now - known.at < FRESH_MS) return known.read;
    const remembered = { read: this.#readAll(), at: now };
    this.#remembered = remembered;
    const read = await remembered.read;
    if (!read.ok && this.#remembered === remembered) this.#remembered = null;
    return read;
  }

  /** The receiver refused what was read: the next use reads again. */
  forget(): void {
    this.#remembered = null;
  }

  async #readAll(): Promise<ReadSecrets<Name>> {
    const texts: Partial<Record<Name, string>> = {};
    for (const [name, needed] of this.#needed) {
      const read = await readNeeded(needed, this.#places);
      if (!read.ok) return read;
      texts[name] = read.text;
    }
    return { ok: true, texts };
  }
}

/** Reads a secret now and looks whether it can be one. */
export async function readNeeded(
  { ref, fault }: NeededSecret,
  places: SecretPlaces,
): Promise<ReadSecret> {
  const read = await readSecret(ref, places);
  const wrong = read.ok ? fault?.(read.text) : undefined;
  return wrong === undefined ? read : { ok: false, why: `${nameOfSecret(ref)}: ${wrong}` };
}
