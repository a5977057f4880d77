// A LIST, page by page in its own order. It is consistent (resourceVersion unset: a quorum read),
// bounded (a page above the bound is asked again in smaller pieces), and starts anew where its
// continue token expired, for the inconsistent continuation would skip what was written meanwhile.
// What the items are worth is path-memory.ts.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks

import type { Clock } from '../../core/clock.ts';
import { isJsonObject, type Json, type JsonObject, jsonAt, stringAt } from '../../core/event.ts';
import {
  type ApiAnswer,
  type ApiAnswered,
  type ApiClient,
  readAtOf,
} from '../client/kubernetes-api.ts';
import { isJsonAnswer, toWatchError, type WatchError } from './watch-errors.ts';
import { MAX_FRAME_BYTES, type ReadObject, toReadObject } from './watch-frames.ts';
import { pathOf, selectorOf, type WatchTarget } from './watch-target.ts';

/** One item of a page. */
export interface ListedItem extends ReadObject {
  /** Its size, or at least so much, where it is above the frame cap and not to be handled; else null. */
  readonly oversizeBytes: number | null;
}

/** One page of a list. */
export interface ListPage {
  /** From 1; a list that starts anew begins again with 1, and what came before it is void. */
  readonly number: number;
  readonly isLast: boolean;
  /** The list's own, which all its pages share. */
  readonly resourceVersion: string;
  /** Whether every page so far said that version of itself. */
  readonly isConsistent: boolean;
  /** The server's wall clock when the list was made, in ms since 1970. */
  readonly readAt: number;
  /** When its first page was asked for, by the monotonic clock. */
  readonly startedAt: number;
  readonly items: readonly ListedItem[];
}

/** What a list may have. */
interface ListParts {
  readonly api: ApiClient;
  readonly clock: Clock;
  /** Called before a list begins, and before it begins again; resolves when it may. */
  readonly begin: () => Promise<void>;
  /** Called with what went wrong; resolves when to ask again, throws where that is of no use. */
  readonly backOff: (error: WatchError) => Promise<void>;
}

/** Bytes of one page; about what 30 watches' worth of buffers take. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024;
/** What kubectl and client-go ask for, and what a page above the bound is asked again with. */
const LIMITS = [500, 50, 5, 1] as const;
/** Where even one item is above the bound, its metadata alone is asked for: it must be passed by name. */
const NAMES_ONLY = LIMITS.length;
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** A list waits for its seat under priority and fairness for up to a minute. */
const PAGE_TIMEOUT_MS = 75_000;
/** After so many expired continue tokens a list is asked for in one piece. */
const EXPIRIES_BEFORE_WHOLE = 2;
/** A selector may leave pages empty; etcd fills them, so a real server sends none in a row. */
const EMPTY_PAGES = 20;

/** The pages of one consistent list; it ends after the last one, however long that takes. */
export async function* listPages(
  watched: WatchTarget,
  parts: ListParts,
  signal: AbortSignal,
): AsyncGenerator<ListPage, void> {
  let cursor: Cursor = begun();
  for (;;) {
    if (cursor.isNew) {
      await parts.begin();
      cursor = { ...cursor, startedAt: parts.clock.monotonic() };
    }
    const step = await ask(watched, { parts, cursor }, signal);
    cursor = step.cursor;
    if (step.page === null) continue;
    yield step.page;
    if (step.page.isLast) return;
  }
}

/** Where a list stands. */
interface Cursor {
  /** Whether nothing was asked yet. */
  readonly isNew: boolean;
  readonly token: string;
  /** Every token that was answered: one that comes again would never end. */
  readonly tokens: Set<string>;
  /** Empty pages in a row. */
  readonly empty: number;
  /** Index into LIMITS; -1: no limit; NAMES_ONLY: one item, its metadata alone. */
  readonly limit: number;
  readonly page: number;
  readonly expiries: number;
  readonly resourceVersion: string;
  readonly isConsistent: boolean;
  readonly readAt: number;
  readonly startedAt: number;
}

function begun(): Cursor {
  return {
    isNew: true,
    token: '',
    tokens: new Set(),
    empty: 0,
    limit: 0,
    page: 1,
    expiries: 0,
    resourceVersion: '',
    isConsistent: true,
    readAt: 0,
    startedAt: 0,
  };
}

interface ListStep {
  readonly page: ListPage | null;
  readonly cursor: Cursor;
}

