// The feed over real sockets: what comes, how it is resumed, and who is cut off.

import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { expect } from 'chai';
import { FEED_CLIENTS, HEARTBEAT_MS, SLOW_MS } from '../../lib/api/feed.ts';
import { aDelivery } from '../support/builders.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { type ApiBench, benchPerSpec, validateAt } from './api-bench.ts';

interface Message {
  readonly id: string | null;
  readonly event: string | null;
  readonly data: unknown;
}

/** A client of the feed; it reads unless it is stalled. */
class Listening implements Disposable {
  text = '';
  status = 0;
  isOver = false;
  /** Whether it was ended and not cut. */
  isComplete = false;
  #response: IncomingMessage | undefined;
  readonly #request: ClientRequest;

  constructor(bench: ApiBench, options: { query?: string; last?: string; stalls?: true } = {}) {
    const { query = '', last, stalls } = options;
    const headers = last === undefined ? {} : { 'last-event-id': last };
    const path = `/api/v1/feed${query}`;
    const to = { host: '127.0.0.1', port: bench.port, path, headers, agent: false as const };
    this.#request = request(to, (response) => {
      this.status = response.statusCode ?? 0;
      this.#response = response;
      response.setEncoding('utf8').on('error', () => undefined);
      response.on('close', () => {
        this.isOver = true;
        this.isComplete = response.complete;
      });
      if (stalls !== true) this.read();
    });
    this.#request.on('error', () => (this.isOver = true)).end();
  }

  read(): void {
    this.#response?.on('data', (chunk: string) => (this.text += chunk));
  }

  /** What came so far, comments left out. */
  get messages(): readonly Message[] {
    const blocks = this.text.split('\n\n').slice(0, -1);
    return blocks.flatMap((block): Message[] => {
      const fields = new Map(block.split('\n').map((line) => split(line)));
      const data = fields.get('data');
      if (data === undefined) return [];
      const json: unknown = JSON.parse(data);
      return [{ id: fields.get('id') ?? null, event: fields.get('event') ?? null, data: json }];
    });
  }

  get ids(): readonly (string | null)[] {
    return this.messages.map(({ id }) => id);
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }
}

function split(line: string): [string, string] {
  const place = line.indexOf(': ');
  return [line.slice(0, place), line.slice(place + 2)];
}

