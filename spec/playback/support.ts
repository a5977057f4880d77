// A client for the specs of playback: plain fetch, and a watch whose lines can be waited for.

import type { Clock } from '../../lib/core/clock.ts';
import {
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  stringAt,
} from '../../lib/core/json-object.ts';
import { systemRandom } from '../../lib/kit/system.ts';
import { type Playback, type PlaybackOptions, startPlayback } from '../../lib/playback/playback.ts';
import type { ChangeType, RecordingEntry } from '../../lib/playback/recording.ts';
import { anEvent } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

/** An entry about the Event `namespace/name` of a key. */
export function anEntry(key: string, type: ChangeType = 'ADDED', at = 0): RecordingEntry {
  const [namespace = '', name = ''] = key.split('/');
  return { at, type, object: anEvent({ metadata: { name, namespace, uid: `uid-${name}` } }) };
}

/** A playback on a free port of this machine, at once and at full speed by default. */
export function aPlayback(
  recording: readonly RecordingEntry[],
  options: Partial<PlaybackOptions> = {},
  clock: Clock = new FakeClock(),
): Promise<Playback> {
  return startPlayback(
    { recording, speed: 'full', host: '127.0.0.1', port: 0, afterWatches: 0, ...options },
    { clock, random: systemRandom },
  );
}

/** Answer to one request. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

/** One request with its whole JSON answer. */
export async function ask(playback: Playback, path: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(`${playback.url}${path}`, init);
  const body: unknown = await response.json();
  if (!isJsonObject(body)) throw new Error(`${path} answered no object`);
  return { status: response.status, headers: response.headers, body };
}

/** An open watch with its lines so far. */
export interface OpenWatch {
  readonly status: number;
  readonly lines: readonly JsonObject[];
  /** `ADDED shop/a` and so on. */
  received(): readonly string[];
  /** Resolves with the number of lines when the server has ended the stream. */
  readonly ended: Promise<number>;
  /** Waits for a number of lines. */
  has(count: number): Promise<unknown>;
  close(): void;
}

/** Opens a watch. */
export async function watch(playback: Playback, path: string): Promise<OpenWatch> {
  const abort = new AbortController();
  const response = await fetch(`${playback.url}${path}`, { signal: abort.signal });
  const lines: JsonObject[] = [];
  const ended = follow(response, lines);
  ended.catch(() => undefined);
  return {
    status: response.status,
    lines,
    received: () => lines.map(tell),
    ended,
    has: (count) => until(() => lines.length >= count, `${count} lines of a watch`),
    close: () => abort.abort(),
  };
}

async function follow(response: Response, lines: JsonObject[]): Promise<number> {
  let rest = '';
  const decoder = new TextDecoder();
  const chunks: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of chunks ?? []) {
    const parts = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const line: unknown = JSON.parse(part);
      if (!isJsonObject(line)) throw new Error('a line of a watch is no object');
      lines.push(line);
    }
  }
  if (rest !== '') throw new Error(`a watch ended within a line: ${rest}`);
  return lines.length;
}

function tell(line: JsonObject): string {
  const at = (name: string): string => stringAt(line, 'object', 'metadata', name);
  return `${stringAt(line, 'type')} ${at('namespace')}/${at('name')}`;
}

/** The keys of a list's items, in its order. */
export function keysOf(list: Json): readonly string[] {
  const items = jsonAt(list, 'items');
  return (Array.isArray(items) ? items : []).map(
    (item: Json) =>
      `${stringAt(item, 'metadata', 'namespace')}/${stringAt(item, 'metadata', 'name')}`,
  );
}

/** The path of every Event. */
export const EVENTS = '/api/v1/events';
/** The path of the Events of one namespace. */
export const SHOP = '/api/v1/namespaces/shop/events';

/** Serves playbacks that end with their spec; call it inside `describe`. */
export function servedPerSpec(): typeof aPlayback {
  const open: Playback[] = [];
  afterEach(async () => {
    for (const playback of open.splice(0)) await playback[Symbol.asyncDispose]();
  });
  return async (...made) => {
    const playback = await aPlayback(...made);
    open.push(playback);
    return playback;
  };
}
