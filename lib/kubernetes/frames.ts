// Splits the byte stream of a watch into frames: one JSON object a line, ended by the byte 0x0A and
// nothing else (readline also breaks at U+2028). Memory is bounded: a frame above the cap is skipped
// up to its newline and only counted. What a frame means is watch-frame.ts.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

/** Bytes of one frame that are kept at the most. An Event is at most about 9 MiB of JSON. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

/** One line of the stream, or why there is none. */
export type Frame =
  | { readonly kind: 'json'; readonly value: unknown; readonly bytes: number }
  | { readonly kind: 'too-long'; readonly bytes: number }
  | { readonly kind: 'unparsable'; readonly bytes: number };

const NEWLINE = 0x0a;

/** Cuts chunks, however they were cut on their way, into frames. */
export class FrameSplitter {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number = MAX_FRAME_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the frame that has begun and not ended. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /** The frames that end within this chunk, in order; empty lines are none. */
  push(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, from);
      if (newline < 0) break;
      this.#keep(chunk.subarray(from, newline));
      const frame = this.#finish();
      if (frame !== null) frames.push(frame);
      from = newline + 1;
    }
    this.#keep(chunk.subarray(from));
    return frames;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else this.#parts.push(part);
  }

  #finish(): Frame | null {
    const parts = this.#parts;
    const bytes = this.#bytes;
    this.#parts = [];
    this.#bytes = 0;
    if (bytes === 0) return null;
    if (bytes > this.#maxBytes) return { kind: 'too-long', bytes };
    return parse(Buffer.concat(parts).toString('utf8'), bytes);
  }
}

function parse(text: string, bytes: number): Frame | null {
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return { kind: 'json', value, bytes };
  } catch {
    return { kind: 'unparsable', bytes };
  }
}
