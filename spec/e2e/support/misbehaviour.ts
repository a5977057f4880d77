// The ways in which a receiver can misbehave, each as a Behaviour: too slowly, too much, not HTTP,
// not at all. Those that never end stop when the other side closes.

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../../../lib/kit/system.ts';
import { NEVER } from '../../support/never.ts';
import { type Arrived, type Behaviour, WELL } from './switched-receiver.ts';

const MIB = 1024 * 1024;
/** So large is the body of `large`. */
export const LARGE_BYTES = 10 * MIB;
const LARGE = Buffer.alloc(LARGE_BYTES, 'x');
const CHUNK = Buffer.alloc(64 * 1024, 'y');
const TRICKLE_MS = 50;

/** Answers with a status. */
export function status(code: number, headers: OutgoingHttpHeaders = {}): Behaviour {
  return { answer: (response) => void response.writeHead(code, headers).end('{"why":"so"}') };
}

/** Answers well, so long after the request was read. */
export function slow(ms: number): Behaviour {
  return {
    answer: (response) =>
      void systemClock.sleep(ms, NEVER).then(() => response.writeHead(200).end()),
  };
}

/** Reads and never answers. */
export const HANGING: Behaviour = { answer: () => undefined };

/** Resets the connection when it has read the request. */
export const RESETTING: Behaviour = {
  answer: (_response, { request }) => void request.socket.resetAndDestroy(),
};

/** Answers with 10 MiB. */
export const LARGE_ANSWER: Behaviour = {
  answer: (response) => void response.writeHead(200, { 'content-length': LARGE_BYTES }).end(LARGE),
};

/** Answers with a body that never ends, as fast as it is read. */
export const ENDLESS: Behaviour = {
  answer: (response) => {
    response.writeHead(200);
    pump(response, CHUNK);
  },
};

/** Answers with a body that never ends, a byte at a time. */
export const TRICKLING: Behaviour = {
  answer: (response) => {
    response.writeHead(200);
    void trickle(response);
  },
};

/** Answers with a head that never ends. */
export const ENDLESS_HEAD: Behaviour = {
  answer: (_response, { request }) => {
    request.socket.write('HTTP/1.1 200 OK\r\n');
    pump(request.socket, Buffer.from(`x-more: ${'z'.repeat(1000)}\r\n`));
  },
};

/** Answers with these bytes, whatever they are, and closes. */
export function bytes(text: string): Behaviour {
  return { answer: (_response, { request }) => void request.socket.end(text) };
}

/** Resets the first connections as soon as they are there, before anything is read of them. */
export function resettingFirst(connections: number): Behaviour {
  return {
    ...WELL,
    connected: (socket, before) => {
      if (before < connections) socket.resetAndDestroy();
    },
  };
}

/** Misbehaves where a request is chosen, and does well otherwise. */
export function where(chosen: (arrived: Arrived) => boolean, bad: Behaviour): Behaviour {
  return {
    answer: (response, arrived) => (chosen(arrived) ? bad : WELL).answer(response, arrived),
  };
}

function pump(to: ServerResponse | Socket, chunk: Buffer): void {
  let isOpen = true;
  const write = (): void => {
    while (isOpen && to.write(chunk));
  };
  to.on('close', () => (isOpen = false));
  to.on('drain', write);
  write();
}

async function trickle(response: ServerResponse): Promise<void> {
  while (!response.destroyed) {
    response.write('.');
    await systemClock.sleep(TRICKLE_MS, NEVER);
  }
}
