// Byte streams of a watch by chance: lines that a server would send, some of them damaged on their
// way, and the places at which the stream is cut. What is whole is marked, so that losing it shows.

import { isJsonObject, type Json, type JsonObject } from '../../../lib/core/json-object.ts';
import { recordedEvents } from '../corpus.ts';
import { anyJson, mutatedJson } from '../json-values.ts';
import type { FuzzRandom } from '../random.ts';
import { anyText } from '../texts.ts';

/** A stretch of the stream. */
export interface Piece {
  readonly base64: string;
  /** Whether it is exactly one line as it was sent, with a line's beginning before it. */
  readonly intact: boolean;
}

/** A stream as it arrives. */
export interface StreamInput {
  readonly pieces: readonly Piece[];
  /** Sizes of the chunks it comes in; after the last the rest comes whole. */
  readonly chunks: readonly number[];
  readonly cap: number;
  /** The position from which it was asked for. */
  readonly from: string | null;
}

const FRAME_KEYS = [
  'type',
  'object',
  'metadata',
  'name',
  'namespace',
  'resourceVersion',
  'code',
  'reason',
  'details',
  'causes',
  'retryAfterSeconds',
  'message',
  'kind',
  'status',
] as const;

const KEYS = ['a', 'b', 'c', '__proto__', 'web-1.17f1'] as const;
const VERSIONS = [
  '',
  '0',
  '1',
  '007',
  '9007199254740993',
  '18446744073709551615',
  '18446744073709551616',
  '-5',
  '1e3',
  'x',
] as const;
const REASONS = ['Expired', 'Gone', 'StorageReadError', 'InternalError', 'Timeout', ''] as const;

/** A stream of some frames. */
export function anyStream(random: FuzzRandom): StreamInput {
  const start = random.pick([1, 98, 9_990, 2 ** 53 - 3]);
  const lines = random.times(random.below(9), (index) =>
    lineOf(random, anyFrame(random, start + index)),
  );
  const pieces = damaged(random, lines);
  const total = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece.base64, 'base64'), 0);
  return {
    pieces,
    chunks: anyChunks(random, total),
    cap: random.oneIn(3) ? random.between(1, 900) : 4 * 1024 * 1024,
    from: random.oneIn(3) ? null : String(random.pick([0, start - 1, start, start + 3])),
  };
}

function anyFrame(random: FuzzRandom, version: number): Json {
  const resourceVersion = random.oneIn(12) ? random.pick(VERSIONS) : String(version);
  const name = random.pick(KEYS);
  const frame: JsonObject = frameOf(random, { name, namespace: 'shop', resourceVersion });
  return random.oneIn(6) ? mutatedJson(frame, random, FRAME_KEYS) : frame;
}

function frameOf(random: FuzzRandom, metadata: JsonObject): JsonObject {
  switch (random.below(12)) {
    case 0:
      return { type: 'BOOKMARK', object: { kind: 'Event', metadata } };
    case 1:
      return random.oneIn(3)
        ? { type: 'ERROR', object: anyStatus(random) }
        : frameOf(random, metadata);
    case 2:
    case 3:
      return { type: 'DELETED', object: { kind: 'Event', metadata } };
    case 4:
      return { type: random.oneIn(2) ? 'ADDED' : 'MODIFIED', object: bigOf(random, metadata) };
    case 5:
      return {
        type: random.pick(['ADDED', 'added', '', 'CONTROL']),
        object: { metadata, message: anyText(random) },
      };
    default:
      return {
        type: random.oneIn(2) ? 'ADDED' : 'MODIFIED',
        object: { metadata, message: anyText(random), count: random.below(9) },
      };
  }
}

function bigOf(random: FuzzRandom, metadata: JsonObject): JsonObject {
  const { metadata: _, ...event } = random.pick(recordedEvents());
  if (random.oneIn(2)) return { ...event, metadata };
  const managedFields = random.oneIn(4) ? anyJson(random, FRAME_KEYS) : anyManaged(random);
  const where = { ...metadata, managedFields, ...(random.oneIn(2) && { uid: anyText(random) }) };
  return random.oneIn(8) ? { ...event, metadata, managedFields } : { ...event, metadata: where };
}