describe('the feed', () => {
  let bench: ApiBench;
  let clock: FakeClock;
  benchPerSpec((...made) => void ([bench, clock] = made));

  const opened = async (listening: Listening): Promise<void> => {
    await until(() => listening.text.includes('retry: '), 'the feed to open');
  };

  it('tells decisions and moves of deliveries as they come, and nothing from before', async () => {
    bench.decide();
    using listening = new Listening(bench);
    await opened(listening);
    const decided = bench.decide();
    const moved = { kind: 'delivery-moved', from: 'running', to: 'delivered', dead: null } as const;
    bench.observe({ ...moved, delivery: aDelivery(), why: 'first try' });
    await until(() => listening.messages.length === 2, 'both');
    const [decision, move] = listening.messages;
    expect(decision).to.include({ id: String(decided), event: 'decision' });
    expect(move).to.include({ id: String(decided + 1), event: 'delivery' });
    validateAt(['components', 'schemas', 'Decision'], decision?.data);
    validateAt(['components', 'schemas', 'Move'], move?.data);
    expect(move?.data).to.include({ to: 'delivered', why: 'first try', trigger: 'build' });
  });

  it('goes on behind Last-Event-ID, or behind `after`', async () => {
    const [first, ...others] = [bench.decide(), bench.decide(), bench.decide()].map(String);
    for (const how of [{ last: first ?? '' }, { query: `?after=${first ?? ''}` }]) {
      using listening = new Listening(bench, how);
      await until(() => listening.messages.length === 2, 'what was missed');
      expect(listening.ids).to.deep.equal(others);
    }
  });

  it('reports a loss if it cannot resume after a number, also one of an earlier process', async () => {
    const { next: oldest } = bench.watch.recent;
    const decided = bench.decide();
    for (const last of ['17', String(oldest - 2), String(decided + 1)]) {
      using listening = new Listening(bench, { last });
      await until(() => listening.messages.length === 2, 'what is left');
      const [lost, kept] = listening.messages;
      expect(lost).to.deep.equal({
        id: null,
        event: 'lost',
        data: { after: Number(last), oldest },
      });
      expect(kept).to.include({ id: String(decided) });
    }
  });

  it('refuses a Last-Event-ID that is no number', async () => {
    const headers = { 'last-event-id': 'x\t1' };
    const { status, json } = await bench.ask({ path: '/api/v1/feed', headers });
    expect(status).to.equal(400);
    expect(json).to.include({ parameter: 'Last-Event-ID' });
  });

  it('shows that it lives every 15 s while nothing happens', async () => {
    using listening = new Listening(bench);
    await opened(listening);
    expect(listening.text).to.not.include(': heartbeat');
    await clock.advance(HEARTBEAT_MS - 1);
    expect(listening.text).to.not.include(': heartbeat');
    await clock.advance(HEARTBEAT_MS + 1);
    await until(() => listening.text.match(/^: heartbeat$/gm)?.length === 2, 'two heartbeats');
  });

  it('prevents an Event from injecting a field', async () => {
    using listening = new Listening(bench);
    await opened(listening);
    const reason = 'a\r\ndata: {}\n\nid: 9\nevent: lost\r\u2028\u0085';
    const sequence = bench.decide({ reason });
    await until(() => listening.messages.length === 1, 'the decision');
    expect(listening.ids).to.deep.equal([String(sequence)]);
    expect(listening.messages[0]?.data).to.include({ reason });
    expect(listening.text).to.match(/^[\x20-\x7e\n]*$/);
  });

  it('cuts a client off that takes nothing, and holds no more for it than the socket does', async () => {
    using listening = new Listening(bench, { stalls: true });
    await until(() => listening.status === 200, 'the feed to open');
    // The operating system takes some MB before anybody notices.
    const sent = 20_000;
    for (let index = 1; index <= sent; index += 1) {
      bench.decide({ type: 'x'.repeat(1000) });
      if (index % 500 === 0) await clock.advance(0);
    }
    await clock.advance(SLOW_MS);
    listening.read();
    await until(() => listening.isOver, 'the end');
    expect(listening.messages.length).to.be.within(1, sent - 1);
    expect(listening.isComplete).to.equal(false);
  }).timeout(20_000);

  it("resumes after a disconnected client's last number", async () => {
    const sequence = bench.decide();
    using first = new Listening(bench, { query: `?after=${sequence - 1}` });
    await until(() => first.messages.length === 1, 'the first');
    first[Symbol.dispose]();
    const missed = bench.decide();
    using second = new Listening(bench, { last: first.ids.at(-1) ?? '' });
    await until(() => second.messages.length === 1, 'the missed one');
    expect(second.ids).to.deep.equal([String(missed)]);
  });

  it(`listens to ${FEED_CLIENTS} clients at most, and to another when one has left`, async () => {
    const clients = Array.from({ length: FEED_CLIENTS }, () => new Listening(bench));
    await Promise.all(clients.map(opened));
    const full = await bench.ask({ path: '/api/v1/feed' });
    expect([full.status, full.headers['retry-after']]).to.deep.equal([503, '5']);
    expect((await bench.ask({ path: '/api/v1/status' })).status).to.equal(200);
    clients.shift()?.[Symbol.dispose]();
    await until(async () => {
      using another = new Listening(bench);
      await until(() => another.status !== 0, 'an answer');
      return another.status === 200;
    }, 'room');
    for (const client of clients) client[Symbol.dispose]();
  });

  it('ends when the listener closes, and is not cut', async () => {
    using listening = new Listening(bench);
    await opened(listening);
    await bench[Symbol.asyncDispose]();
    await until(() => listening.isOver, 'the end');
    expect(listening.isComplete).to.equal(true);
  });
});
