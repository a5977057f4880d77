// `sluice record`: writes the changes of a watch of Events to a file, through the reader of the gateway.
// It filters nothing.

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { SluiceError } from '../core/errors.ts';
import { type JsonObject, stringAt } from '../core/json-object.ts';
import type { Observe } from '../core/observation.ts';
import { type EventObject, toOccurrence } from '../core/occurrence.ts';
import { openDeadline } from '../kit/async/abort.ts';
import { fileTrouble } from '../kit/file-trouble.ts';
import type { ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import type { ReaderBatch } from '../kubernetes/watch/known-versions.ts';
import { readChanges } from '../kubernetes/watch/reflector.ts';
import { type ChangeType, renderEntry } from '../playback/recording.ts';
import { LOGGING_DEFAULTS } from '../telemetry/logging.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { CONNECTION_FLAGS, connectionOf, NAMESPACE_FLAGS, namespacesOf } from './cluster-flags.ts';
import type { Command, ProcessContext } from './command.ts';
import { durationOf, type GivenFlags, listFlag, switchFlag, textFlag } from './flags.ts';

/** Records the Events of a cluster. */
export const recordCommand: Command = {
  name: 'record',
  summary: 'records the Events of a watch to a file, for playback and explain',
  synopsis: '[--namespaces A,B|*] [--output FILE] [--for DURATION] [flags]',
  flags: {
    ...CONNECTION_FLAGS,
    namespace: NAMESPACE_FLAGS.namespace,
    namespaces: listFlag('A,B', 'namespaces to record; *: all; default: --namespace'),
    output: textFlag('FILE', 'file to write; default: standard output'),
    for: textFlag('DURATION', 'duration; default: until stopped'),
    existing: switchFlag('begin with the existing Events'),
  },
  notes: 'One JSON object a line: {"at","type","object"}. Events may contain names and addresses.',
  run: async (given, context) => {
    const telemetry = createTelemetry(
      { ...LOGGING_DEFAULTS, format: 'text' },
      { clock: context.clock, stdout: context.stderr, stderr: context.stderr },
    );
    const forMs = durationOf(given, 'for');
    try {
      const { observe } = telemetry;
      const count = await record({ given, observe, forMs }, context);
      context.stderr.write(`recorded ${count} notifications\n`);
    } finally {
      await telemetry.close();
    }
    return 0;
  },
};

/** Records until a stop, the end of the time or a failure; returns the number of notifications. */
async function record(
  { given, observe, forMs }: { given: GivenFlags; observe: Observe; forMs: number | undefined },
  context: ProcessContext,
): Promise<number> {
  await using api = await connectionOf(given, context, observe);
  const file = given.text('output');
  const output = await openOutput(file, context);
  const failed = new AbortController();
  output.on('error', (cause: Error) => failed.abort(unwritable(file, cause)));
  const ending = AbortSignal.any([context.stop, failed.signal]);
  using span = forMs === undefined ? null : openDeadline(context.clock, forMs, ending);
  const { signal } = span ?? { signal: ending };
  const recorder = new Recorder(output, context);
  await Promise.all(
    namespacesIn(given, context).map((namespace) =>
      recorder
        .record({ api, namespace, given, observe }, signal)
        // After the end, lines without a reader are dropped.
        .catch((error: unknown) => signal.aborted || failed.abort(error)),
    ),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
  await ended(output, context);
  return recorder.count;
}

function unwritable(file: string | undefined, cause: unknown): SluiceError {
  const message = `write ${file ?? 'standard output'}: ${fileTrouble(cause)}`;
  return new SluiceError('output-unusable', message, { cause });
}

interface Recorded {
  readonly api: ApiClient;
  readonly namespace: string | null;
  readonly given: GivenFlags;
  readonly observe: Observe;
}

/** Writes changes as they arrive. It keeps the current objects, so that a deletion has the last state. */
class Recorder {
  count = 0;
  readonly #output: Writable;
  readonly #context: ProcessContext;
  readonly #there = new Map<string, EventObject>();
  #lastReadAt: number;

  constructor(output: Writable, context: ProcessContext) {
    this.#output = output;
    this.#context = context;
    this.#lastReadAt = context.clock.now();
  }

  async record(recorded: Recorded, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#context;
    const { api, namespace, given, observe } = recorded;
    const isWanted = given.isSet('existing');
    const options = {
      source: 'record',
      watched: { group: '', version: 'v1', resource: 'events', namespace },
      positions: new Map(),
      // Each object of the first list is kept, also if it is not written.
      judgeFirst: (object: JsonObject) => {
        this.#there.set(keyOf(object), object);
        return isWanted;
      },
      keptForMs: null,
    };
    for await (const batch of readChanges(options, { api, clock, random, observe }, signal)) {
      await this.#write(batch, signal);
      if (batch.listed !== null) await this.#drop(this.#unlisted(namespace, batch.listed), signal);
    }
  }

  async #write({ changes, gone, position }: ReaderBatch, signal: AbortSignal): Promise<void> {
    // All times are of the server's clock; deletions get the time of the position after them.
    this.#lastReadAt = position?.at ?? this.#lastReadAt;
    for (const { type, object, readAt } of changes) {
      this.#lastReadAt = readAt;
      const event = slim(object);
      this.#there.set(keyOf(object), event);
      await this.#line(readAt, { type, object: event }, signal);
    }
    await this.#drop(gone, signal);
  }

  /** Keys of a watched namespace that a complete list did not show. */
  #unlisted(namespace: string | null, listed: ReadonlySet<string>): readonly string[] {
    const isWatched = (key: string): boolean =>
      namespace === null || key.startsWith(`${namespace}/`);
    return [...this.#there.keys()].filter((key) => isWatched(key) && !listed.has(key));
  }

  async #drop(keys: readonly string[], signal: AbortSignal): Promise<void> {
    for (const key of keys) {
      const object = this.#there.get(key);
      this.#there.delete(key);
      if (object === undefined) continue;
      await this.#line(this.#lastReadAt, { type: 'DELETED', object: slim(object) }, signal);
    }
  }

  async #line(
    at: number,
    change: { type: ChangeType; object: EventObject },
    signal: AbortSignal,
  ): Promise<void> {
    this.count += 1;
    if (this.#output.write(renderEntry({ at, ...change }))) return;
    await once(this.#output, 'drain', { signal });
  }
}

/** Removes the managed fields, which nothing reads. */
function slim(object: JsonObject): EventObject {
  return toOccurrence(object, { source: '', path: '', from: 'watch', readAt: 0 }).event;
}

function keyOf(object: JsonObject): string {
  return `${stringAt(object, 'metadata', 'namespace')}/${stringAt(object, 'metadata', 'name')}`;
}

function namespacesIn(
  given: GivenFlags,
  { environment }: ProcessContext,
): readonly (string | null)[] {
  const listed = given.list('namespaces');
  if (listed.includes('*')) return [null];
  if (listed.length > 0) return [...new Set(listed)];
  const { namespace } = namespacesOf(given, environment);
  return [namespace === '' ? null : namespace];
}

async function openOutput(file: string | undefined, { stdout }: ProcessContext): Promise<Writable> {
  if (file === undefined || file === '-') return stdout;
  const stream = createWriteStream(file);
  try {
    await once(stream, 'open');
  } catch (cause) {
    throw unwritable(file, cause);
  }
  return stream;
}

async function ended(output: Writable, { stdout }: ProcessContext): Promise<void> {
  if (output === stdout) return;
  output.end();
  await once(output, 'close');
}
