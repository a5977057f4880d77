// Secrets and certificates by reference: the text of a file or of an environment variable. It is
// read on use and read again after ten seconds, so that a rotated secret is used without a restart.
// Errors name the file or the variable and never quote its text.

import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { fileTrouble } from './file-trouble.ts';
import { quoted } from './text/printable.ts';

/** A reference to the text of a secret. */
export type SecretRef = { readonly file: string } | { readonly env: string };

/** A secret that a configuration needs; a start is refused if it is missing or unusable. */
export interface NeededSecret {
  /** A JSON Pointer to the key that names it. */
  readonly path: string;
  readonly ref: SecretRef;
  /** Describes the fault of its text, without quoting it; undefined if there is none. */
  readonly fault?: (text: string) => string | undefined;
}

/** The text of a secret, or the reason why it is missing; `why` names the file or variable. */
type ReadSecret =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly why: string };

/** Base of all references. */
export interface SecretPlaces {
  /** Folder of relative paths. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

// A bundle of all public authorities has 250 kB; a much larger file is a mistake.
const LONGEST_BYTES = 1024 * 1024;

/**
 * Reads a secret now.
 *
 * **Shape**: without white space at both ends, which editors and `echo` add. An empty text counts
 * as missing.
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
    // Checked before opening, because opening a pipe would wait for a writer.
    const found = await stat(path);
    if (!found.isFile()) return { ok: false, why: `${where}: not a regular file` };
    if (found.size > LONGEST_BYTES) return { ok: false, why: `${where}: larger than 1 MiB` };
    return toRead(await readFile(path, 'utf8'), where);
  } catch (error) {
    return { ok: false, why: `${where}: ${fileTrouble(error)}` };
  }
}

/**
 * Whether a reference is, by its form, a secret itself: people write a URL or a signing secret
 * instead of the name of its file.
 */
export function isSecretItself(ref: SecretRef): boolean {
  return /^(?:https?:\/\/|whsec_)/i.test('env' in ref ? ref.env : ref.file);
}

/**
 * Renders `file "…"` or `variable …` for people; without the name if the name is a secret itself.
 */
export function nameOfSecret(ref: SecretRef): string {
  if (isSecretItself(ref)) return 'env' in ref ? 'a variable' : 'a file';
  return 'env' in ref ? `variable ${quoted(ref.env)}` : `file ${quoted(ref.file)}`;
}

function toRead(value: string, where: string): ReadSecret {
  const text = value.trim();
  return text === '' ? { ok: false, why: `${where}: empty` } : { ok: true, text };
}

// Time until a swapped Secret is used. The kubelet swaps mounted Secrets about once a minute, and
// reading a small file is cheap.
const FRESH_MS = 10_000;

/** The texts of several secrets by purpose, or the reason why the first one is missing. */
type ReadSecrets<Name extends string> =
  | { readonly ok: true; readonly texts: Readonly<Partial<Record<Name, string>>> }
  | Extract<ReadSecret, { readonly ok: false }>;

/** Secrets that are read together and cached for ten seconds. */
export class SecretSet<Name extends string> {
  readonly #needed: readonly (readonly [Name, NeededSecret])[];
  readonly #places: SecretPlaces;
  readonly #clock: Clock;
  #remembered: { readonly read: Promise<ReadSecrets<Name>>; readonly at: number } | null = null;

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

  /** Returns the secrets, at most ten seconds old; reads again if one was missing. */
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

  /** Makes the next use read again, because the receiver refused a secret. */
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

/** Reads a secret now and checks its text. */
export async function readNeeded(
  { ref, fault }: NeededSecret,
  places: SecretPlaces,
): Promise<ReadSecret> {
  const read = await readSecret(ref, places);
  const wrong = read.ok ? fault?.(read.text) : undefined;
  return wrong === undefined ? read : { ok: false, why: `${nameOfSecret(ref)}: ${wrong}` };
}
