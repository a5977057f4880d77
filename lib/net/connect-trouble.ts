// Why a connection was not made, where Sluice decided so itself. It never leaves this room: a socket
// is destroyed with it, and the exchange that wanted the socket makes an answer of it.

import type { NetworkFailure } from './http-client.ts';

/** Ends a connection that is being made; the message is for people and holds no secret. */
export class ConnectTrouble extends Error {
  override readonly name = 'ConnectTrouble';
  readonly failure: NetworkFailure;

  constructor(failure: NetworkFailure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}
