// A command's output, cut into lines that the log can take: bounded in length and in number of
// bytes, so that a command that talks without end fills nothing. What a line may do to a terminal
// is the log's to prevent.

import { StringDecoder } from 'node:string_decoder';

// A log line longer than this is a dump, and is read in the pipeline's own log.
const LONGEST_LINE = 8 * 1024;
// Of one attempt and stream; what comes after is still read, so that the command never blocks.
const MOST_CHARACTERS = 256 * 1024;
const MOST_LINES = 2_000;

/** Cuts one stream of one attempt into lines. */
export class OutputLines {
  readonly #emit: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  #cut = false;
  #taken = 0;
  #lines = 0;
  #full = false;

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  /** Takes a chunk as it came. */
  write(chunk: Uint8Array): void {
    if (!this.#full) this.#take(this.#decoder.write(chunk));
  }

  /** Emits what is left without a line end. */
  end(): void {
    if (this.#full) return;
    this.#take(this.#decoder.end());
    if (this.#line !== '' || this.#cut) this.#flush();
  }

  #take(text: string): void {
    const pieces = text.split('\n');
    for (const [index, piece] of pieces.entries()) {
      const isMore = piece !== '' || index < pieces.length - 1;
      if (isMore && this.#lines >= MOST_LINES) {
        this.#stop(`${MOST_LINES} lines`);
        return;
      }
      this.#append(piece);
      if (this.#full) return;
      if (index < pieces.length - 1) this.#flush();
    }
  }

  #append(piece: string): void {
    const room = LONGEST_LINE - this.#line.length;
    this.#line += piece.slice(0, room);
    this.#cut ||= piece.length > room;
    this.#taken += piece.length + 1;
    if (this.#taken <= MOST_CHARACTERS) return;
    this.#flush();
    this.#stop(`${MOST_CHARACTERS} characters`);
  }

  #stop(shown: string): void {
    this.#full = true;
    this.#emit(`… (${shown} are shown; the rest is not)`);
  }

  #flush(): void {
    this.#lines += 1;
    this.#emit(this.#cut ? `${this.#line}…` : this.#line.replace(/\r$/, ''));
    this.#line = '';
    this.#cut = false;
  }
}
