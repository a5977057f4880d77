// Requests on kept connections over real sockets. A request that cannot be repeated is not lost if a
// server closes a connection unannounced, a repeatable one is sent again at once, and a burst still
// shares connections.

import type { Socket } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../lib/kit/system.ts';
import { BRIEF_IDLE_MS, ReusePolicy } from '../../lib/net/connection-pool.ts';
import type { HttpClient } from '../../lib/net/http-client.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { aClient, aRequest, type Receiver, rawReceiver } from './support/receiver.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/** What a server does with the requests of one connection: the first, the second, … */
type Server = (socket: Socket, nth: number) => void;

/** A server that counts the requests that it has read. */
interface Served extends AsyncDisposable {
  readonly receiver: Receiver;
  readonly requests: () => number;
}

async function serving(act: Server): Promise<Served> {
  const texts = new WeakMap<Socket, string>();
  let requests = 0;
  const receiver = await rawReceiver((socket, { lastChunk }) => {
    const text = `${texts.get(socket) ?? ''}${lastChunk}`;
    texts.set(socket, text);
    // A request is read whole before anything is done about it.
    if (!text.endsWith('ping')) return;
    requests += 1;
    act(socket, text.split('POST ').length - 1);
  });
  const close = (): Promise<void> => receiver[Symbol.asyncDispose]();
  return { receiver, requests: () => requests, [Symbol.asyncDispose]: close };
}

const answer: Server = (socket) => void socket.write(OK);

function once(client: HttpClient, { receiver }: { receiver: Receiver }, body = 'ping') {
  return client.send(aRequest(receiver.url(), { isRepeatable: false, body }), NEVER);
}

function again(client: HttpClient, { receiver }: { receiver: Receiver }) {
  return client.send(aRequest(receiver.url(), { isRepeatable: true }), NEVER);
}

/** A client to which the server has shown that it keeps connections. */
async function acquainted(client: HttpClient, server: { receiver: Receiver }): Promise<void> {
  await once(client, server);
  await until(() => server.receiver.sockets.size === 0, 'the idle connection to be closed');
}

const ENDINGS: Readonly<Record<string, (socket: Socket) => void>> = {
  closes: (socket) => void socket.end(),
  resets: (socket) => void socket.resetAndDestroy(),
};

