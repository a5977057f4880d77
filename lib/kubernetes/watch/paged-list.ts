// A LIST in pages. It is consistent (resourceVersion unset: a quorum read) and bounded: a page
// above the bound is requested again with a smaller limit. If its continue token expires it
// restarts, because the inconsistent continuation would skip writes that happened meanwhile. Which
// items are new is decided in deduplicator.ts.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks

import type { Clock } from '../../core/clock.ts';
import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  stringAt,
} from '../../core/json-object.ts';
import { sentAt } from '../../net/retry-after.ts';
import { isJsonAnswer } from '../client/answer-origin.ts';
import type { ApiAnswer, ApiAnswered, ApiClient } from '../client/kubernetes-api.ts';
import { toWatchError, type WatchError } from './watch-errors.ts';
import { MAX_FRAME_BYTES, type ReadObject, toReadObject } from './watch-frames.ts';
import { pathOf, selectorOf, type WatchTarget } from './watch-target.ts';

/** One item of a page. */
export interface ListedItem extends ReadObject {
  /** Its minimal size if it is above the frame cap and must be skipped; else null. */
  readonly oversizeBytes: number | null;
}

/** One page of a list. */
export interface ListPage {
  /** From 1. A list that restarts begins with 1 again, and its earlier pages are void. */
  readonly number: number;
  readonly isLast: boolean;
  /** Version of the list, the same for all its pages. */
  readonly resourceVersion: string;
  /** Whether every page so far had that version. */
  readonly isConsistent: boolean;
  /** Time of the list, by the server's wall clock, in ms since 1970. */
  readonly readAt: number;
  /** Time of the request for the first page, by the monotonic clock. */
  readonly startedAt: number;
  readonly items: readonly ListedItem[];
}

interface ListParts {
  readonly api: ApiClient;
  readonly clock: Clock;
  /** Called before a list begins or restarts; resolves when it may. */
  readonly begin: () => Promise<void>;
  /** Called with an error; resolves when to try again, throws if no retry can help. */
  readonly backOff: (error: WatchError) => Promise<void>;
}

/** Bound of one page; as much memory as the buffers of about 30 watches. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
/** Limits of a page: that of kubectl and client-go, then those after a page above the bound. */
const LIMITS = [500, 50, 5, 1] as const;
/** If one item alone is above the bound, its metadata is requested, to skip it by name. */
const METADATA_ONLY = LIMITS.length;
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** Priority and fairness may queue a list for up to a minute. */
const PAGE_TIMEOUT_MS = 75_000;
/** After so many expired continue tokens a list is requested in one piece. */
const EXPIRIES_BEFORE_WHOLE = 2;
/** A selector may empty a page, but etcd fills pages, so a real server sends no series of them. */
const EMPTY_PAGES = 20;

/** Pages of one consistent list; it ends after the last page, without a time limit. */
export async function* listPages(
  watched: WatchTarget,
  parts: ListParts,
  signal: AbortSignal,
): AsyncGenerator<ListPage, void> {
  let cursor: Cursor = newCursor();
  for (;;) {
    if (cursor.isNew) {
      await parts.begin();
      cursor = { ...cursor, startedAt: parts.clock.monotonic() };
    }
    const step = await requestPage(watched, { parts, cursor }, signal);
    cursor = step.cursor;
    if (step.page === null) continue;
    yield step.page;
    if (step.page.isLast) return;
  }
}

/** Progress of a list, as at its beginning. */
function newCursor() {
  return {
    /** Whether no request was sent yet. */
    isNew: true,
    token: '',
    /** All tokens of earlier pages: a repeated token would never end. */
    tokens: new Set<string>(),
    /** Number of empty pages in a row. */
    empty: 0,
    /** Index into LIMITS; -1: no limit; METADATA_ONLY: one item, its metadata alone. */
    limit: 0,
    page: 1,
    expiries: 0,
    resourceVersion: '',
    isConsistent: true,
    readAt: 0,
    startedAt: 0,
  };
}

type Cursor = Readonly<ReturnType<typeof newCursor>>;

interface ListStep {
  readonly page: ListPage | null;
  readonly cursor: Cursor;
}

async function requestPage(
  watched: WatchTarget,
  { parts, cursor }: { readonly parts: ListParts; readonly cursor: Cursor },
  signal: AbortSignal,
): Promise<ListStep> {
  const answer = await parts.api.request(
    {
      method: 'GET',
      path: pathOf(watched),
      query: queryOf(watched, cursor),
      ...(cursor.limit === METADATA_ONLY && { accept: METADATA }),
      timeoutMs: PAGE_TIMEOUT_MS,
      maxBytes: MAX_PAGE_BYTES,
    },
    signal,
  );
  signal.throwIfAborted();
  const at = { cursor: { ...cursor, isNew: false }, now: parts.clock.now() };
  const outcome = outcomeOf(answer, at);
  if ('cursor' in outcome) return outcome;
  await parts.backOff(outcome.error);
  return { page: null, cursor: outcome.again === 'list' ? restart(cursor) : at.cursor };
}

