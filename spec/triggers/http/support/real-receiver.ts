// A receiver with a real socket on a free port of loopback: it keeps all requests and answers as the
// spec says.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request that arrived. */
export interface Arrived {
  readonly method: string;
  /** The path with its query, as it was in the request line. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver that listens until it is disposed. */
export interface RealReceiver extends AsyncDisposable {
  readonly origin: string;
  readonly arrived: readonly Arrived[];
}

/** Starts a receiver; `answer` gets the whole request. */
export async function listen(
  answer: (request: Arrived, response: ServerResponse) => void = (_request, response) => {
    response.end();
  },
): Promise<RealReceiver> {
  const arrived: Arrived[] = [];
  const take = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: target = '', headers } = message;
    const request = { method, target, headers, body: await text(message) };
    arrived.push(request);
    answer(request, response);
  };
  const server = createServer((message, response) => {
    take(message, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    arrived,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
