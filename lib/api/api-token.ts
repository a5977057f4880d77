// The bearer token of the API. It comes from the file that the configuration names, or from one that
// the gateway creates beside its store. Nothing prints a token, only the path of its file.
// Source: RFC 6750; open(2) for O_EXCL and O_NOFOLLOW, link(2) for creating a complete file at once.

import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Finding } from '../core/problem.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';
import type { TokenCheck } from './access.ts';

/** Result of the search for a token: the token and its file, or the problem. */
export type FoundToken =
  | { readonly ok: true; readonly file: string; readonly token: string }
  | { readonly ok: false; readonly finding: Finding };

/** Name of the token file that the gateway creates. */
export const TOKEN_FILE = 'sluice.token';

const TOKEN_BYTES = 32;
// A larger file is not a token file.
const MAX_FILE_BYTES = 4096;
const MIN_CHARACTERS = 16;
const MODE = 0o600;
const OTHERS = 0o077;

/** Reads a configured token file; it may be a symbolic link and of any owner, as a mounted Secret is. */
export async function readToken(file: string): Promise<FoundToken> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    return await tokenIn(handle, file, 'write a token of at least 16 characters into it');
  } catch (error) {
    return unusable(`reading the token from ${file}: ${fileTrouble(error)}`, {
      hint: 'name a file that the gateway may read',
    });
  }
}

/**
 * Reads the gateway's own token from a folder, or creates it there.
 *
 * **Order and time**: if several gateways start in one folder at the same time, one creates the token
 * and all use it.
 */
export async function keepToken(folder: string, owner: number): Promise<FoundToken> {
  const file = join(folder, TOKEN_FILE);
  const found = await readOwn(file, owner);
  if (found !== null) return found;
  try {
    await make(file);
  } catch (error) {
    if (codeOfFailure(error) !== 'EEXIST') return unwritable(file, error);
  }
  return (await readOwn(file, owner)) ?? unwritable(file, new Error('it was removed'));
}

/** Reads the gateway's own token file; null if there is none. */
async function readOwn(file: string, owner: number): Promise<FoundToken | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const { mode, uid } = await handle.stat();
    if (uid !== owner) return mistrusted(file, `it belongs to user ${uid}, expected ${owner}`);
    if ((mode & OTHERS) !== 0) {
      const found = (mode & 0o777).toString(8).padStart(4, '0');
      const hint = `other users may have read it: remove it, and the next start creates a new one`;
      return unusable(`${file} has mode ${found}, expected 0600`, { hint });
    }
    return await tokenIn(handle, file, 'remove it, and the next start creates a new one');
  } catch (error) {
    const code = codeOfFailure(error);
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') return mistrusted(file, 'it is a symbolic link, expected a file');
    return mistrusted(file, fileTrouble(error));
  }
}

/** Creates the file complete or not at all, and never replaces an existing one. */
async function make(file: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const handle = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
  try {
    await handle.writeFile(`${randomBytes(TOKEN_BYTES).toString('base64url')}\n`);
    await handle.sync();
    await handle.close();
    await link(draft, file);
  } finally {
    await handle.close();
    await unlink(draft);
  }
}

async function tokenIn(handle: FileHandle, file: string, hint: string): Promise<FoundToken> {
  const stat = await handle.stat();
  if (!stat.isFile() || stat.size > MAX_FILE_BYTES) {
    return unusable(`${file} is not a token file`, { hint });
  }
  const content = (await handle.readFile('utf8')).trim();
  if (!/^[\x21-\x7e]*$/.test(content)) {
    return unusable(`${file} has characters that are invalid in a header`, { hint });
  }
  if (content.length >= MIN_CHARACTERS) return { ok: true, file, token: content };
  const message = `${file} has ${content.length} characters, expected at least ${MIN_CHARACTERS}`;
  return unusable(message, { hint });
}

/** Result for a gateway without a folder for its own token. */
export const NO_TOKEN_FOLDER = unkept('none of SLUICE_DATA, XDG_STATE_HOME and HOME is set');

function mistrusted(file: string, why: string): FoundToken {
  const hint = 'remove it, and the next start creates a new one, or set http.tokenFile';
  return unusable(`the token in ${file} is not used: ${why}`, { hint });
}

function unwritable(file: string, error: unknown): FoundToken {
  return unkept(`writing ${file}: ${fileTrouble(error)}`);
}

function unkept(why: string): FoundToken {
  return unusable(`cannot store a token: ${why}`, {
    severity: 'info',
    hint: 'set http.tokenFile, or set SLUICE_DATA to a writable folder',
  });
}

function unusable(
  message: string,
  { hint, severity = 'warning' }: { hint: string; severity?: 'warning' | 'info' },
): FoundToken {
  const path = '/http/tokenFile';
  return { ok: false, finding: { severity, code: 'secret-unreadable', path, message, hint } };
}

// A Secret is rotated by hand. At most one read a second bounds the cost of guessing tokens.
const REREAD_MS = 1_000;
// Enough to replace the file by removing it first; a token whose file stays away must expire.
const KEPT_MS = 10_000;

/**
 * Compares the tokens of requests with the gateway's in constant time, and rereads a rotated file.
 *
 * **Source**: node:crypto timingSafeEqual; it compares hashes, so that lengths do not leak either.
 */
export class Token {
  readonly #read: () => Promise<string | null>;
  readonly #clock: Clock;
  #hash: Promise<Buffer | null> = Promise.resolve(null);
  #readAt = Number.NEGATIVE_INFINITY;
  /** Time since which no token is found; null if there is one. */
  #lostAt: number | null = null;

  /** `read` reads the token; null if none is usable. */
  constructor(read: () => Promise<string | null>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** Checks an Authorization header. */
  async check(authorization: string | undefined): Promise<TokenCheck> {
    const hash = await this.#current();
    if (hash === null) return 'unset';
    if (authorization === undefined) return 'absent';
    const [, shown] = /^Bearer +(\S+) *$/i.exec(authorization) ?? [];
    return shown !== undefined && timingSafeEqual(hashOf(shown), hash) ? 'right' : 'wrong';
  }

  #current(): Promise<Buffer | null> {
    const now = this.#clock.monotonic();
    if (now - this.#readAt < REREAD_MS) return this.#hash;
    this.#readAt = now;
    this.#hash = this.#readAgain(this.#hash);
    return this.#hash;
  }

  /** A file that is unreadable for a moment keeps the token valid; one that stays away revokes it. */
  async #readAgain(before: Promise<Buffer | null>): Promise<Buffer | null> {
    const token = await this.#read();
    const now = this.#clock.monotonic();
    if (token === null) {
      this.#lostAt ??= now;
      return now - this.#lostAt < KEPT_MS ? before : null;
    }
    this.#lostAt = null;
    return hashOf(token);
  }
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
