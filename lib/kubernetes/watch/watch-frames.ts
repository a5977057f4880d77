// Splits the byte stream of a watch into frames: one JSON object a line, ended by the byte 0x0A and
// nothing else (readline also breaks at U+2028). Memory is bounded: a frame above the cap is skipped
// up to its newline and only counted. What a frame means is watch-frame.ts.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

import { isJsonObject, type JsonObject, textAt } from '../../core/event.ts';

/** Bytes of one frame that are kept at the most. An Event is at most about 9 MiB of JSON. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** One line of the stream, or why there is none. */
export type Frame =
  | { readonly kind: 'json'; readonly value: unknown; readonly bytes: number }
  | { readonly kind: 'too-long'; readonly bytes: number }
  | { readonly kind: 'unparsable'; readonly bytes: number };

/** How a stream is split. */
export interface SplitterOptions {
  readonly maxBytes?: number;
  /** Leaves out of a frame's text what nobody looks at, before it is parsed. */
  readonly lighten?: (text: string) => string;
}

const NEWLINE = 0x0a;
const asItIs = (text: string): string => text;

/** Cuts chunks, however they were cut on their way, into frames. */
export class FrameSplitter {
  readonly #maxBytes: number;
  readonly #lighten: (text: string) => string;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor({ maxBytes = MAX_FRAME_BYTES, lighten = asItIs }: SplitterOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#lighten = lighten;
  }

  /** Bytes of the frame that has begun and not ended. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** The frames that end within this chunk, in order; empty lines are none. */
  push(chunk: Uint8Array): readonly Frame[] {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.#keep(chunk);
      return [];
    }
    const frames: Frame[] = [];
    let from = 0;
    if (this.#bytes > 0) {
      const newline = chunk.indexOf(NEWLINE);
      this.#keep(chunk.subarray(0, newline));
      this.#finish(frames);
      from = newline + 1;
    }
    if (from <= last) this.#lines(chunk.subarray(from, last), frames);
    this.#keep(chunk.subarray(last + 1));
    return frames;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else this.#parts.push(part);
  }

  /** Ends the frame that was begun in earlier chunks. */
  #finish(frames: Frame[]): void {
    const parts = this.#parts;
    const bytes = this.#bytes;
    this.#parts = [];
    this.#bytes = 0;
    if (bytes > this.#maxBytes) frames.push({ kind: 'too-long', bytes });
    else this.#add(frames, textOf(Buffer.concat(parts)), bytes);
  }

  /** Lines that lie whole in one chunk: they become text together, which costs half as much. */
  #lines(part: Uint8Array, frames: Frame[]): void {
    const text = textOf(part);
    // A newline is never a part of another character, so lines of text are lines of bytes.
    const isAscii = text.length === part.length;
    // What is no UTF-8 became U+FFFD, of another length: then the text can not tell the bytes.
    if (!isAscii && Buffer.byteLength(text) !== part.length) {
      this.#linesByBytes(part, frames);
      return;
    }
    let from = 0;
    while (from <= text.length) {
      const newline = text.indexOf('\n', from);
      const to = newline < 0 ? text.length : newline;
      const line = text.slice(from, to);
      const bytes = isAscii ? line.length : Buffer.byteLength(line);
      if (bytes > this.#maxBytes) frames.push({ kind: 'too-long', bytes });
      else this.#add(frames, line, bytes);
      from = to + 1;
    }
  }

  #linesByBytes(part: Uint8Array, frames: Frame[]): void {
    let from = 0;
    while (from <= part.length) {
      const newline = part.indexOf(NEWLINE, from);
      const to = newline < 0 ? part.length : newline;
      this.#keep(part.subarray(from, to));
      this.#finish(frames);
      from = to + 1;
    }
  }

  #add(frames: Frame[], text: string, bytes: number): void {
    if (bytes === 0) return;
    try {
      const value: unknown = JSON.parse(this.#lighten(text));
      frames.push({ kind: 'json', value, bytes });
    } catch {
      if (text.trim() !== '') frames.push({ kind: 'unparsable', bytes });
    }
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

// What one frame of a watch says, parsed from untrusted JSON. What follows from it is path-memory.ts.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/watch-event-v1/

/** One object as it was read, with what it is known by. */
export interface ReadObject {
  readonly object: JsonObject;
  /** `namespace/name`. */
  readonly key: string;
  readonly resourceVersion: string;
}

/** What one frame says. */
type WatchFrame =
  | ({ readonly kind: 'change'; readonly type: 'ADDED' | 'MODIFIED' } & ReadObject)
  | ({ readonly kind: 'deleted' } & ReadObject)
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  | { readonly kind: 'error'; readonly status: JsonObject }
  | { readonly kind: 'bad'; readonly why: string };

/** What a parsed frame says; whatever is no frame of a watch is `bad`. */
export function toWatchFrame(value: unknown): WatchFrame {
  if (!isJsonObject(value)) return { kind: 'bad', why: 'it is no JSON object' };
  const object = value['object'];
  if (!isJsonObject(object)) return { kind: 'bad', why: 'it has no object' };
  const type = value['type'];
  if (type === 'ERROR') return { kind: 'error', status: object };
  if (type === 'BOOKMARK') return toBookmark(object);
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return toChange(type, object);
  return { kind: 'bad', why: 'its type is none of a watch' };
}

/** The object with its key and resourceVersion; undefined where it lacks a name or a version. */
export function toReadObject(object: JsonObject): ReadObject | undefined {
  const name = textAt(object, 'metadata', 'name');
  const resourceVersion = textAt(object, 'metadata', 'resourceVersion');
  if (name === '' || resourceVersion === '') return undefined;
  const key = `${textAt(object, 'metadata', 'namespace')}/${name}`;
  return { object, key, resourceVersion };
}

function toBookmark(object: JsonObject): WatchFrame {
  const resourceVersion = textAt(object, 'metadata', 'resourceVersion');
  if (resourceVersion === '') return { kind: 'bad', why: 'a bookmark without resourceVersion' };
  return { kind: 'bookmark', resourceVersion };
}

function toChange(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: JsonObject): WatchFrame {
  const read = toReadObject(object);
  if (read === undefined) return { kind: 'bad', why: 'its object has no name or no version' };
  return type === 'DELETED' ? { kind: 'deleted', ...read } : { kind: 'change', type, ...read };
}

// Frames that can not be read: above the cap, or no JSON, or no frame of a watch. A frame does not
// say where it stands, so it is known by its place: the n-th unreadable one since the position.
// Without that, one bad frame would either end every stream at the same place for ever, or be
// counted again at each reconnect.
