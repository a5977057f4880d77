// Recordings: the notifications of a watch, one JSON object a line: `{"at","type","object"}`. A
// file is read as a stream, so that a day of a large cluster needs no memory. Every error names the
// line.

import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { messageOf, SluiceError } from '../core/errors.ts';
import { isJsonObject } from '../core/json-object.ts';
import type { EventObject } from '../core/occurrence.ts';
import { toRecordedEvent } from '../sources/given-events.ts';

const CHANGE_TYPES = ['ADDED', 'MODIFIED', 'DELETED'] as const;

/** Type of a change, as a watch reports it. */
export type ChangeType = (typeof CHANGE_TYPES)[number];

/** One line of a recording. */
export interface RecordingEntry {
  /** When the recorder received it, ms since 1970. */
  readonly at: number;
  readonly type: ChangeType;
  readonly object: EventObject;
}

// Four times the largest frame that Sluice accepts from a server: a longer line is no recording.
const LINE_CHARACTERS = 16 * 1024 * 1024;

/** One line of a recording, with its line feed. */
export function renderEntry({ at, type, object }: RecordingEntry): string {
  return `${JSON.stringify({ at: new Date(at).toISOString(), type, object })}\n`;
}

/** The value as an entry, its Event translated to core/v1; or why it is no entry. */
function toEntry(value: unknown): RecordingEntry | string {
  if (!isJsonObject(value)) return 'no JSON object';
  const { at, type, object } = value;
  const ms = typeof at === 'string' ? Date.parse(at) : at;
  if (typeof ms !== 'number' || !Number.isFinite(ms)) return 'no time under "at"';
  const known = CHANGE_TYPES.find((name) => name === type);
  if (known === undefined) return `no ${CHANGE_TYPES.join(', ')} under "type"`;
  if (!isJsonObject(object)) return 'no object under "object"';
  const recorded = toRecordedEvent(object);
  return recorded.ok ? { at: ms, type: known, object: recorded.event } : recorded.why;
}

/**
 * Yields the entries of a recording in a file.
 *
 * **Errors**: throws `input-unusable`, with file and line, if it cannot be read.
 */
export async function* openRecording(path: string): AsyncGenerator<RecordingEntry, void, void> {
  const stream = createReadStream(path);
  try {
    yield* readRecording(stream, path);
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    throw unusable(`reading recording ${path}: ${messageOf(cause)}`, cause);
  } finally {
    stream.destroy();
  }
}

/**
 * Yields the entries of a recording that comes in chunks; skips blank lines.
 *
 * **Errors**: throws `input-unusable`, with the recording's name and the line, at the first bad
 * line.
 */
export async function* readRecording(
  chunks: AsyncIterable<Uint8Array | string>,
  name: string,
): AsyncGenerator<RecordingEntry, void, void> {
  let number = 0;
  for await (const line of linesOf(chunks, name)) {
    number += 1;
    if (line.trim() === '') continue;
    yield entryOf(line, `reading recording ${name}, line ${number}`);
  }
}

function entryOf(line: string, doing: string): RecordingEntry {
  const expected = '(expected {"at","type","object"})';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw unusable(`${doing}: no JSON ${expected}: ${messageOf(cause)}`, cause);
  }
  const entry = toEntry(value);
  if (typeof entry !== 'string') return entry;
  throw unusable(`${doing}: ${entry} ${expected}`);
}

// Only LF ends a line. readline also breaks at U+2028 and U+2029, which a message may contain.
async function* linesOf(
  chunks: AsyncIterable<Uint8Array | string>,
  name: string,
): AsyncGenerator<string, void, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > LINE_CHARACTERS) {
      throw unusable(`reading recording ${name}: a line above ${LINE_CHARACTERS} characters`);
    }
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}

function unusable(message: string, cause?: unknown): SluiceError {
  return new SluiceError('input-unusable', message, { cause });
}
