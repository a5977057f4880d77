// Splits the byte stream of a watch into frames and parses them. A frame is one JSON object a line,
// ended by the byte 0x0A and nothing else (readline also breaks at U+2028). Memory is bounded: a
// frame above the cap is skipped up to its newline. Which states are new is decided in
// deduplicator.ts.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes and
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/watch-event-v1/

import { isJsonObject, type JsonObject, textAt } from '../../core/json-object.ts';

/** Cap of one frame in bytes. An Event has at most about 9 MiB of JSON. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** One line of the stream, or the reason why it has no value. */
export type Frame =
  | { readonly kind: 'json'; readonly value: unknown; readonly bytes: number }
  | { readonly kind: 'too-long'; readonly bytes: number }
  | { readonly kind: 'unparsable'; readonly bytes: number };

/** Options of a splitter. */
export interface SplitterOptions {
  readonly maxBytes?: number;
  /** Removes unused parts of a frame's text before it is parsed. */
  readonly lighten?: (text: string) => string;
}

const NEWLINE = 0x0a;

/** Cuts chunks into frames, independent of how the chunks were cut. */
export class FrameSplitter {
  readonly #maxBytes: number;
  readonly #lighten: (text: string) => string;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor({ maxBytes = MAX_FRAME_BYTES, lighten = (text) => text }: SplitterOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#lighten = lighten;
  }

  /** Number of bytes of the unfinished frame. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** Frames that end within this chunk, in order; empty lines are skipped. */
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

  /** Ends the frame that began in earlier chunks. */
  #finish(frames: Frame[]): void {
    const parts = this.#parts;
    const bytes = this.#bytes;
    this.#parts = [];
    this.#bytes = 0;
    if (bytes > this.#maxBytes) frames.push({ kind: 'too-long', bytes });
    else this.#add(frames, textOf(Buffer.concat(parts)), bytes);
  }

  /** Decodes all lines within one chunk together, which costs half as much. */
  #lines(part: Uint8Array, frames: Frame[]): void {
    const text = textOf(part);
    // A newline is never a part of another character, so lines of text are lines of bytes.
    const isAscii = text.length === part.length;
    // Invalid UTF-8 became U+FFFD, of another length, so the text does not give the lengths in
    // bytes.
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

/** One object with its key. */
export interface ReadObject {
  readonly object: JsonObject;
  /** `namespace/name`. */
  readonly key: string;
  readonly resourceVersion: string;
}

type WatchFrame =
  | ({ readonly kind: 'change'; readonly type: 'ADDED' | 'MODIFIED' } & ReadObject)
  | ({ readonly kind: 'deleted' } & ReadObject)
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  | { readonly kind: 'error'; readonly status: JsonObject }
  | { readonly kind: 'bad'; readonly why: string };

/** Parses a frame of untrusted JSON; anything else than a frame of a watch is `bad`. */
export function toWatchFrame(value: unknown): WatchFrame {
  if (!isJsonObject(value)) return { kind: 'bad', why: 'it is no JSON object' };
  const object = value['object'];
  if (!isJsonObject(object)) return { kind: 'bad', why: 'it has no object' };
  const type = value['type'];
  if (type === 'ERROR') return { kind: 'error', status: object };
  if (type === 'BOOKMARK') {
    const resourceVersion = textAt(object, 'metadata', 'resourceVersion');
    if (resourceVersion === '') return { kind: 'bad', why: 'a bookmark without resourceVersion' };
    return { kind: 'bookmark', resourceVersion };
  }
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') {
    return { kind: 'bad', why: 'its type is none of a watch' };
  }
  const read = toReadObject(object);
  if (read === undefined) return { kind: 'bad', why: 'its object has no name or no version' };
  return type === 'DELETED' ? { kind: 'deleted', ...read } : { kind: 'change', type, ...read };
}

/** The object with its key and resourceVersion; undefined if it lacks a name or a version. */
export function toReadObject(object: JsonObject): ReadObject | undefined {
  const name = textAt(object, 'metadata', 'name');
  const resourceVersion = textAt(object, 'metadata', 'resourceVersion');
  if (name === '' || resourceVersion === '') return undefined;
  const key = `${textAt(object, 'metadata', 'namespace')}/${name}`;
  return { object, key, resourceVersion };
}