interface PageContext {
  readonly cursor: Cursor;
  readonly now: number;
}

/** Error of a page, and whether the page or the whole list is requested again. */
interface Failed {
  readonly error: WatchError;
  readonly again: 'page' | 'list';
}

function outcomeOf(answer: ApiAnswer, { cursor, now }: PageContext): ListStep | Failed {
  if (!answer.ok) {
    if (answer.code === 'too-large' && cursor.limit < METADATA_ONLY) {
      return { page: null, cursor: { ...cursor, limit: cursor.limit + 1 } };
    }
    return { error: toWatchError({ seen: 'failure', failure: answer }, now), again: 'page' };
  }
  if (answer.status === 200 && stringAt(answer.body, 'metadata', 'resourceVersion') !== '')
    return pageOrError(answer, { cursor, now });
  const isJson = answer.status === 200 && isJsonAnswer(answer);
  const error = isJson
    ? toWatchError({ seen: 'list', detail: 'answered 200 without a resourceVersion' }, now)
    : toWatchError({ seen: 'answer', answer }, now);
  return { error, again: error.action === 'relist' ? 'list' : 'page' };
}

/** The page, or an error if the list can never end. */
function pageOrError(answer: ApiAnswered, { cursor, now }: PageContext): ListStep | Failed {
  const step = stepOf(answer, { cursor, now });
  const { token, empty } = step.cursor;
  const why = cursor.tokens.has(token)
    ? `page ${cursor.page} names the continue token of an earlier page`
    : empty > EMPTY_PAGES
      ? `${empty} pages in a row are empty and name another one`
      : null;
  if (why !== null)
    return { error: toWatchError({ seen: 'list', detail: why }, now), again: 'list' };
  if (token !== '') cursor.tokens.add(token);
  return step;
}

function queryOf(watched: WatchTarget, cursor: Cursor): Readonly<Record<string, string>> {
  const limit = LIMITS[Math.min(cursor.limit, LIMITS.length - 1)];
  return {
    ...selectorOf(watched),
    ...(limit !== undefined && { limit: String(limit) }),
    ...(cursor.token !== '' && { continue: cursor.token }),
  };
}

function restart(cursor: Cursor): Cursor {
  const expiries = cursor.expiries + 1;
  return { ...newCursor(), expiries, limit: expiries >= EXPIRIES_BEFORE_WHOLE ? -1 : 0 };
}

function stepOf(answer: ApiAnswered, { cursor, now }: PageContext): ListStep {
  const isFirst = cursor.page === 1;
  const own = stringAt(answer.body, 'metadata', 'resourceVersion');
  // Later pages could have another version; the watch must begin at that of the first page.
  const resourceVersion = isFirst ? own : cursor.resourceVersion;
  const isConsistent = cursor.isConsistent && own === resourceVersion;
  const readAt = isFirst ? sentAt(answer.headers, now) : cursor.readAt;
  const token = stringAt(answer.body, 'metadata', 'continue');
  const listed = itemsOf(answer);
  // Of items requested as metadata alone it is only known that their size exceeds a page.
  const oversizeBytes = MAX_PAGE_BYTES;
  const items =
    cursor.limit === METADATA_ONLY ? listed.map((one) => ({ ...one, oversizeBytes })) : listed;
  const { startedAt } = cursor;
  const list = { resourceVersion, isConsistent, readAt, startedAt };
  const page = { number: cursor.page, isLast: token === '', ...list, items };
  // One step back up: the big item that required a small limit is passed now or soon.
  const limit = cursor.limit > 0 ? cursor.limit - 1 : cursor.limit;
  return {
    page,
    cursor: {
      ...cursor,
      token,
      limit,
      page: cursor.page + 1,
      empty: items.length > 0 || page.isLast ? 0 : cursor.empty + 1,
      ...list,
    },
  };
}

function itemsOf(answer: ApiAnswered): readonly ListedItem[] {
  const listed = jsonAt(answer.body, 'items');
  if (!isJsonList(listed)) return [];
  const named = typeOf(answer.body);
  const mayBeBig = answer.bytes > MAX_FRAME_BYTES;
  const items: ListedItem[] = [];
  for (const item of listed) {
    const read = isJsonObject(item) ? toReadObject({ ...named, ...item }) : undefined;
    // An item without name or version cannot be identified; no API server sends one.
    if (read === undefined) continue;
    const bytes = mayBeBig ? Buffer.byteLength(JSON.stringify(item)) : 0;
    items.push({ ...read, oversizeBytes: bytes > MAX_FRAME_BYTES ? bytes : null });
  }
  return items;
}

/** Adds kind and apiVersion, which objects of a watch have and items of a list lack. */
function typeOf(list: Json): JsonObject {
  const kind = stringAt(list, 'kind').replace(/List$/, '');
  return kind === '' ? {} : { kind, apiVersion: stringAt(list, 'apiVersion') };
}
