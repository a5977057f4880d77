// An HTTP proxy on loopback for the specs of lib/net.

import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { HttpProxy } from '../../../lib/net/undici-client.ts';
import type { Pair } from '../../support/certificates.ts';
import { Receiver } from './receiver.ts';

/** Who we are to a proxy. */
export const CREDENTIALS = { username: 'sluice', password: 'se:cret' };
/** The same, as a header says it. */
export const BASIC = `Basic ${Buffer.from('sluice:se:cret').toString('base64')}`;

/** A proxy that sends every tunnel to one port and records its requests. */
export class Proxy extends Receiver {
  readonly asked: string[] = [];
  readonly authorizations: (string | undefined)[] = [];

  note(request: IncomingMessage): void {
    this.asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''}`);
    this.authorizations.push(request.headers['proxy-authorization']);
  }

  get settings(): HttpProxy {
    return { url: this.url('/'), credentials: CREDENTIALS };
  }
}

/** Opens one; with a certificate it speaks TLS. */
export async function proxyTo(
  port: number,
  { tunnelled = 'HTTP/1.1 200 OK\r\n\r\n', pair }: { tunnelled?: string; pair?: Pair } = {},
): Promise<Proxy> {
  const answer: RequestListener = (request, response) => {
    proxy.note(request);
    request.resume().on('end', () => response.end('by the proxy'));
  };
  const server = pair === undefined ? createServer(answer) : createHttpsServer(pair, answer);
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    proxy.note(request);
    socket.on('error', () => undefined);
    socket.write(tunnelled);
    if (!tunnelled.includes(' 200 ')) {
      socket.resume().on('end', () => socket.end());
      return;
    }
    const onward = connect(port, '127.0.0.1');
    onward.on('error', () => socket.destroy());
    onward.pipe(socket).pipe(onward);
    socket.on('close', () => onward.destroy());
  });
  const proxy = new Proxy(server);
  await proxy.listen();
  return proxy;
}
