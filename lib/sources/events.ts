// The kind `events`: core/v1 Events of one namespace, of several (one watch each), or of all. It
// turns the batches of the readers into batches of occurrences. lib/kubernetes reads, lib/filters
// decides.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/

import { type JsonObject, stringAt } from '../core/json-object.ts';
import { millisecondsOf, parseMicroTime } from '../core/micro-time.ts';
import { countOf, type EventObject, type Occurrence, toOccurrence } from '../core/occurrence.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import type { Batch, Gap, Positions, Source, WatchPath } from '../core/ports/source.ts';
import { errorAt, type Finding } from '../core/problem.ts';
import type { RequiredValue } from '../filters/required-values.ts';
import { mergeFairly } from '../kit/async/merge-streams.ts';
import { parseDuration } from '../kit/text/quantity.ts';
import type { ReaderBatch } from '../kubernetes/watch/known-versions.ts';
import { readChanges } from '../kubernetes/watch/reflector.ts';
import {
  positionKeyOf,
  successorsOf,
  type WatchTarget,
  widenedFrom,
} from '../kubernetes/watch/watch-target.ts';
import { EVENT_FIELDS, EVENT_IDENTITY, MISSING_EVENT_FIELDS } from './event-fields.ts';
import {
  checkSelector,
  derivedSelectorOf,
  FIELD_SELECTOR_SCHEMA,
  SELECT_SCHEMA,
  type SelectionOptions,
  selectorOf,
  selects,
} from './event-selection.ts';
import {
  checkShape,
  compileShape,
  PRUNE_SCHEMA,
  REDACT_SCHEMA,
  type Shape,
  type ShapeOptions,
} from './shape.ts';
import type { SourceKind, SourceParts } from './source-kind.ts';

/** The section `events:` of a source. */
export interface EventsSection extends Pick<ShapeOptions, 'redact'>, SelectionOptions {
  /** Absent: the gateway's own namespace; `["*"]`: all. */
  readonly namespaces?: readonly string[];
  /** `skip`, `all`, or a duration. */
  readonly firstStart?: string;
  /** A duration. */
  readonly eventTTL?: string;
  /** Whether an Event about an object in another namespace may start a build. */
  readonly allowForeign?: boolean;
  readonly shape?: { readonly prune?: readonly string[] };
}

// The default of kube-apiserver's --event-ttl. No API shows the value in use.
const DEFAULT_TTL = '1h';
const DEFAULT_TTL_MS = 3_600_000;
const ALL = '*';

const schema: JsonSchema = {
  type: 'object',
  description: 'Reads core/v1 Events, which every cluster has.',
  additionalProperties: false,
  properties: {
    namespaces: {
      type: 'array',
      description:
        'Namespaces whose Events are read, one watch each; absent: the gateway’s own; `["*"]`: all, with one watch.',
      items: {
        type: 'string',
        pattern: '^(?:\\*|[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)$',
        description:
          'A namespace has at most 63 lower-case letters, digits and -, and begins and ends with a letter or digit; "*" means all.',
      },
      minItems: 1,
      uniqueItems: true,
      examples: [['shop', 'pay'], ['*']],
    },
    firstStart: {
      type: 'string',
      description:
        'Whether Events that exist when the source is read for the first time are judged. `skip`: none. `all`: all. A duration: those that happened at most that long ago.',
      anyOf: [{ enum: ['skip', 'all'] }, { format: 'duration' }],
      default: 'skip',
      examples: ['skip', 'all', '10m'],
    },
    eventTTL: {
      type: 'string',
      format: 'duration',
      description:
        'How long this cluster keeps Events (--event-ttl of kube-apiserver; no API shows it). Longer outages are reported as gaps.',
      default: DEFAULT_TTL,
    },
    allowForeign: {
      type: 'boolean',
      description:
        'Whether an Event about an object in another namespace may start a build. If so, everyone who may write Events in one namespace can start builds for all.',
      default: false,
    },
    fieldSelector: FIELD_SELECTOR_SCHEMA,
    select: SELECT_SCHEMA,
    shape: {
      type: 'object',
      description: 'Parts of each Event that go no further than its source.',
      additionalProperties: false,
      properties: { prune: PRUNE_SCHEMA },
    },
    redact: REDACT_SCHEMA,
  },
};

