// Requests on a connection that the API server or a balancer has closed silently after its last
// answer: which are sent again.

import type { Socket } from 'node:net';
import { expect } from 'chai';
import type { ApiAnswer } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { create, get } from '../../../lib/kubernetes/client/objects.ts';
import { rawReceiver } from '../../net/support/receiver.ts';
import { ConnectionBench, type Opened } from '../../support/connection-bench.ts';
import { NEVER } from '../../support/never.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
const PATH = '/apis/batch/v1/namespaces/ci/jobs';

/** A server that answers the first request of each connection and closes it at the second. */
async function closingServer(end: (socket: Socket) => void) {
  const served = new WeakSet<Socket>();
  const requests: string[] = [];
  const receiver = await rawReceiver((socket, { lastChunk }) => {
    const method = /^[A-Z]+(?= \/)/.exec(lastChunk)?.[0];
    if (method === undefined) return;
    requests.push(method);
    if (served.has(socket)) end(socket);
    else socket.write(ANSWER);
    served.add(socket);
  });
  const close = (): Promise<void> => receiver[Symbol.asyncDispose]();
  return { url: receiver.url('').origin, requests, [Symbol.asyncDispose]: close };
}

const job = (metadata: Record<string, string>) => ({ kind: 'Job', metadata });

const CASES: readonly {
  readonly what: string;
  readonly ask: (opened: Opened) => Promise<ApiAnswer>;
  readonly isRepeated: boolean;
}[] = [
  { what: 'a GET', ask: ({ api }) => get(api, `${PATH}/a`, NEVER), isRepeated: true },
  {
    what: 'the creation of an object with a name',
    ask: ({ api }) => create(api, { path: PATH, object: job({ name: 'a' }) }, NEVER),
    isRepeated: true,
  },
  {
    what: 'the creation of an object that the server gives a name',
    ask: ({ api }) => create(api, { path: PATH, object: job({ generateName: 'a-' }) }, NEVER),
    isRepeated: false,
  },
  {
    what: 'another POST',
    ask: ({ api }) =>
      api.request({ method: 'POST', path: PATH, body: {}, timeoutMs: 10_000 }, NEVER),
    isRepeated: false,
  },
];

describe('a request on a connection that was closed silently', () => {
  for (const [how, end] of Object.entries({
    closed: (socket: Socket): void => void socket.end(),
    reset: (socket: Socket): void => void socket.resetAndDestroy(),
  })) {
    for (const { what, ask, isRepeated } of CASES) {
      it(`is sent ${isRepeated ? 'again, and once only' : 'once'}: ${what}, ${how}`, async () => {
        using bench = new ConnectionBench();
        await using server = await closingServer(end);
        await using opened = await bench.open({ master: server.url });
        await ask(opened);
        const answer = await ask(opened);
        // One that cannot be repeated does not use a connection that may be closed.
        expect(answer).to.include({ ok: true, status: 200 });
        expect(server.requests).to.have.length(isRepeated ? 3 : 2);
      });
    }
  }
});
