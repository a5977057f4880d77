// The client's own sockets, as Node reports them when they are opened.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** The sockets that were opened since; what they read is counted by Node. */
export class OpenedSockets implements Disposable {
  readonly sockets: Socket[] = [];
  readonly #onSocket = (message: unknown): void => {
    this.sockets.push((message as { socket: Socket }).socket);
  };

  constructor() {
    subscribe('net.client.socket', this.#onSocket);
  }

  get bytesRead(): number {
    return this.sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  }

  get isClosed(): boolean {
    return this.sockets.every(({ destroyed }) => destroyed);
  }

  [Symbol.dispose](): void {
    unsubscribe('net.client.socket', this.#onSocket);
  }
}