/** The kind of source that reads Events of the cluster. */
export const eventsKind = {
  kind: 'events',
  summary: 'core/v1 Events of one namespace, several, or all',
  schema,
  vocabulary: EVENT_FIELDS,
  missingFields: MISSING_EVENT_FIELDS,
  check: (section: EventsSection) => [
    ...checkNamespaces(section),
    ...checkSelector(section),
    ...checkShape(section, EVENT_IDENTITY),
  ],
  grants: [
    {
      namespaces: { at: '/namespaces', otherwise: 'own' },
      group: '',
      resource: 'events',
      verbs: ['list', 'watch'],
      why: 'reads Events',
    },
  ],
  allowsForeign: (section: EventsSection) => section.allowForeign ?? false,
  reads: (section: EventsSection, own: string, event: EventObject) => {
    const watched = watchedNamespaces(section, own);
    const isWatched =
      watched.includes(null) || watched.includes(stringAt(event, 'metadata', 'namespace'));
    return isWatched && selects(section, event);
  },
  derivedSelector: (section: EventsSection, required: () => readonly RequiredValue[]) => {
    if (section.select !== 'derived') return null;
    const shape = shapeOf(section);
    const isKept = (path: string, text: string): boolean =>
      EVENT_IDENTITY.includes(path) || shape.keeps(text);
    return derivedSelectorOf(section, required(), isKept);
  },
  shape: shapeOf,
  retentionMs,
  create: (section: EventsSection, parts: SourceParts) => new EventsSource(section, parts),
} as const satisfies SourceKind<EventsSection>;

function retentionMs(section: EventsSection): number {
  return parseDuration(section.eventTTL ?? DEFAULT_TTL) ?? DEFAULT_TTL_MS;
}

function shapeOf(section: EventsSection): Shape {
  return compileShape(section, EVENT_IDENTITY);
}

function checkNamespaces(section: EventsSection): readonly Finding[] {
  const namespaces = section.namespaces ?? [];
  if (!namespaces.includes(ALL) || namespaces.length === 1) return [];
  return [
    errorAt('wrong-value', '/namespaces', {
      message: 'found "*" beside other namespaces (expected it alone)',
      hint: 'write ["*"] for all namespaces, or name each',
    }),
  ];
}

/** The watched namespaces; null means all. */
function watchedNamespaces(section: EventsSection, own: string): readonly (string | null)[] {
  const { namespaces } = section;
  if (namespaces === undefined) return [own === '' ? null : own];
  return namespaces.includes(ALL) ? [null] : [...new Set(namespaces)];
}

class EventsSource implements Source {
  readonly name: string;
  readonly #parts: SourceParts;
  /** Each with the name of its position, which its batches carry. */
  readonly #watched: ReadonlyMap<WatchTarget, string>;
  readonly #judgeFirst: (object: JsonObject, readAt: number) => boolean;
  readonly #keptForMs: number;
  /** Null: each Event stays as it is. */
  readonly #shape: Shape | null;
  /** By path: until when it was certainly read. */
  readonly #provedAts = new Map<WatchTarget, number>();

  constructor(section: EventsSection, parts: SourceParts) {
    this.name = parts.name;
    this.#parts = parts;
    const selector = parts.fieldSelector ?? selectorOf(section);
    const watched = watchedNamespaces(section, parts.namespace).map((one) =>
      eventsOf(one, selector),
    );
    this.#watched = new Map(watched.map((one) => [one, positionKeyOf(one)]));
    this.#judgeFirst = judgeFirstBy(section.firstStart ?? 'skip');
    this.#keptForMs = retentionMs(section);
    const isShaped = section.shape !== undefined || section.redact !== undefined;
    this.#shape = isShaped ? shapeOf(section) : null;
  }