describe('a request that cannot be repeated', () => {
  for (const [how, end] of Object.entries(ENDINGS)) {
    // The client reuses a connection for 100 ms. Servers begin their idle time again at each answer.
    for (const afterMs of [0, 1, 5, 20, 60, 120, 400]) {
      it(`is not lost to a server that ${how} ${afterMs} ms after each answer`, async () => {
        const stayed = new WeakMap<Socket, () => void>();
        await using served = await serving((socket) => {
          stayed.get(socket)?.();
          socket.write(OK);
          stayed.set(
            socket,
            systemClock.after(afterMs, () => end(socket)),
          );
        });
        await using client = aClient();
        // In a row, so that a request meets each moment of the time after an answer.
        for (let sent = 1; sent <= 60; sent += 1) {
          const result = await once(client, served);
          expect(result, `request ${sent}`).to.include({ answered: true, status: 200 });
        }
        expect(served.requests()).to.equal(60);
      });
    }

    it(`is not lost to a server that ${how} instead of a second answer`, async () => {
      await using served = await serving((socket, nth) =>
        nth === 1 ? socket.write(OK) : end(socket),
      );
      await using client = aClient();
      const began = performance.now();
      const lostAfterMs: number[] = [];
      for (let sent = 1; sent <= 20; sent += 1) {
        const { answered } = await once(client, served);
        if (!answered) lostAfterMs.push(performance.now() - began);
      }
      // A busy machine may take so long that a connection has shown that it stays open: it is used
      // again, and what it loses is a lesson for all others.
      expect(lostAfterMs.filter((ms) => ms < BRIEF_IDLE_MS)).to.deep.equal([]);
      expect(lostAfterMs).to.have.length.of.at.most(1);
      expect(served.requests()).to.equal(20);
    });

    it(`is not lost in a burst to a server that ${how} instead of a second answer`, async () => {
      await using served = await serving((socket, nth) =>
        nth === 1 ? socket.write(OK) : end(socket),
      );
      const maxSockets = 4;
      await using client = aClient({ maxSockets });
      const began = performance.now();
      const lostAfterMs: number[] = [];
      const send = async (): Promise<void> => {
        const { answered } = await once(client, served);
        if (!answered) lostAfterMs.push(performance.now() - began);
      };
      await Promise.all(Array.from({ length: 20 }, send));
      // As above; in a burst as many can be lost as were in flight before the first loss.
      expect(lostAfterMs.filter((ms) => ms < BRIEF_IDLE_MS)).to.deep.equal([]);
      expect(lostAfterMs).to.have.length.of.at.most(maxSockets);
      expect(served.requests()).to.equal(20);
    });

    it(`is lost only once to a server that begins to behave so: it ${how}`, async () => {
      let isKind = true;
      await using served = await serving((socket, nth) =>
        isKind || nth === 1 ? socket.write(OK) : end(socket),
      );
      await using client = aClient();
      await acquainted(client, served);
      await once(client, served);
      isKind = false;
      const lost = await once(client, served);
      expect(lost).to.include({ answered: false, reached: 'perhaps', failure: 'reset' });
      for (let sent = 1; sent <= 20; sent += 1) {
        expect(await once(client, served)).to.include({ answered: true });
      }
      // A lost request may have been read: it was sent once.
      expect(served.requests()).to.equal(1 + 1 + 1 + 20);
    });

    it(`is sent only after everything that arrived on its connection was read: the server ${how}`, async () => {
      let isKind = true;
      await using served = await serving((socket) => {
        socket.write(OK);
        if (!isKind) end(socket);
      });
      await using client = aClient();
      await acquainted(client, served);
      isKind = false;
      for (let sent = 1; sent <= 20; sent += 1) {
        expect(await once(client, served)).to.include({ answered: true });
      }
      expect(served.requests()).to.equal(21);
    });
  }

  it('shares connections with others of a burst', async () => {
    await using served = await serving(answer);
    await using client = aClient({ maxSockets: 4 });
    await acquainted(client, served);
    const before = served.receiver.connections;
    for (let round = 0; round < 25; round += 1) {
      const all = Array.from({ length: 4 }, () => once(client, served));
      expect((await Promise.all(all)).every(({ answered }) => answered)).to.equal(true);
    }
    expect(served.receiver.connections - before).to.be.at.most(8);
  });

  it('never takes the end of its own idle time for a close by the server', async () => {
    await using served = await serving(answer);
    await using client = aClient({ maxSockets: 16 });
    // Without a pause, so that requests meet the moments at which connections were idle long enough.
    const burst = async (): Promise<number> => {
      const before = served.receiver.connections;
      const end = performance.now() + 4 * BRIEF_IDLE_MS;
      const sending = async (): Promise<void> => {
        while (performance.now() < end) await once(client, served);
      };
      await Promise.all(Array.from({ length: 16 }, sending));
      return served.receiver.connections - before;
    };
    await burst();
    const sentBefore = served.requests();
    const opened = await burst();
    expect(opened).to.be.lessThan((served.requests() - sentBefore) / 4);
  });

  it('leaves no connection idle for longer than its reuse time', async () => {
    await using served = await serving(answer);
    await using client = aClient();
    for (let sent = 1; sent <= 3; sent += 1) await once(client, served);
    await until(() => served.receiver.sockets.size === 0, 'the connections to be closed', 1_000);
  });

  it('announces `connection: close` to a server that closes unannounced', async () => {
    await using served = await serving((socket) => {
      socket.write(OK);
      systemClock.after(5, () => socket.end());
    });
    await using client = aClient();
    await once(client, served);
    await until(async () => {
      served.receiver.received = '';
      await once(client, served);
      return /connection: close/i.test(served.receiver.received);
    }, 'the close to be learned');
  });
});

