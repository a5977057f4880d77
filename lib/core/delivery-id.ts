// Delivery ids: lower-case ULIDs that are computed from the delivery's key. A replay after a crash
// therefore makes the same id, and the receiver can recognize the repetition.
// Sources: https://github.com/ulid/spec (canonical encoding, Crockford's base 32); for the trace
// context W3C Trace Context, section 3.2 (version 00, sampled).

import { createHash } from 'node:crypto';
import { millisecondsOf, parseMicroTime } from './micro-time.ts';

/** The key from which a delivery id is computed, together with a bucket. */
export interface DeliveryKey {
  readonly clusterId: string;
  readonly ruleIdentity: string;
  readonly triggerIdentity: string;
  /** The identity of the occurrence, by its source. The last text is its first time, which may be ''. */
  readonly identity: readonly string[];
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

const TIME_LIMIT = 2 ** 48;

/** Of the span id in a trace context, in hexadecimal. */
const SPAN_DIGITS = 16;

const ID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/**
 * Computes the id of the delivery with this key in this bucket.
 *
 * **Shape**: 26 characters. Time part: the first time in ms; 0 if it is missing or does not fit
 * into 48 bits. Random part: the first 80 bits of SHA-256 over the JSON list of all strings, the bucket
 * last.
 */
export function deliveryId(key: DeliveryKey, bucket: string): string {
  return idOf(ledgerParts(key), bucket);
}

/** Computes the same id from a key of the ledger, which each delivery has. */
export function deliveryIdOf(key: string, bucket: string): string {
  const parts: unknown = JSON.parse(key);
  if (!Array.isArray(parts)) throw new TypeError(`not a key of the ledger: ${key}`);
  return idOf(parts.map(String), bucket);
}

/** The key of the ledger's entry: the input of the id without the bucket. */
export function ledgerKey(key: DeliveryKey): string {
  return JSON.stringify(ledgerParts(key));
}

const RERUN = /^(?<bucket>.*)\/rerun-(?<number>\d+)$/s;

/** Bucket of the original, and the number of this rerun; 0: it is the original. */
export function parseBucket(text: string): { readonly bucket: string; readonly number: number } {
  const { bucket = text, number = '0' } = RERUN.exec(text)?.groups ?? {};
  return { bucket, number: Number(number) };
}

/** The bucket of a rerun of the delivery that has this bucket. */
export function rerunBucket(bucket: string, number: number): string {
  return `${bucket}/rerun-${number}`;
}

/** Checks whether a delivery is a rerun of another one. */
export function isRerun({ bucket }: { readonly bucket: string }): boolean {
  return parseBucket(bucket).number > 0;
}

/** Checks whether a text has the form of a delivery id. */
export function isDeliveryId(text: string): boolean {
  return ID.test(text);
}

/** The id's 128 bits as 32 hexadecimal digits; the trace context is made from them. */
export function idBits(id: string): string {
  let bits = 0n;
  for (const character of id) bits = bits * 32n + BigInt(ALPHABET.indexOf(character));
  return bits.toString(16).padStart(32, '0');
}

/**
 * The trace context of a delivery: `00-<the id's 128 bits>-<its last 64 bits>-01`, in hexadecimal.
 * It is the same at each attempt, so that all spans of a pipeline belong to one trace. Sluice itself
 * records no spans.
 */
export function traceparent(id: string): string {
  const bits = idBits(id);
  return `00-${bits}-${bits.slice(-SPAN_DIGITS)}-01`;
}

function idOf(parts: readonly string[], bucket: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([...parts, bucket]), 'utf8')
    .digest();
  const random = BigInt(`0x${digest.subarray(0, 10).toString('hex')}`);
  const bits = (timePart(parts.at(-1) ?? '') << 80n) | random;
  const digits = bits.toString(32).padStart(26, '0');
  // Both alphabets have the digits 0 to 9 and a to h at the same places.
  return digits.replaceAll(/[i-v]/g, (digit) => ALPHABET.charAt(Number.parseInt(digit, 32)));
}

function ledgerParts(key: DeliveryKey): readonly string[] {
  const { clusterId, ruleIdentity, triggerIdentity, identity } = key;
  return [clusterId, ruleIdentity, triggerIdentity, ...identity];
}

function timePart(firstTime: string): bigint {
  const micros = parseMicroTime(firstTime);
  if (micros === undefined) return 0n;
  const ms = millisecondsOf(micros);
  return ms >= 0 && ms < TIME_LIMIT ? BigInt(ms) : 0n;
}
