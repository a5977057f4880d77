// What FrameSplitter promises of any bytes: the same frames wherever they are cut, those that a naive
// split of the whole gives, and everything whole among them.

import { type Frame, FrameSplitter } from '../../../lib/kubernetes/watch/watch-frames.ts';
import { must, mustBeSame, shown } from '../target.ts';
import type { StreamInput } from './any-stream.ts';

const NEWLINE = 0x0a;

/** One line of the stream with the frame that it is; null where it is none. */
export interface SplitLine {
  readonly bytes: Buffer;
  readonly frame: Frame | null;
}

/** Splits a stream and holds the frames to what is promised; the lines, for those who go on. */
export function mustSplit(input: StreamInput): readonly SplitLine[] {
  const { pieces, cap } = input;
  const whole = Buffer.concat(pieces.map(({ base64 }) => Buffer.from(base64, 'base64')));
  const lines = naiveLines(whole, cap);
  const naive = lines.flatMap(({ frame }) => frame ?? []);
  mustBeSame(pushed(whole, [], cap), naive, 'frames of the whole stream');
  mustBeSame(pushed(whole, input.chunks, cap), naive, 'frames of the stream as it was cut');
  mustKeepIntact(input, naive);
  return lines;
}

function pushed(bytes: Buffer, chunks: readonly number[], cap: number): readonly Frame[] {
  const splitter = new FrameSplitter({ maxBytes: cap });
  const frames: Frame[] = [];
  let from = 0;
  for (const size of [...chunks, bytes.length]) {
    const to = Math.min(bytes.length, from + size);
    frames.push(...splitter.push(bytes.subarray(from, to)));
    from = to;
    const pending = from - (bytes.subarray(0, from).lastIndexOf(NEWLINE) + 1);
    must(
      splitter.pendingBytes === pending,
      () => `${splitter.pendingBytes} bytes wait, not ${pending}`,
    );
  }
  return frames;
}

function naiveLines(bytes: Buffer, cap: number): readonly SplitLine[] {
  const lines: SplitLine[] = [];
  let from = 0;
  for (let to = bytes.indexOf(NEWLINE); to >= 0; to = bytes.indexOf(NEWLINE, from)) {
    const line = bytes.subarray(from, to);
    lines.push({ bytes: bytes.subarray(from, to + 1), frame: naiveFrame(line, cap) });
    from = to + 1;
  }
  return lines;
}

function naiveFrame(line: Buffer, cap: number): Frame | null {
  const bytes = line.length;
  if (bytes > cap) return { kind: 'too-long', bytes };
  const text = line.toString('utf8');
  if (text.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return { kind: 'json', value, bytes };
  } catch {
    return { kind: 'unparsable', bytes };
  }
}

/** Everything that arrived whole is there, in its order. */
function mustKeepIntact({ pieces, cap }: StreamInput, frames: readonly Frame[]): void {
  let at = 0;
  for (const { base64, intact } of pieces) {
    const line = Buffer.from(base64, 'base64');
    if (!intact || line.length - 1 > cap) continue;
    const wanted = JSON.stringify(JSON.parse(line.toString('utf8')));
    while (at < frames.length && textOf(frames[at]) !== wanted) at += 1;
    must(at < frames.length, () => `a whole frame is lost: ${shown(wanted)}`);
    at += 1;
  }
}

function textOf(frame: Frame | undefined): string {
  return frame?.kind === 'json' ? JSON.stringify(frame.value) : '';
}
