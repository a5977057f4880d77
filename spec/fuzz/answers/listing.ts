// What a list promises of any pages: it ends, its pages are counted from 1 and say who is on them, and
// what their reader makes of them is new, once each, and bounded.

import { isJsonObject, type Json, jsonAt, stringAt } from '../../../lib/core/json-object.ts';
import type { ApiAnswer, ApiClient } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { Deduplicator } from '../../../lib/kubernetes/watch/deduplicator.ts';
import { KnownVersions } from '../../../lib/kubernetes/watch/known-versions.ts';
import { type ListPage, listPages } from '../../../lib/kubernetes/watch/paged-list.ts';
import type { WatchError } from '../../../lib/kubernetes/watch/watch-errors.ts';
import { nopObserve } from '../../support/doubles/observe.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import { must, mustBeSame, shown } from '../target.ts';

const WATCHED = { group: '', version: 'v1', resource: 'events', namespace: 'shop' } as const;

const LAST: ApiAnswer = {
  ok: true,
  status: 200,
  headers: {},
  body: { kind: 'EventList', apiVersion: 'v1', metadata: { resourceVersion: '200' }, items: [] },
  bytes: 100,
};

/** Gives what is scripted, then an empty last page for ever. */
class ScriptedPages implements ApiClient {
  readonly server = 'https://cluster.example.test';
  last: ApiAnswer = LAST;
  asked = 0;
  readonly #answers: readonly ApiAnswer[];

  constructor(answers: readonly ApiAnswer[]) {
    this.#answers = answers;
  }

  async request(): Promise<ApiAnswer> {
    this.last = this.#answers[this.asked] ?? LAST;
    this.asked += 1;
    return this.last;
  }

  async open(): Promise<ApiAnswer> {
    throw new Error('a list opened a stream');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.asked = 0;
  }
}

/** Lists by these answers and holds pages and batches to what is promised. */
export async function mustList(answers: readonly ApiAnswer[]): Promise<void> {
  const api = new ScriptedPages(answers);
  const troubles: WatchError[] = [];
  const backOff = async (trouble: WatchError): Promise<void> => void troubles.push(trouble);
  const parts = { api, clock: new FakeClock(), begin: async () => undefined, backOff };
  const memory = new KnownVersions({ resourceVersion: '100', at: 0 });
  const deduplicator = new Deduplicator({ source: 's', path: '/p', observe: nopObserve }, memory);
  const read = new Map<string, string>();
  let number = 0;
  let version = '';
  const listed = new Set<string>();
  for await (const page of listPages(WATCHED, parts, NEVER)) {
    must(api.asked <= answers.length + 1, 'a list ends');
    const isAnew =
      number === 0 || troubles.some((one) => one.action === 'relist' || one.reason === 'bad-list');
    const follows = page.number === number + 1 || (page.number === 1 && isAnew);
    must(follows, () => `page ${page.number} after ${number}`);
    troubles.length = 0;
    if (page.number === 1) {
      version = page.resourceVersion;
      // A list that begins anew voids what its first pages told.
      listed.clear();
    }
    for (const { key } of page.items) listed.add(key);
    number = page.number;
    must(page.resourceVersion === version && version !== '', 'pages share one version');
    must(Number.isFinite(page.readAt), 'a page is read at some time');
    mustHaveItems(page, api.last);
    mustBeNew(deduplicator, page, read);
  }
  mustBeSame([...memory.existing(version)], [...listed], 'the keys of the list');
  must(memory.size <= read.size, () => `${memory.size} objects of ${read.size} are remembered`);
}

function mustHaveItems(page: ListPage, answer: ApiAnswer): void {
  must(answer.ok && answer.status === 200, 'a page is a good answer');
  const listed = jsonAt(answer.body, 'items');
  const items = Array.isArray(listed) ? (listed as readonly Json[]) : [];
  const wanted = items.flatMap((item) => {
    const name = stringAt(item, 'metadata', 'name');
    const version = stringAt(item, 'metadata', 'resourceVersion');
    const key = `${stringAt(item, 'metadata', 'namespace')}/${name}`;
    return isJsonObject(item) && name !== '' && version !== '' ? [`${key} ${version}`] : [];
  });
  const found = page.items.map(({ key, resourceVersion }) => `${key} ${resourceVersion}`);
  mustBeSame(found, wanted, 'the items of a page');
  must(page.isLast === (stringAt(answer.body, 'metadata', 'continue') === ''), 'the last page');
}

function mustBeNew(deduplicator: Deduplicator, page: ListPage, read: Map<string, string>): void {
  const { batch } = deduplicator.page(page, { floorOf: () => '100', judgeFirst: () => false });
  const changed = new Set(batch.changes.map(({ object }) => object));
  must(batch.position === null, 'a page moves no position');
  let oversize = 0;
  for (const { key, resourceVersion, object, oversizeBytes } of page.items) {
    const last = read.get(key);
    const isNew = last === undefined || isBelow(last, resourceVersion);
    if (isNew) read.set(key, resourceVersion);
    const isWanted = isNew && isBelow('100', resourceVersion);
    // What is too large to be handled is passed by its name, and told.
    if (isWanted && oversizeBytes !== null) oversize += 1;
    must(
      changed.has(object) === (isWanted && oversizeBytes === null),
      () => `${key} ${resourceVersion} after ${shown(last ?? '')}`,
    );
  }
  must(batch.gaps.length === oversize, () => `${batch.gaps.length} gaps, not ${oversize}`);
}

function isBelow(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}