  get provedAt(): number | null {
    if (this.#provedAts.size < this.#watched.size) return null;
    return Math.min(...this.#provedAts.values());
  }

  async *batches(positions: Positions, signal: AbortSignal): AsyncGenerator<Batch, void> {
    const { name: source } = this;
    const judgeFirst = this.#judgeFirst;
    const keptForMs = this.#keptForMs;
    const read = (watched: WatchTarget, inner: AbortSignal): AsyncIterable<ReaderBatch> =>
      readChanges(
        { source, watched, positions, judgeFirst, countOf, keptForMs },
        { ...this.#parts, proved: (at) => this.#prove(watched, at) },
        inner,
      );
    const widened = this.#widenedGaps(positions);
    if (widened.length > 0) yield { ...emptyBatch(source), gaps: widened };
    for await (const { from, item } of mergeFairly([...this.#watched.keys()], read, signal)) {
      yield this.#toBatch(this.#watched.get(from) ?? positionKeyOf(from), item);
    }
  }

  successorsOf(path: string): readonly WatchPath[] {
    return successorsOf(path, [...this.#watched.keys()]);
  }

  /** A gap for each path that selects Events which it left out when it was read last. */
  #widenedGaps(positions: Positions): readonly Gap[] {
    return [...this.#watched].flatMap(([target, path]) => {
      const widened = widenedFrom(target, positions);
      if (widened === null) return [];
      const { before, from } = widened;
      const now = target.fieldSelector ?? 'every Event';
      const why = `the selection changed from ${before} to ${now}: what it left out and was written before is not judged`;
      return [{ source: this.name, path, loss: 'none', why, from, to: from }];
    });
  }

  #prove(watched: WatchTarget, at: number): void {
    // A proof can be older than the last one: that a stream was opened is known later.
    this.#provedAts.set(watched, Math.max(this.#provedAts.get(watched) ?? at, at));
  }

  #toBatch(path: string, read: ReaderBatch): Batch {
    const { position, gaps, listed } = read;
    const occurrences = read.changes.map(({ object, from, readAt, key }) =>
      toOccurrence(this.#shape?.apply(object) ?? object, {
        source: this.name,
        path,
        from,
        readAt,
        key,
      }),
    );
    this.#observeRead(path, occurrences);
    return {
      source: this.name,
      occurrences,
      gone: read.gone.map((key) => ({ path, key })),
      listed: listed === null ? [] : [{ path, keys: listed }],
      positions: new Map(position === null ? [] : [[path, position]]),
      gaps,
    };
  }

  #observeRead(path: string, occurrences: readonly Occurrence[]): void {
    const { observe } = this.#parts;
    for (const from of ['watch', 'list'] as const) {
      const count = occurrences.filter((occurrence) => occurrence.from === from).length;
      if (count > 0) observe({ kind: 'events-read', source: this.name, path, from, count });
    }
  }
}

function eventsOf(namespace: string | null, selector: string): WatchTarget {
  return {
    ...{ group: '', version: 'v1', resource: 'events', namespace, managedFields: 'left out' },
    ...(selector !== '' && { fieldSelector: selector }),
  };
}

function emptyBatch(source: string): Batch {
  return { source, occurrences: [], gone: [], listed: [], positions: new Map(), gaps: [] };
}

/** Whether an Event of the first list of a source is judged. */
function judgeFirstBy(firstStart: string): (object: JsonObject, readAt: number) => boolean {
  if (firstStart === 'all') return () => true;
  const ms = firstStart === 'skip' ? undefined : parseDuration(firstStart);
  if (ms === undefined) return () => false;
  return (object, readAt) => {
    const { happenedAt } = toOccurrence(object, { source: '', path: '', from: 'list', readAt });
    const micros = parseMicroTime(happenedAt);
    // An Event without a time cannot be old.
    return micros === undefined || millisecondsOf(micros) >= readAt - ms;
  };
}
