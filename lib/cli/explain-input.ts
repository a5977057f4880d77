// Reads Events from a file or from standard input one by one, so that a running watch is explained, too.
// The first character decides between JSON and YAML. A value that is not an Event ends the reading, with
// an error that names its line.

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { parseYamlStream } from '../config/parse-yaml.ts';
import { SluiceError } from '../core/errors.ts';
import { type JsonValue, JsonValues } from '../kit/data/json-values.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';
import { type GivenEvent, givenIn, MOST_LEVELS } from '../sources/given-events.ts';
import type { ProcessContext } from './command.ts';

/** An Event, or a skipped line between Events. */
export type ReadEvent = Exclude<GivenEvent, { readonly kind: 'refused' }>;

// A List of 50,000 Events: its text and its values together still fit into Node's default heap.
const JSON_CHARACTERS = 128 * 1024 * 1024;
// The parsed nodes of YAML take about twenty times the memory of the text.
const YAML_CHARACTERS = 16 * 1024 * 1024;

/**
 * Reads Events from a file, or from standard input if there is none or it is `-`.
 *
 * **Errors**: throws `input-unusable` at the first value that is not an Event, with the name of the
 * input and the line. Throws an AbortError if `stop` ends the reading of standard input.
 */
export async function* readEvents(
  file: string | undefined,
  { stdin, stop, folder }: Pick<ProcessContext, 'stdin' | 'stop' | 'folder'>,
): AsyncGenerator<ReadEvent, void> {
  if (file === undefined || file === '-') {
    // Ctrl-C must work at a terminal while standard input is empty.
    yield* readFrom(textOf(addAbortSignal(stop, stdin)), 'standard input');
    return;
  }
  const stream = createReadStream(resolve(folder, file));
  try {
    yield* readFrom(textOf(stream), file);
  } catch (cause) {
    if (codeOfFailure(cause) === undefined || cause instanceof SluiceError) throw cause;
    throw new SluiceError('input-unusable', `read Events from ${file}: ${fileTrouble(cause)}`, {
      cause,
    });
  } finally {
    stream.destroy();
  }
}

async function* textOf(stream: Readable): AsyncGenerator<string, void> {
  const decoder = new StringDecoder('utf8');
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    yield typeof chunk === 'string' ? chunk : decoder.write(chunk);
  }
  yield decoder.end();
}

async function* readFrom(
  texts: AsyncIterable<string>,
  name: string,
): AsyncGenerator<ReadEvent, void> {
  let values: ValueReader | null = null;
  let head = '';
  for await (const text of texts) {
    if (values !== null) {
      yield* eventsOf(values.write(text), values, name);
      continue;
    }
    head += text;
    if (head.trim() === '' && head.length < HEAD_CHARACTERS) continue;
    values = valuesFor(head, name);
    yield* eventsOf(values.write(head), values, name);
  }
  if (values !== null) yield* eventsOf(values.end(), values, name);
}

// Most white space before the first value; after more of it the text counts as JSON.
const HEAD_CHARACTERS = 64 * 1024;

/** Yields the Events before an invalid value first. */
function* eventsOf(
  values: readonly JsonValue[],
  reader: ValueReader,
  name: string,
): Generator<ReadEvent, void> {
  for (const value of values) {
    if (!value.ok) {
      const form = reader instanceof YamlValues ? 'neither JSON nor YAML' : 'not JSON';
      throw unusable(`${name}, line ${value.line}: ${form}: ${value.why}`);
    }
    for (const given of givenIn(value.value, `line ${value.line}`)) {
      if (given.kind === 'refused') throw unusable(`${name}, ${given.place}: ${given.why}`);
      yield given;
    }
  }
}

/** Parses the values of a text that arrives in pieces. */
type ValueReader = Pick<JsonValues, 'write' | 'end'>;

/** Chooses the parser by the beginning of a text. */
function valuesFor(head: string, name: string): ValueReader {
  if (/^\s*(?:NAMESPACE\s+)?LAST SEEN\s/.test(head)) {
    throw unusable(`${name}: found a table for people (expected JSON or YAML); add -o json`);
  }
  if (/[\0\uFFFD]/.test(head.slice(0, 1024))) {
    throw unusable(`${name}: found no UTF-8 (expected JSON or YAML in UTF-8)`);
  }
  return /^[\s\uFEFF\u001e]*(?:[{[]|$)/.test(head)
    ? new JsonValues({ characters: JSON_CHARACTERS, depth: MOST_LEVELS })
    : new YamlValues(name);
}

/** Parses each YAML document when the next one begins. */
class YamlValues implements ValueReader {
  readonly #name: string;
  #held = '';
  /** Number of lines before `#held`. */
  #lines = 0;

  constructor(name: string) {
    this.#name = name;
  }

  write(text: string): readonly JsonValue[] {
    this.#held += text;
    const end = lastSeparator(this.#held);
    const whole = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    if (Math.max(whole.length, this.#held.length) > YAML_CHARACTERS) {
      const found = `found more than ${YAML_CHARACTERS} characters of YAML in one piece`;
      throw unusable(`${this.#name}: ${found} (expected JSON if it is so much: -o json)`);
    }
    return this.#parsed(whole);
  }

  end(): readonly JsonValue[] {
    return this.#parsed(this.#held);
  }

  #parsed(text: string): readonly JsonValue[] {
    const before = this.#lines;
    this.#lines += text.split('\n').length - 1;
    const stream = parseYamlStream(text, MOST_LEVELS);
    if (!stream.ok) return [{ ...stream, line: stream.line + before }];
    return stream.documents.map(({ value, line }) => ({ ok: true, value, line: line + before }));
  }
}

/** Offset of the last separator line `---` whose end has arrived; 0 if there is none. */
function lastSeparator(text: string): number {
  const at = text.lastIndexOf('\n---');
  return at >= 0 && /^\s/.test(text.slice(at + 4, at + 5)) ? at + 1 : 0;
}

function unusable(what: string): SluiceError {
  return new SluiceError('input-unusable', `reading Events from ${what}`);
}
