// Signatures by Standard Webhooks: with them a receiver knows that a request is ours and unchanged. Source: https://github.com/standard-webhooks/standard-webhooks.

import { createHmac } from 'node:crypto';
import { type Header } from './templates.ts';

/** The keys of `signing:`, in the order in which they sign. */
export type SigningKeys = readonly [Buffer, ...Buffer[]];

const PREFIX = 'whsec_';

const SHORTEST = 24;

const LONGEST = 64;

// More are no rotation any more, and each adds 50 bytes to a header.
const KEYS_AT_MOST = 8;

/** The keys in a text of one secret or several, separated by white space; undefined where one is none. */
export function parseSigningKeys(text: string): SigningKeys | undefined {
  const keys = text.split(/\s+/).map(parseKey);
  const [first, ...others] = keys;
  if (first === undefined || keys.length > KEYS_AT_MOST) return undefined;
  const rest = others.filter((key) => key !== undefined);
  return rest.length === others.length ? [first, ...rest] : undefined;
}

/** What a text of secrets must be, for people. */
export const SIGNING_EXPECTED =
  'no signing secret (expected whsec_ and base64 of 24 to 64 bytes, or up to 8 of them, separated by white space)';

function parseKey(secret: string): Buffer | undefined {
  if (!secret.startsWith(PREFIX)) return undefined;
  const base64 = secret.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, 'base64');
  const isWhole = key.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  return isWhole && key.length >= SHORTEST && key.length <= LONGEST ? key : undefined;
}

/** What is signed. */
interface Signed {
  /** `webhook-id`; without a dot. */
  readonly id: string;
  /** When the attempt is made, in ms since 1970. */
  readonly now: number;
  readonly body: Buffer;
}

/** `webhook-timestamp` and `webhook-signature` of a request. */
export function signatureHeaders({ id, now, body }: Signed, keys: SigningKeys): readonly Header[] {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = keys.map((key) => {
    const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body);
    return `v1,${hmac.digest('base64')}`;
  });
  return [
    ['webhook-timestamp', timestamp],
    ['webhook-signature', signatures.join(' ')],
  ];
}
