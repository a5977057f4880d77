// A receiver on a real socket, on a free port of loopback: it keeps what arrives and answers what a
// spec tells it to.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  /** The path with its query, as it stood in the request line. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver that listens until it is disposed of. */
export interface RealReceiver extends AsyncDisposable {
  readonly origin: string;
  readonly arrived: readonly Arrived[];
}

/** Starts one; `answer` sees the whole request. */
export async function listen(
  answer: (request: Arrived, response: ServerResponse) => void = (_request, response) => {
    response.end();
  },
): Promise<RealReceiver> {
  const arrived: Arrived[] = [];
  const take = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(Buffer.from(chunk as Uint8Array));
    const { method = '', url: target = '', headers } = message;
    const request = { method, target, headers, body: Buffer.concat(chunks).toString('utf8') };
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
