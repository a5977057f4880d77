// What clients can hold of the API beside connections: explanations, answers, feeds. Each place is given
// back however its request ends, and a client that makes others wait loses it to them.

import { expect } from 'chai';
import { FEED_CLIENTS } from '../../lib/api/feed.ts';
import { aDelivery, anEvent } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RawClient } from '../support/raw-client.ts';
import { until } from '../support/until.ts';
import { ApiBench } from './api-bench.ts';

const HOST = 'Host: localhost\r\n';
const EXPLANATIONS = 4;
const ANSWERS = 16;
const CONNECTIONS = 64;

const explain = (bytes: number, more = ''): string =>
  `POST /api/v1/explain HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n` +
  `Content-Length: ${bytes}\r\n${more}\r\n`;
const FEED = `GET /api/v1/feed HTTP/1.1\r\n${HOST}\r\n`;
const LIST = `GET /api/v1/deliveries?whole=true&limit=500 HTTP/1.1\r\n${HOST}\r\n`;

describe('what clients hold of the API', () => {
  let clock: FakeClock;
  let bench: ApiBench;
  /** The check of the token waits for it. */
  let gate: Promise<undefined>;
  let checks = 0;
  const clients: RawClient[] = [];
  beforeEach(async () => {
    clock = new FakeClock();
    gate = Promise.resolve(undefined);
    checks = 0;
    const token = async (): Promise<string> => {
      checks += 1;
      await gate;
      return 'token';
    };
    bench = await ApiBench.open({ clock, token });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client[Symbol.dispose]();
    await bench[Symbol.asyncDispose]();
  });

  const opened = (count: number, begins: string): readonly RawClient[] => {
    const made = Array.from({ length: count }, () => {
      const client = new RawClient(bench.port);
      client.write(begins);
      return client;
    });
    clients.push(...made);
    return made;
  };
  const explained = async (): Promise<number> =>
    (
      await bench.ask({
        method: 'POST',
        path: '/api/v1/explain',
        body: '[]',
        headers: { 'content-type': 'application/json' },
      })
    ).status;
  const listed = async (): Promise<number> =>
    (await bench.ask({ path: '/api/v1/deliveries?limit=1' })).status;
  /** Deliveries so large that an answer with all of them stays with its client. */
  const large = async (): Promise<void> => {
    const message = 'x'.repeat(1_000_000);
    const [occurrence] = aDelivery().occurrences;
    const occurrences = [{ ...occurrence, event: anEvent({ message }) }] as const;
    const ids = Array.from({ length: 9 }, (_, place) => `01kgf5000000000000000000${place}0`);
    await bench.commit(ids.map((id) => aDelivery({ id, occurrences })));
  };

  interface End {
    readonly begins: string;
    readonly end: (clients: readonly RawClient[]) => unknown;
  }
  const leave = (all: readonly RawClient[]): void => {
    for (const client of all) client[Symbol.dispose]();
  };
  const ends: Readonly<Record<string, End>> = {
    'is answered': { begins: explain(2), end: (all) => all.map((client) => client.write('[]')) },
    'is refused for its body': {
      begins: explain(2),
      end: (all) => all.map((client) => client.write('{x')),
    },
    'is broken off by its client': { begins: explain(100), end: leave },
    'comes too late': { begins: explain(100), end: () => clock.advance(62_000) },
    'comes byte by byte': {
      begins: explain(100_000),
      end: async (all) => {
        for (let second = 0; second < 62; second += 1) {
          for (const client of all) client.write(' ');
          await clock.advance(1_000);
        }
      },
    },
    'waits to be asked for its body and leaves': {
      begins: explain(100, 'Expect: 100-continue\r\n'),
      end: leave,
    },
    'has a bad chunk': {
      begins: explain(1).replace('Content-Length: 1', 'Transfer-Encoding: chunked'),
      end: (all) => all.map((client) => client.write('zz\r\n')),
    },
    'is followed by another before its answer': {
      begins: explain(2),
      end: (all) => all.map((client) => client.write(`{}${explain(2)}{}`)),
    },
  };
  for (const [what, { begins, end }] of Object.entries(ends)) {
    it(`gives the place of an explanation back when its request ${what}`, async () => {
      const all = opened(EXPLANATIONS, begins);
      await until(async () => (await explained()) === 503, 'no more room');
      await end(all);
      await until(async () => (await explained()) === 200, 'room');
      expect(bench.recording.of('bug')).to.deep.equal([]);
    });
  }

  it('gives the place of a slow body to a newcomer after 10 s', async () => {
    opened(EXPLANATIONS, `${explain(100_000)}{`);
    await until(async () => (await explained()) === 503, 'no more room');
    await clock.advance(9_000);
    expect(await explained()).to.equal(503);
    await clock.advance(1_000);
    expect(await explained()).to.equal(200);
  });

  it('gives the place of an answer that is not taken to a newcomer after 10 s', async () => {
    await large();
    for (const client of opened(ANSWERS, LIST)) client.stall();
    await until(async () => (await listed()) === 503, 'no more room');
    await clock.advance(9_000);
    expect(await listed()).to.equal(503);
    await clock.advance(1_000);
    expect(await listed()).to.equal(200);
  });

  it('cuts off a client that takes nothing of its answer for 30 s', async () => {
    await large();
    for (const client of opened(ANSWERS, LIST)) client.stall();
    await until(async () => (await listed()) === 503, 'no more room');
    for (let second = 0; second < 32; second += 1) await clock.advance(1_000);
    await until(() => bench.connections === 0, 'every connection to be closed');
  });

  for (const [what, request] of [
    ['a feed', FEED],
    ['an answer', LIST],
    ['an explanation', `${explain(2)}{}`],
  ] as const) {
    it(`keeps no place for ${what} whose client left before it was let in`, async () => {
      const { promise, resolve: admit } = Promise.withResolvers<undefined>();
      gate = promise;
      const all = opened(ANSWERS, request);
      await until(() => checks > 0 && bench.connections === ANSWERS, 'every request');
      leave(all);
      await until(() => bench.connections === 0, 'every client to be gone');
      admit(undefined);
      for (let more = 0; more < 2; more += 1) {
        expect(await listed()).to.equal(200);
        expect(await explained()).to.equal(200);
      }
      const feeds = opened(FEED_CLIENTS, FEED);
      await until(() => feeds.every(({ text }) => text.includes('retry: ')), 'every feed to open');
    });
  }

  it('keeps connections for others beside every feed and answer there can be', async () => {
    await large();
    const feeds = opened(FEED_CLIENTS, FEED);
    await until(() => feeds.every(({ text }) => text.includes('retry: ')), 'every feed to open');
    for (const client of opened(ANSWERS, LIST)) client.stall();
    opened(CONNECTIONS, '');
    await until(async () => (await listed()) === 503, 'an answer, if only that there is no room');
    expect(bench.connections).to.be.at.most(CONNECTIONS);
    expect(feeds.filter(({ isEnded }) => isEnded)).to.deep.equal([]);
  });

  it('writes nothing but the feed to a client of the feed that sends no HTTP', async () => {
    const [client] = opened(1, FEED);
    await until(() => client?.text.includes('retry: '), 'the feed to open');
    client?.write('nonsense\r\n\r\n');
    await until(() => client?.isEnded, 'the end');
    expect(client?.text.match(/HTTP\/1\.1/g)).to.have.length(1);
  });

  const asked: readonly (readonly [what: string, head: string, first: number])[] = [
    ['of the right size', explain(2, 'Expect: 100-continue\r\n'), 100],
    ['above the bound', explain(99_000_000, 'Expect: 100-continue\r\n'), 413],
    [
      'for another host',
      explain(2, 'Expect: 100-continue\r\n').replace('localhost', 'evil.example'),
      421,
    ],
  ];
  for (const [what, head, first] of asked) {
    it(`answers a client that waits to be asked for a body ${what} with ${first}`, async () => {
      const [client] = opened(1, head);
      await until(() => client?.text.startsWith('HTTP/1.1 '), 'an answer');
      expect(client?.text).to.match(new RegExp(`^HTTP/1\\.1 ${first} `));
      if (first !== 100) return;
      client?.write('[]');
      await until(() => client?.text.includes('HTTP/1.1 200 '), 'the explanation');
    });
  }

  it('ignores an unknown expectation', async () => {
    const [client] = opened(1, `${explain(2, 'Expect: wonders\r\n')}[]`);
    await until(() => client?.text.startsWith('HTTP/1.1 200 '), 'the explanation');
  });
});
