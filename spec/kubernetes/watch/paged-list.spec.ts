// Paged lists: bounds, expired tokens, retries.

import { expect } from 'chai';
import type { JsonObject } from '../../../lib/core/json-object.ts';
import type {
  ApiAnswer,
  ApiCall,
  ApiClient,
} from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { type ListPage, listPages } from '../../../lib/kubernetes/watch/paged-list.ts';
import type { WatchError } from '../../../lib/kubernetes/watch/watch-errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import { eventAt, readerSuite, shopAt } from '../../support/reader-bench.ts';

const WATCHED = { group: '', version: 'v1', resource: 'events', namespace: 'shop' } as const;

/** An API whose answers are a function of the call; it records the queries. */
class FakeApi implements ApiClient {
  readonly server = 'http://fake';
  readonly queries: string[] = [];
  readonly #answer: (query: Readonly<Record<string, string>>) => ApiAnswer;

  constructor(answer: (query: Readonly<Record<string, string>>) => ApiAnswer) {
    this.#answer = answer;
  }

  async request(call: ApiCall): Promise<ApiAnswer> {
    const { limit = 'none', continue: token = '' } = call.query ?? {};
    const names = call.accept?.includes('PartialObjectMetadataList') === true ? ':names' : '';
    this.queries.push(`${limit}:${token}${names}`);
    return this.#answer({ ...call.query, ...(names !== '' && { names }) });
  }