async function ask(
  watched: WatchTarget,
  { parts, cursor }: { readonly parts: ListParts; readonly cursor: Cursor },
  signal: AbortSignal,
): Promise<ListStep> {
  const answer = await parts.api.request(
    {
      method: 'GET',
      path: pathOf(watched),
      query: queryOf(watched, cursor),
      ...(cursor.limit === NAMES_ONLY && { accept: METADATA }),
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
  return { page: null, cursor: outcome.again === 'list' ? anew(cursor) : at.cursor };
}

/** Where a request was answered, and when. */
interface ListRequest {
  readonly cursor: Cursor;
  readonly now: number;
}

/** What went wrong with a page, and whether the page or the whole list is asked for again. */
interface Failed {
  readonly error: WatchError;
  readonly again: 'page' | 'list';
}

function outcomeOf(answer: ApiAnswer, { cursor, now }: ListRequest): ListStep | Failed {
  if (!answer.ok) {
    if (answer.code === 'too-large' && cursor.limit < NAMES_ONLY) {
      return { page: null, cursor: { ...cursor, limit: cursor.limit + 1 } };
    }
    return { error: toWatchError({ seen: 'failure', failure: answer }, now), again: 'page' };
  }
  if (answer.status === 200 && isList(answer.body)) return listed(answer, { cursor, now });
  const isJson = answer.status === 200 && isJsonAnswer(answer);
  const error = isJson
    ? toWatchError({ seen: 'list', detail: 'answered 200 without a resourceVersion' }, now)
    : toWatchError({ seen: 'answer', answer }, now);
  return { error, again: error.action === 'relist' ? 'list' : 'page' };
}

/** The page, or why the list of which it is a part can never end. */
function listed(answer: ApiAnswered, { cursor, now }: ListRequest): ListStep | Failed {
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

function anew(cursor: Cursor): Cursor {
  const expiries = cursor.expiries + 1;
  return { ...begun(), expiries, limit: expiries >= EXPIRIES_BEFORE_WHOLE ? -1 : 0 };
}

function isList(body: Json): boolean {
  return stringAt(body, 'metadata', 'resourceVersion') !== '';
}

function stepOf(answer: ApiAnswered, { cursor, now }: ListRequest): ListStep {
  const isFirst = cursor.page === 1;
  const own = stringAt(answer.body, 'metadata', 'resourceVersion');
  // Later pages could carry another one; the watch must begin at the first page's.
  const resourceVersion = isFirst ? own : cursor.resourceVersion;
  const isConsistent = cursor.isConsistent && own === resourceVersion;
  const readAt = isFirst ? readAtOf(answer.headers, now) : cursor.readAt;
  const token = stringAt(answer.body, 'metadata', 'continue');
  const items = cursor.limit === NAMES_ONLY ? giantsOf(answer) : itemsOf(answer);
  const { startedAt } = cursor;
  const list = { resourceVersion, isConsistent, readAt, startedAt };
  const page = { number: cursor.page, isLast: token === '', ...list, items };
  // One step back up: the big item that made the pages small is passed by now, or soon.
  const limit = cursor.limit > 0 ? cursor.limit - 1 : cursor.limit;
  return {
    page,
    cursor: {
      ...cursor,
      token,
      limit,
      page: cursor.page + 1,
      empty: emptyAfter(cursor, page),
      ...list,
    },
  };
}

function emptyAfter({ empty }: Cursor, { items, isLast }: ListPage): number {
  return items.length > 0 || isLast ? 0 : empty + 1;
}

function itemsOf(answer: ApiAnswered): readonly ListedItem[] {
  const listed = jsonAt(answer.body, 'items');
  if (!Array.isArray(listed)) return [];
  const named = typeOf(answer.body);
  const mayBeBig = answer.bytes > MAX_FRAME_BYTES;
  const items: ListedItem[] = [];
  for (const item of listed as readonly Json[]) {
    const read = isJsonObject(item) ? toReadObject({ ...named, ...item }) : undefined;
    // An item without name or version cannot be told from another; no API server sends one.
    if (read === undefined) continue;
    const bytes = mayBeBig ? Buffer.byteLength(JSON.stringify(item)) : 0;
    items.push({ ...read, oversizeBytes: bytes > MAX_FRAME_BYTES ? bytes : null });
  }
  return items;
}

/** What came as metadata alone: all that is known of its size is that a page could not hold it. */
function giantsOf(answer: ApiAnswered): readonly ListedItem[] {
  return itemsOf(answer).map((item) => ({ ...item, oversizeBytes: MAX_PAGE_BYTES }));
}

/** Items of a list carry neither kind nor apiVersion, those of a watch do; here both do. */
function typeOf(list: Json): JsonObject {
  const kind = stringAt(list, 'kind').replace(/List$/, '');
  return kind === '' ? {} : { kind, apiVersion: stringAt(list, 'apiVersion') };
}
