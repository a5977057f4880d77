// A client without manners: it writes the bytes that a spec chooses and does not close by itself when
// the server ends the connection (allowHalfOpen). What it cannot do is hold a connection that the
// server destroys.

import { connect, type Socket } from 'node:net';

/** One connection to a listener on loopback. */
export class RawClient implements Disposable {
  /** Everything that came. */
  text = '';
  isConnected = false;
  /** Whether the server ended the connection, or broke it off. */
  isEnded = false;
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#socket.on('error', () => undefined);
    this.#socket.on('connect', () => (this.isConnected = true));
    for (const end of ['end', 'close']) this.#socket.on(end, () => (this.isEnded = true));
    this.#socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
  }

  /** Writes, if the connection still takes it. */
  write(text: string): void {
    if (this.#socket.writable) this.#socket.write(text);
  }

  /** Takes what comes, from now on. */
  read(): void {
    this.#socket.resume();
  }

  /** Takes nothing more than the operating system already has. */
  stall(): void {
    this.#socket.pause();
  }

  /** Leaves without a word: the server sees a reset. */
  [Symbol.dispose](): void {
    this.#socket.resetAndDestroy();
  }
}