  async open(call: ApiCall): Promise<ApiAnswer> {
    return this.request(call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.queries.length = 0;
  }
}

function page(names: readonly string[], token: string, resourceVersion = '90'): ApiAnswer {
  const items = names.map((name) => eventAt(name, '10'));
  const metadata = token === '' ? { resourceVersion } : { resourceVersion, continue: token };
  const body: JsonObject = { kind: 'EventList', apiVersion: 'v1', metadata, items };
  const headers = { 'content-type': 'application/json' };
  return { ok: true, status: 200, headers, body, bytes: JSON.stringify(body).length };
}

const TOO_LARGE: ApiAnswer = { ok: false, reached: 'answered', code: 'too-large', detail: '' };

function refused(status: number): ApiAnswer {
  return { ok: true, status, headers: {}, body: null, bytes: 0 };
}

async function listAll(
  answer: (query: Readonly<Record<string, string>>) => ApiAnswer,
): Promise<{ pages: ListPage[]; queries: string[]; errors: string[]; begun: number }> {
  const api = new FakeApi(answer);
  const errors: string[] = [];
  const backOff = async (error: WatchError): Promise<void> => void errors.push(error.reason);
  let begun = 0;
  const begin = async (): Promise<void> => void (begun += 1);
  const parts = { api, clock: new FakeClock(), begin, backOff };
  const pages: ListPage[] = [];
  for await (const one of listPages(WATCHED, parts, NEVER)) pages.push(one);
  return { pages, queries: api.queries, errors, begun };
}

describe('listPages', () => {
  it('uses limits 50, 5 and 1 after pages above the bound, then returns to higher ones', async () => {
    const { pages, queries } = await listAll(({ limit, continue: token = '' }) => {
      if (token === '' && limit !== '1') return TOO_LARGE;
      return token === 'end' ? page(['z'], '') : page(['a'], token === '' ? 't' : 'end');
    });
    expect(queries).to.deep.equal(['500:', '50:', '5:', '1:', '5:t', '50:end']);
    expect(pages.flatMap(({ items }) => items.map(({ key }) => key))).to.deep.equal([
      'shop/a',
      'shop/a',
      'shop/z',
    ]);
  });

  it('requests metadata alone if one item is above the bound, and continues after it', async () => {
    const { pages, queries, errors } = await listAll(({ continue: token, names }) => {
      if (token === undefined) return page(['a'], 't');
      if (token === 'end') return page(['z'], '');
      return names === undefined ? TOO_LARGE : page(['giant'], 'end');
    });
    expect(queries).to.deep.equal(['500:', '500:t', '50:t', '5:t', '1:t', '1:t:names', '1:end']);
    expect(errors).to.deep.equal([]);
    const items = pages.flatMap((one) => one.items);
    expect(items.map(({ key, oversizeBytes }) => [key, oversizeBytes])).to.deep.equal([
      ['shop/a', null],
      ['shop/giant', 32 * 1024 * 1024],
      ['shop/z', null],
    ]);
  });

  it('keeps the first page’s version for all pages', async () => {
    const { pages } = await listAll(({ continue: token }) =>
      token === undefined ? page(['a'], 't', '90') : page(['b'], '', '95'),
    );
    expect(pages.map(({ resourceVersion }) => resourceVersion)).to.deep.equal(['90', '90']);
    expect(pages.map(({ isConsistent }) => isConsistent)).to.deep.equal([true, false]);
    expect(pages.map(({ isLast }) => isLast)).to.deep.equal([false, true]);
  });

  it('restarts if a token expires, the second time without a limit', async () => {
    let expiries = 0;
    const { queries, pages } = await listAll(({ continue: token, limit }) => {
      if (token === undefined) return page(['a'], limit === undefined ? '' : 't');
      expiries += 1;
      return refused(410);
    });
    expect(expiries).to.equal(2);
    expect(queries).to.deep.equal(['500:', '500:t', '500:', '500:t', 'none:']);
    expect(pages.map(({ number }) => number)).to.deep.equal([1, 1, 1]);
  });

  it('requests the same page again after other errors', async () => {
    let tries = 0;
    const { queries, errors } = await listAll(({ continue: token }) => {
      if (token === undefined) return page(['a'], 't');
      tries += 1;
      return tries < 3 ? refused(503) : page(['b'], '');
    });
    expect(queries).to.deep.equal(['500:', '500:t', '500:t', '500:t']);
    expect(errors).to.deep.equal(['unavailable', 'unavailable']);
  });

  for (const [name, headers, reason] of [
    ['JSON that is no list', { 'content-type': 'application/json' }, 'bad-list'],
    ['a page for people', { 'content-type': 'text/html' }, 'no-api-server'],
  ] as const) {
    it(`repeats the request after 200 with ${name}, with the reason ${reason}`, async () => {
      let tries = 0;
      const { errors } = await listAll(() => {
        tries += 1;
        return tries === 1 ? { ...refused(200), headers } : page([], '');
      });
      expect(errors).to.deep.equal([reason]);
    });
  }

  it('restarts if a page repeats the continue token of an earlier one', async () => {
    let tries = 0;
    const { queries, errors, begun } = await listAll(({ continue: token = '' }) => {
      if (token === '') tries += 1;
      if (tries > 1) return page(['z'], '');
      return token === 'b' ? page(['c'], 'a') : page([token], token === '' ? 'a' : 'b');
    });
    expect(queries).to.deep.equal(['500:', '500:a', '500:b', '500:']);
    expect(errors).to.deep.equal(['bad-list']);
    expect(begun).to.equal(2);
  });

  it('bounds empty pages in a row', async () => {
    let asked = 0;
    const { errors, begun } = await listAll(() => {
      asked += 1;
      return asked <= 21 ? page([], `t${asked}`) : page(['z'], '');
    });
    expect(errors).to.deep.equal(['bad-list']);
    expect(begun).to.equal(2);
  });

  it('does not wait between its pages', async () => {
    const { begun, queries } = await listAll(({ continue: token = '' }) =>
      token === 'end' ? page(['b'], '') : page(['a'], 'end'),
    );
    expect(queries).to.have.length(2);
    expect(begun).to.equal(1);
  });

  it('reports an answer above the bound as too large, not as unreachable', async () => {
    let asked = 0;
    const { errors } = await listAll(() => {
      asked += 1;
      return asked <= 5 ? TOO_LARGE : page([], '');
    });
    expect(errors).to.deep.equal(['too-large']);
  });

  it('marks an item above the frame cap', async () => {
    const message = 'x'.repeat(5 * 1024 * 1024);
    const big = eventAt('big', '10', { message });
    const body: JsonObject = {
      metadata: { resourceVersion: '9' },
      items: [big, eventAt('a', '8')],
    };
    const bytes = JSON.stringify(body).length;
    const { pages } = await listAll(() => ({ ok: true, status: 200, headers: {}, body, bytes }));
    const sizes = pages[0]?.items.map(({ oversizeBytes }) => oversizeBytes);
    expect(sizes?.[0]).to.be.above(5 * 1024 * 1024);
    expect(sizes?.[1]).to.equal(null);
  });
});

export const pagedList = readerSuite('a list over HTTP', (open) => {
  it('reads a page above 32 MiB, and skips and counts the item above the cap', async () => {
    await using bench = await open({ positions: shopAt('5'), keptForMs: null });
    (await bench.watch()).refuse(410);
    const big = (name: string): JsonObject =>
      eventAt(name, '10', { message: 'x'.repeat(3 * 1024 * 1024) });
    const huge = eventAt('huge', '10', { message: 'x'.repeat(9 * 1024 * 1024) });
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'].map(big);
    const first = await bench.list();
    first.list({ resourceVersion: '90', items: [...all, huge] });
    const second = await bench.list();
    expect(second.query.get('limit')).to.equal('50');
    second.list({ resourceVersion: '90', items: [...all, huge] });
    const third = await bench.list();
    expect(third.query.get('limit')).to.equal('5');
    third.list({ resourceVersion: '90', items: all.slice(0, 5), continue: 't' });
    const fourth = await bench.list();
    expect(fourth.query.get('limit')).to.equal('50');
    fourth.list({ resourceVersion: '90', items: [...all.slice(5), huge, eventAt('z', '11')] });
    await bench.watch();
    expect(bench.read).to.have.length(12);
    expect(bench.read.at(-1)).to.equal('z@11');
    expect(bench.losses).to.deep.equal(['possible-loss', 'none']);
    expect(bench.position).to.equal('90');
  });

  it('skips an item above 32 MiB by its name, counts it, and reads the next', async () => {
    await using bench = await open({ positions: shopAt('5'), keptForMs: null });
    (await bench.watch()).refuse(410);
    const giant = eventAt('giant', '10', { message: 'x'.repeat(33 * 1024 * 1024) });
    for (const limit of ['500', '50', '5', '1']) {
      const request = await bench.list();
      expect(request.query.get('limit')).to.equal(limit);
      request.list({ resourceVersion: '90', items: [giant], continue: 't' });
    }
    const names = await bench.list();
    expect(names.headers.accept).to.include('as=PartialObjectMetadataList');
    const metadata = eventAt('giant', '10')['metadata'] ?? null;
    names.list({ resourceVersion: '90', items: [{ metadata }], continue: 't' });
    const after = await bench.list();
    expect(after.headers.accept).to.equal('application/json');
    after.list({ resourceVersion: '90', items: [eventAt('z', '11')] });
    await bench.watch();
    expect(bench.read).to.deep.equal(['z@11']);
    expect(bench.losses).to.deep.equal(['possible-loss', 'none']);
    expect(bench.observed.of('frame-skipped')).to.have.length(1);
  });

  it('does not count an item again that was counted as a frame', async () => {
    await using bench = await open();
    const watch = await bench.begin('5');
    const huge = eventAt('huge', '10', { message: 'x'.repeat(5 * 1024 * 1024) });
    watch.send({ type: 'ADDED', object: huge });
    await bench.reading.have(() => bench.gaps.length === 1, 'the gap');
    (await bench.quiet()).list({ resourceVersion: '90', items: [huge] });
    (await bench.watch()).open();
    await bench.reading.have(() => bench.server.count('watch') === 2, 'the proof');
    expect(bench.gaps).to.have.length(1);
  });
});
