// Free loopback ports, drawn below the range the kernel gives to outgoing connections, so that a
// port stays ours between asking and listening and while a server is away for a restart. Whoever
// asks here in another process is kept off by the UDP port of the same number, which is held until
// this process ends, however it ends; nothing of ours speaks UDP.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const lowest = 15_000;
const highest = 32_000;
const attempts = 200;

/** As many different free ports as asked for; nobody else is given them while this process lives. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let attempt = 0; attempt < attempts && found.length < count; attempt += 1) {
    const port = randomInt(lowest, highest);
    if (await claim(port)) found.push(port);
  }
  if (found.length < count) throw new Error(`no ${count} free ports in ${lowest}-${highest}`);
  return found;
}

/** Whether the port is ours: nobody claimed it before, and nobody listens on it. */
export async function claim(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const mark = createSocket('udp4');
  mark.once('error', () => resolve(false));
  mark.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  const isOurs = (await promise) && (await isFree(port));
  if (isOurs) mark.unref();
  else mark.close();
  return isOurs;
}

async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}
