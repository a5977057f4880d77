// Deliveries over HTTP: which are listed and how, what is shown of one, and what acts answer in every
// state. Every answer is also held to the OpenAPI document by the bench.

import { expect } from 'chai';
import {
  type Attempt,
  DELIVERY_STATES,
  type DeliveryState,
  type Outcome,
} from '../../lib/core/delivery.ts';
import { ACTS, type ActName } from '../../lib/delivery/actions.ts';
import { shortObject } from '../../lib/views/object-ref.ts';
import { type Answered, type ApiBench, benchPerSpec, TOKEN, TRAIL } from '../api/api-bench.ts';
import { aDelivery, anAttempt, anEvent, idOf, numbered } from '../support/builders.ts';
import type { FakeClock } from '../support/fake-clock.ts';

const RIGHT = { authorization: `Bearer ${TOKEN}` };
const HOUR_MS = 3_600_000;

interface Page {
  readonly items: readonly { readonly id: string; readonly [key: string]: unknown }[];
  readonly next: string | null;
  readonly total: number | null;
}

describe('deliveries over the API', () => {
  let bench: ApiBench;
  let clock: FakeClock;
  benchPerSpec((...made) => void ([bench, clock] = made));

  const ask = (path: string): Promise<Answered> => bench.ask({ path: `/api/v1/deliveries${path}` });
  const list = async (query = ''): Promise<Page> => (await ask(query)).json as Page;
  const post = (id: string, name: ActName): Promise<Answered> =>
    bench.ask({ method: 'POST', path: `/api/v1/deliveries/${id}/${name}`, headers: RIGHT });

  it('lists in short, the newest first, without the Events', async () => {
    await bench.commit([numbered(1), numbered(2, { state: 'held' })]);
    const { items, next, total } = await list();
    expect(items.map(({ id }) => id)).to.deep.equal([idOf(2), idOf(1)]);
    expect([next, total]).to.deep.equal([null, 2]);
    expect(items[1]).to.deep.include({
      state: 'waiting',
      object: 'v1/Pod/shop/web-1',
      event: {
        ...{ namespace: 'shop', name: 'web-1.17f1e2d3c4b5a697' },
        ...{ reason: 'BackOff', type: 'Warning', count: 3 },
      },
      attemptCount: 0,
      lastFailure: null,
      acts: ['retry', 'rerun', 'discard'],
    });
    expect(items[1]).to.not.have.any.keys('occurrences', 'attempts', 'decision');
  });

  it('refuses to attempt one whose trigger is not configured', async () => {
    await bench.commit([numbered(1, { trigger: 'gone', state: 'refused' })]);
    const { status, json } = await post(idOf(1), 'retry');
    expect(status).to.equal(409);
    expect(json).to.deep.include({
      detail: 'trigger gone is not configured, so no attempt is possible',
      state: 'refused',
      acts: ['discard'],
    });
  });

  for (const state of DELIVERY_STATES) {
    it(`shows when the next attempt of one that is ${state} may be made, if there is one`, async () => {
      const dead = state === 'dead' ? 'bug' : null;
      await bench.commit([numbered(1, { state, dead, dueAt: clock.now() })]);
      const isDue = ['waiting', 'held', 'open'].includes(state);
      const dueAt = isDue ? '2026-01-31T12:00:00.000Z' : null;
      expect((await list()).items[0]).to.have.property('dueAt', dueAt);
      expect((await ask(`/${idOf(1)}`)).json).to.have.property('dueAt', dueAt);
    });
  }

  it('shows what a receiver answered and what it started', async () => {
    const started = { kind: 'build', namespace: '', name: '7', url: 'https://ci.test/7' };
    const answer = { status: 201, text: '{"id":7}\u001b' };
    const outcome = { outcome: 'delivered', started, answer } as const;
    const attempts = [{ number: 1, at: 0, incarnation: 'i', outcome, durationMs: 3 }];
    await bench.commit([numbered(1, { state: 'delivered', attempts, started })]);
    const { json } = await ask(`/${idOf(1)}`);
    expect(json).to.deep.include({ started });
    expect(json).to.have.nested.property('lastAttempt.outcome').that.deep.equals(outcome);
  });

  it('goes from page to page without showing one twice, in both orders', async () => {
    const all = Array.from({ length: 45 }, (_, place) => idOf(place));
    await bench.commit(all.map((_, place) => numbered(place)));
    for (const order of ['newest', 'oldest']) {
      const seen: string[] = [];
      let after = '';
      for (let pages = 0; pages < 10; pages += 1) {
        const page = await list(`?order=${order}&limit=10${after}`);
        seen.push(...page.items.map(({ id }) => id));
        expect(page.total, 'only the first page counts').to.equal(after === '' ? 45 : null);
        if (page.next === null) break;
        after = `&after=${page.next}`;
      }
      expect(seen).to.deep.equal(order === 'newest' ? all.toReversed() : all);
    }
  });

  const filters: readonly (readonly [
    query: string,
    found: readonly number[],
    total: number | null,
  ])[] = [
    ['', [4, 3, 2, 1, 0], 5],
    ['?state=held', [1], 1],
    ['?state=held&state=dead', [2, 1], 2],
    ['?state=held,dead', [2, 1], 2],
    ['?trigger=other', [3], 1],
    ['?trigger=nobody', [], 0],
    ['?rule=second', [3], null],
    ['?rule=', [4], null],
    ['?object=Pod/shop/web-1', [2, 1, 0], null],
    ['?object=v1/Pod/shop/web-1', [2, 1, 0], null],
    ['?object=apps/v1/Deployment/shop/web', [3], null],
    ['?object=Deployment/shop/web', [3], null],
    ['?object=Node/node-1', [4], null],
    ['?object=/Node//node-1', [4], null],
    ['?object=Pod/shop/nobody', [], null],
    ['?since=2026-01-31T11:30:00Z', [4, 3, 2], null],
    ['?since=30m', [4, 3, 2], null],
    ['?until=2026-01-31T12:30:00%2B01:00', [1, 0], null],
    ['?since=2h&until=30m&state=held', [1], null],
  ];
  for (const [query, found, total] of filters) {
    it(`finds ${found.length} of five with "${query}"`, async () => {
      await bench.commit([
        numbered(0, { createdAt: clock.now() - 5 * HOUR_MS }),
        numbered(1, { createdAt: clock.now() - HOUR_MS, state: 'held' }),
        numbered(2, { state: 'dead', dead: 'poison' }),
        numbered(3, {
          trigger: 'other',
          rule: { index: 1, name: 'second', identity: 'second' },
          object: 'apps/v1/Deployment/shop/web',
        }),
        numbered(4, { rule: { index: 2, name: null, identity: '' }, object: '/Node//node-1' }),
      ]);
      const page = await list(query);
      expect(page.items.map(({ id }) => id)).to.deep.equal(found.map(idOf));
      expect(page.total).to.equal(total);
    });
  }

  const refused: readonly (readonly [query: string, parameter: string, why: RegExp])[] = [
    ['?state=lost', 'state', /found "lost", expected some of waiting, held/],
    ['?state=held,', 'state', /expected some of/],
    ['?state=held,lost', 'state', /found "held,lost", expected some of waiting, held/],
    ['?since=yesterday', 'since', /found "yesterday", expected a time such as/],
    ['?until=2026-02-30', 'until', /expected a time/],
    ['?object=Widget/shop/one', 'object', /Widget is not a built-in kind: write <apiVersion>/],
    ['?object=web-1', 'object', /expected <Kind>\/<namespace>\/<name>/],
    ['?after=nothing', 'after', /this delivery no longer exists/],
    [`?after=${aDelivery().id}`, 'after', /this delivery no longer exists/],
  ];
  for (const [query, parameter, why] of refused) {
    it(`refuses "${query}" and says why`, async () => {
      const { status, json } = await ask(query);
      expect(status).to.equal(400);
      expect(json).to.include({ parameter }).and.have.property('detail').that.matches(why);
    });
  }

  it('refuses an object that reporters write with and without apiVersion', async () => {
    await bench.commit([
      numbered(1, { object: 'v1/Node//node-1' }),
      numbered(2, { object: '/Node//node-1' }),
    ]);
    const { status, json } = await ask('?object=Node/node-1');
    expect(status).to.equal(400);
    expect(json).to.have.property('detail').that.includes('write v1/Node//node-1 or /Node//node-1');
  });

  it('shows everything that is known of one', async () => {
    const delivery = numbered(1, {
      state: 'dead',
      dead: 'poison',
      deaths: 3,
      attempts: [
        finished(1, { outcome: 'retry', reason: 'unavailable', detail: 'status 503', afterMs: 5 }),
        finished(2, { outcome: 'unknown', reason: 'process-died', detail: 'gone' }),
      ],
      retriedAt: clock.now(),
    });
    await bench.commit([delivery]);
    const { status, json } = await ask(`/${delivery.id}`);
    expect(status).to.equal(200);
    expect(json).to.deep.include({
      id: delivery.id,
      dead: 'poison',
      deaths: 3,
      retriedAt: '2026-01-31T12:00:00.000Z',
      cluster: { id: 'c1', name: 'dev' },
      occurrences: delivery.occurrences,
      decision: { at: '2026-01-31T12:00:00.000Z', trail: TRAIL },
      acts: ['retry', 'rerun', 'discard'],
    });
    expect(json).to.have.nested.property('attempts[1].outcome.reason', 'process-died');
    expect(json).to.have.nested.property('lastFailure.number', 2);
    expect((await list('?whole=true')).items[0]).to.deep.equal(json);
  });

  describe('whose Events are large', () => {
    const limits = () => bench.recorded.of('list').map(([{ limit }]) => limit);
    beforeEach(async () => {
      const message = 'x'.repeat(1_000_000);
      const event = anEvent({ message });
      await bench.commit(Array.from({ length: 40 }, (_, place) => numbered(place, { event })));
      bench.recorded.calls.length = 0;
    });

    it('make shorter pages of complete deliveries', async () => {
      const { items, next } = await list('?whole=true&limit=500');
      expect(items).to.have.length.within(8, 10);
      expect(next).to.equal(items.at(-1)?.id);
      expect(limits()).to.deep.equal([16]);
    });

    it('are read in small steps if they are not shown', async () => {
      expect((await list('?limit=500')).items).to.have.length(40);
      expect(limits()).to.deep.equal([16, 8, 8, 8, 8]);
    });
  });

  const table: Readonly<Record<DeliveryState, readonly ActName[]>> = {
    waiting: ['retry', 'rerun', 'discard'],
    held: ['rerun', 'release', 'discard'],
    open: ['rerun', 'discard'],
    running: ['rerun'],
    delivered: ['rerun'],
    refused: ['retry', 'rerun', 'discard'],
    unknown: ['retry', 'rerun', 'discard'],
    dead: ['retry', 'rerun', 'discard'],
    orphaned: ['retry', 'rerun', 'discard'],
    discarded: ['retry', 'rerun'],
  };
  for (const state of DELIVERY_STATES) {
    for (const name of ACTS) {
      const isPossible = table[state].includes(name);
      it(`${isPossible ? 'does' : 'refuses'} ${name} of one that is ${state}`, async () => {
        const dead = state === 'dead' ? 'bug' : null;
        await bench.commit([numbered(1, { state, dead })]);
        const { status, json } = await post(idOf(1), name);
        expect(status).to.equal(isPossible ? 200 : 409);
        if (!isPossible) {
          expect(json).to.deep.include({ state, acts: table[state] });
          return;
        }
        expect(json).to.include({ act: name, id: idOf(1), from: state });
        const next = name === 'discard' ? 'discarded' : 'waiting';
        expect(json).to.have.nested.property('delivery.state', next);
        const isNew = (json as { delivery: { id: string } }).delivery.id !== idOf(1);
        expect(isNew, 'another delivery').to.equal(name === 'rerun');
      });
    }
  }

  it('shows by which limit one is held, when it starts and when it expires', async () => {
    const at = clock.now();
    bench.forecasts.set(idOf(1), { budget: 'total', releaseAt: at + 90_000, expiresAt: at + 1 });
    // Only what is held has a forecast.
    bench.forecasts.set(idOf(2), { budget: 'total', releaseAt: at, expiresAt: at });
    await bench.commit([
      numbered(1, { state: 'held' }),
      numbered(2),
      numbered(3, { state: 'held' }),
    ]);
    const held = {
      budget: 'total',
      releaseAt: '2026-01-31T12:01:30.000Z',
      expiresAt: '2026-01-31T12:00:00.001Z',
    };
    const { items } = await list('?order=oldest');
    expect(items.map((item) => item['held'])).to.deep.equal([held, null, null]);
    expect((await ask(`/${idOf(1)}`)).json).to.deep.include({ held });
    const whole = await list('?order=oldest&whole=true');
    expect(whole.items.map((item) => item['held'])).to.deep.equal([held, null, null]);
  });

  it('releases what was held for too long', async () => {
    await bench.commit([numbered(1, { state: 'dead', dead: 'expired-held' })]);
    expect((await post(idOf(1), 'release')).status).to.equal(200);
  });

  for (const name of ACTS) {
    it(`refuses ${name} without the token and from another origin`, async () => {
      await bench.commit([numbered(1)]);
      const path = `/api/v1/deliveries/${idOf(1)}/${name}`;
      const status = async (headers: Record<string, string>): Promise<number> =>
        (await bench.ask({ method: 'POST', path, headers })).status;
      expect(await status({})).to.equal(401);
      expect(await status({ authorization: 'Bearer wrong' })).to.equal(401);
      expect(await status({ ...RIGHT, origin: 'http://evil.example' })).to.equal(403);
      expect((await bench.ask({ path })).status, 'GET').to.equal(405);
      expect((await list()).items[0]).to.include({ state: 'waiting', attemptCount: 0 });
    });

    it(`answers 404 to ${name} of what is not there`, async () => {
      expect((await post(aDelivery().id, name)).status).to.equal(404);
      expect((await post('no-id', name)).status).to.equal(404);
    });
  }

  it('answers 507 if the store is full for a rerun', async () => {
    await bench.commit([numbered(1)]);
    bench.failing.fill();
    const { status, json } = await post(idOf(1), 'rerun');
    expect(status).to.equal(507);
    expect(json).to.have.property('detail').that.includes('the store is full');
  });
});

describe('the short form of an object', () => {
  const rows: readonly (readonly [stored: string, short: string])[] = [
    ['v1/Pod/shop/web-1', 'Pod/shop/web-1'],
    ['/Pod/shop/web-1', 'Pod/shop/web-1'],
    ['v1/Node//node-1', 'Node/node-1'],
    ['apps/v1/Deployment/shop/web', 'Deployment/shop/web'],
    ['autoscaling/v2/HorizontalPodAutoscaler/shop/web', 'HorizontalPodAutoscaler/shop/web'],
    ['example.com/v1/Pod/shop/web', 'example.com/v1/Pod/shop/web'],
    ['example.com/v1/Widget/shop/one', 'example.com/v1/Widget/shop/one'],
    ['/Widget/shop/one', '/Widget/shop/one'],
    ['v1/Pod/shop/a/b', 'v1/Pod/shop/a/b'],
    ['///', '///'],
  ];
  for (const [stored, short] of rows) {
    it(`of ${stored} is ${short}`, () => expect(shortObject(stored)).to.equal(short));
  }
});

function finished(number: number, outcome: Outcome): Attempt {
  return anAttempt({ number, outcome, durationMs: 12.5 });
}
