// Where the API's token comes from: the file that the configuration names, else one that the gateway
// makes for itself beside the store and finds again. It never prints a token, only where it is.
// Source: open(2) for O_EXCL and O_NOFOLLOW, link(2) for a name that appears with its content.

import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Finding } from '../core/problem.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';
import type { TokenCheck } from './access.ts';

/** A token and its file, or why there is none. */
export type FoundToken =
  | { readonly ok: true; readonly file: string; readonly token: string }
  | { readonly ok: false; readonly finding: Finding };

/** The file's name in its folder. */
export const TOKEN_FILE = 'sluice.token';

const TOKEN_BYTES = 32;
// More is no token but some other file.
const MAX_FILE_BYTES = 4096;
const MIN_CHARACTERS = 16;
const MODE = 0o600;
const OTHERS = 0o077;

/** Reads the token of a file that the configuration names; a mounted Secret is a link, and not ours. */
export async function readToken(file: string): Promise<FoundToken> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    return tokenOf(
      file,
      await contentOf(handle),
      'write a token of at least 16 characters into it',
    );
  } catch (error) {
    return unusable(`reading the token from ${file}: ${fileTrouble(error)}`, {
      hint: 'name a file that the gateway may read',
    });
  }
}

/**
 * Finds the gateway's own token in a folder, or makes it there.
 *
 * **Order and time**: of several gateways that begin together in one folder, one makes it and all
 * use it.
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
  return (await readOwn(file, owner)) ?? unwritable(file, new Error('it went away again'));
}

/** Null where there is no such file. */
async function readOwn(file: string, owner: number): Promise<FoundToken | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const { mode, uid } = await handle.stat();
    if (uid !== owner) return mistrusted(file, `it belongs to user ${uid}, expected ${owner}`);
    if ((mode & OTHERS) !== 0) {
      const found = (mode & 0o777).toString(8).padStart(4, '0');
      const hint = `somebody else may have read it: remove it, and the next start makes another`;
      return unusable(`${file} has mode ${found}, expected 0600`, { hint });
    }
    return tokenOf(file, await contentOf(handle), 'remove it, and the next start makes another');
  } catch (error) {
    const code = codeOfFailure(error);
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') return mistrusted(file, 'it is a symbolic link, expected a file');
    return mistrusted(file, fileTrouble(error));
  }
}

/** The name appears with the whole token behind it, or not at all; it never replaces another. */
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

async function contentOf(handle: FileHandle): Promise<string | null> {
  const stat = await handle.stat();
  if (!stat.isFile() || stat.size > MAX_FILE_BYTES) return null;
  return (await handle.readFile('utf8')).trim();
}

function tokenOf(file: string, content: string | null, hint: string): FoundToken {
  if (content === null) return unusable(`${file} is no file of a token`, { hint });
  if (!/^[\x21-\x7e]*$/.test(content)) {
    return unusable(`${file} has characters that no header can carry`, { hint });
  }
  if (content.length >= MIN_CHARACTERS) return { ok: true, file, token: content };
  const message = `${file} has ${content.length} characters, expected at least ${MIN_CHARACTERS}`;
  return unusable(message, { hint });
}

/** The answer for a gateway that has no folder for its own token. */
export const NO_TOKEN_FOLDER = unkept('none of SLUICE_DATA, XDG_STATE_HOME and HOME is set');

function mistrusted(file: string, why: string): FoundToken {
  const hint = 'remove it, and the next start makes another, or name a file under http.tokenFile';
  return unusable(`the token in ${file} is not used: ${why}`, { hint });
}

function unwritable(file: string, error: unknown): FoundToken {
  return unkept(`writing ${file}: ${fileTrouble(error)}`);
}

function unkept(why: string): FoundToken {
  return unusable(`no token is kept: ${why}`, {
    severity: 'info',
    hint: 'name a file under http.tokenFile, or a folder that can be written in SLUICE_DATA',
  });
}

function unusable(
  message: string,
  { hint, severity = 'warning' }: { hint: string; severity?: 'warning' | 'info' },
): FoundToken {
  const path = '/http/tokenFile';
  return { ok: false, finding: { severity, code: 'secret-unreadable', path, message, hint } };
}

// The bearer token of the API: compared in constant time, and read again where its file is somebody
// else's to rotate. Where a token comes from is token-file.ts.
// Source: RFC 6750; node:crypto timingSafeEqual over hashes, so that lengths do not show either.

// A Secret is rotated by hand; a second bounds what guessing costs in reads.
const REREAD_MS = 1_000;
// Long enough for whoever replaces a file by removing it first; a token that is taken away must end.
const KEPT_MS = 10_000;

/** Reads the token; null where there is none that can be used. */
type ReadToken = () => Promise<string | null>;

/** Compares what requests show with the token. */
export class Token {
  readonly #read: ReadToken;
  readonly #clock: Clock;
  #hash: Promise<Buffer | null> = Promise.resolve(null);
  #readAt = Number.NEGATIVE_INFINITY;
  /** Since when it finds none; null while it does. */
  #lostAt: number | null = null;

  constructor(read: ReadToken, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  /** What an Authorization header is worth. */
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

  /** A file that cannot be read for a moment does not lock everybody out; one that is gone does. */
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