describe('a request that can be repeated', () => {
  for (const [how, end] of Object.entries(ENDINGS)) {
    it(`is sent again at once, unchanged, if a kept connection ${how} under it`, async () => {
      await using served = await serving((socket, nth) =>
        nth === 1 ? socket.write(OK) : end(socket),
      );
      await using client = aClient({ maxSockets: 1 });
      await again(client, served);
      served.receiver.received = '';
      expect(await again(client, served)).to.include({ answered: true, status: 200 });
      const [first, second, ...more] = served.receiver.received.split('POST ').slice(1);
      const isTheSame = first?.replace('keep-alive', 'close') === second;
      expect([isTheSame, more]).to.deep.equal([true, []]);
      expect(served.receiver.connections).to.equal(2);
    });

    it(`is sent at most twice to a server that ${how}`, async () => {
      let isKind = true;
      await using served = await serving((socket) => (isKind ? socket.write(OK) : end(socket)));
      await using client = aClient();
      await Promise.all([again(client, served), again(client, served)]);
      isKind = false;
      const before = served.requests();
      expect(await again(client, served)).to.include({ reached: 'perhaps', failure: 'reset' });
      expect(served.requests() - before).to.equal(2);
    });
  }

  const DEAD: readonly (readonly [string, Server])[] = [
    ['if its connection is new', (socket) => void socket.resetAndDestroy()],
    [
      'if its answer has begun',
      (socket, nth) => (nth === 1 ? socket.write(OK) : socket.end('HTTP/1.1 200 OK\r\nx')),
    ],
    ['if its answer is invalid', (socket, nth) => socket.write(nth === 1 ? OK : 'SSH-2.0\r\n\r\n')],
  ];
  for (const [what, act] of DEAD) {
    it(`is not sent again ${what}`, async () => {
      await using served = await serving(act);
      await using client = aClient();
      let result = await again(client, served);
      if (result.answered) result = await again(client, served);
      expect(result).to.include({ answered: false, reached: 'perhaps' });
      expect(served.requests()).to.be.at.most(2);
    });
  }

  it('is not sent again once it was aborted', async () => {
    const stop = new AbortController();
    await using served = await serving((socket, nth) => {
      if (nth === 1) socket.write(OK);
      else stop.abort();
    });
    await using client = aClient();
    await again(client, served);
    const request = aRequest(served.receiver.url(), { isRepeatable: true });
    expect(await client.send(request, stop.signal)).to.include({ failure: 'aborted' });
    expect(served.requests()).to.equal(2);
  });

  it('frees its slot for the next request after any number of sends', async () => {
    await using served = await serving((socket, nth) =>
      nth === 1 ? socket.write(OK) : socket.end(),
    );
    await using client = aClient({ maxSockets: 1 });
    const all = Array.from({ length: 10 }, () => again(client, served));
    expect((await Promise.all(all)).every(({ answered }) => answered)).to.equal(true);
  });
});

describe('the reuse policy of a place', () => {
  const REPEATABLE = { isRepeatable: true };
  const ONCE = { isRepeatable: false };

  it('watches a first connection before any is reused', () => {
    const reuse = new ReusePolicy();
    expect(reuse.useFor('a:1', ONCE, 0)).to.equal('watched');
    expect(reuse.useFor('a:1', REPEATABLE, 0)).to.equal('any');
    reuse.stayedOpen('a:1');
    expect(reuse.useFor('a:1', ONCE, 0)).to.equal('brief');
    expect(reuse.useFor('b:1', ONCE, 0)).to.equal('watched');
  });

  it('remembers an unannounced close for ten minutes', () => {
    const reuse = new ReusePolicy();
    reuse.stayedOpen('a:1');
    reuse.closedUnannounced('a:1', 1_000);
    expect(reuse.useFor('a:1', ONCE, 600_999)).to.equal('single');
    expect(reuse.useFor('a:1', REPEATABLE, 600_999)).to.equal('single');
    expect(reuse.useFor('a:1', ONCE, 601_000)).to.equal('watched');
    expect(reuse.useFor('a:1', REPEATABLE, 601_000)).to.equal('any');
  });

  it('never uses a connection near the shortest timeout of a server for a request that cannot be repeated', () => {
    expect(BRIEF_IDLE_MS).to.be.at.most(1_000 / 10);
  });
});
