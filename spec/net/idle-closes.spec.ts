// Ten thousand closes of idle connections over real sockets: nothing is lost, and nothing is sent
// twice.

import { expect } from 'chai';
import { systemClock } from '../../lib/kit/system.ts';
import type { HttpClient } from '../../lib/net/http-client.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { aClient, aRequest, type Receiver, rawReceiver } from './support/receiver.ts';

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const AT_ONCE = 200;
// Requests that cannot be repeated soon get connections that are closed by agreement; fewer will do.
const ROUNDS = { 'can be repeated': 50, 'cannot be repeated': 10 } as const;

/** A server that closes each connection a turn after its answer, unannounced. */
async function closing(seen: Map<string, number>): Promise<Receiver> {
  return rawReceiver((socket, { lastChunk }) => {
    const id = /id-\d+$/.exec(lastChunk)?.[0];
    if (id === undefined) return;
    seen.set(id, (seen.get(id) ?? 0) + 1);
    socket.write(OK);
    void systemClock.turn().then(() => socket.end());
  });
}

/** Sends requests in rounds; each begins when all connections of the last one were closed. */
async function sendAll(
  client: HttpClient,
  receiver: Receiver,
  what: keyof typeof ROUNDS,
): Promise<number> {
  const isRepeatable = what === 'can be repeated';
  let answered = 0;
  for (let round = 0; round < ROUNDS[what]; round += 1) {
    const sending = Array.from({ length: AT_ONCE }, async (_, place) => {
      const body = `id-${round * AT_ONCE + place}`;
      const result = await client.send(aRequest(receiver.url(), { body, isRepeatable }), NEVER);
      if (result.answered) answered += 1;
    });
    await Promise.all(sending);
    await until(() => receiver.sockets.size === 0, 'the server to close its connections');
  }
  return answered;
}

describe('10,000 connections that a server closes while they are idle', () => {
  for (const what of ['can be repeated', 'cannot be repeated'] as const) {
    it(`cost no request that ${what}`, async function () {
      this.timeout(60_000);
      const seen = new Map<string, number>();
      await using receiver = await closing(seen);
      await using client = aClient({ maxSockets: AT_ONCE });
      const total = AT_ONCE * ROUNDS[what];
      expect(await sendAll(client, receiver, what)).to.equal(total);
      expect(seen.size).to.equal(total);
      expect([...seen.values()].filter((times) => times > 1)).to.deep.equal([]);
      expect(receiver.connections).to.equal(total);
    });
  }
});