function anyManaged(random: FuzzRandom): readonly Json[] {
  return random.times(random.below(3), () => ({
    manager: anyText(random),
    operation: 'Update',
    fieldsV1: { 'f:metadata': { 'k:{"type":"a]}"}': {}, '.': anyJson(random, FRAME_KEYS) } },
  }));
}

/** A Status as the API server sends one within a stream, or nearly. */
export function anyStatus(random: FuzzRandom): JsonObject {
  const status: JsonObject = {
    kind: 'Status',
    code: random.pick([200, 400, 401, 403, 404, 410, 429, 500, 503, 504, 0, -1, 1e9]),
    reason: random.pick(REASONS),
    message: anyText(random),
    details: {
      retryAfterSeconds: random.pick([0, 1, 30, 1e9, -1, 0.001, '5']),
      causes: [{ reason: random.pick(['ResourceVersionTooLarge', 'x']) }],
    },
  };
  const mutated = random.oneIn(2) ? mutatedJson(status, random, FRAME_KEYS) : status;
  return isJsonObject(mutated) ? mutated : status;
}

function lineOf(random: FuzzRandom, frame: Json): Buffer {
  // JSON may have white space, and a server may end its lines as it likes.
  const text = random.oneIn(8)
    ? JSON.stringify(frame, null, '\t').replaceAll('\n', ' ')
    : JSON.stringify(frame);
  return Buffer.from(`${text}${random.oneIn(10) ? '\r' : ''}\n`);
}

function damaged(random: FuzzRandom, lines: readonly Buffer[]): readonly Piece[] {
  const calm = random.oneIn(3);
  const pieces: Piece[] = [];
  // Bytes whose line has not ended: what follows them is no line of its own.
  let open = false;
  for (const line of lines) {
    const bytes = calm || !random.oneIn(4) ? line : damage(random, line);
    const intact = bytes === line && !open;
    pieces.push({ base64: bytes.toString('base64'), intact });
    if (bytes.length > 0) open = bytes.at(-1) !== 0x0a;
    if (!calm && random.oneIn(10)) {
      const between = random.pick(['\n', '\r\n', ' \n', '\n\n\n', '\u2028\n', '\0\n']);
      pieces.push({ base64: Buffer.from(between).toString('base64'), intact: false });
      open = false;
    }
  }
  if (random.oneIn(8)) {
    const rest = Buffer.from(JSON.stringify(anyJson(random, FRAME_KEYS)));
    pieces.push({ base64: rest.toString('base64'), intact: false });
  }
  return pieces;
}

const INVALID = [
  Buffer.from([0xff]),
  Buffer.from([0xc0, 0x80]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xf4, 0x90, 0x80, 0x80]),
  Buffer.from([0xe2, 0x80]),
  Buffer.from([0xef, 0xbb, 0xbf]),
  Buffer.from([0]),
  Buffer.from('\n'),
] as const;

function damage(random: FuzzRandom, line: Buffer): Buffer {
  const at = random.below(line.length);
  switch (random.below(7)) {
    case 0: {
      const flipped = Buffer.from(line);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
      return flipped;
    }
    case 1:
      return line.subarray(0, line.length - 1);
    case 2:
      return line.subarray(0, at);
    case 3:
      return Buffer.concat([line.subarray(0, at), line.subarray(at + random.below(5) + 1)]);
    case 4:
      return Buffer.concat([line.subarray(0, at), random.pick(INVALID), line.subarray(at)]);
    case 5:
      return Buffer.concat([
        line.subarray(0, at),
        Buffer.alloc(random.between(1, 1_500), 'x'),
        line,
      ]);
    default:
      return Buffer.concat([line.subarray(0, at), line]);
  }
}

function anyChunks(random: FuzzRandom, total: number): readonly number[] {
  switch (random.below(5)) {
    case 0:
      return [];
    case 1:
      return random.times(Math.min(total, 400), () => 1);
    case 2:
      return random.times(40, () => random.below(4));
    default:
      return random.times(random.below(30), () => random.below(200));
  }
}
