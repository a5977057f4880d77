// Keeps connections for the next request: Node's agent, whose connections are made by our connector
// and let go before the receiver lets them go. No proxy of the environment reaches it.
import { Agent } from 'node:http';
import type { ClientRequestArgs } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connector } from './connector.ts';

/**
 * A request on a connection that the receiver is just closing is lost with `reached: perhaps`. Usual
 * servers (Node, Apache) keep an idle one for 5 s; what a shorter `keep-alive: timeout=` says is
 * heeded by Node, a second early.
 */
const LONGEST_IDLE_MS = 4000;

/** Connections by protocol, host and port. */
export class ConnectorAgent extends Agent {
  readonly #connector: Connector;
  readonly #isTls: boolean;

  constructor(
    connector: Connector,
    pool: { readonly isTls: boolean; readonly maxSockets: number },
  ) {
    const { isTls, maxSockets } = pool;
    super({
      keepAlive: true,
      maxSockets,
      maxFreeSockets: maxSockets,
      timeout: LONGEST_IDLE_MS,
      protocol: isTls ? 'https:' : 'http:',
      defaultPort: isTls ? 443 : 80,
    });
    this.#connector = connector;
    this.#isTls = isTls;
  }

  override createConnection(
    options: ClientRequestArgs,
    callback: (error: Error | null, socket: Duplex) => void = () => undefined,
  ): Duplex | null {
    const target = {
      host: options.host ?? 'localhost',
      port: Number(options.port),
      isTls: this.#isTls,
    };
    // Beside an error Node looks at no socket; its type wants one.
    return this.#connector.open(target, (error, socket) => callback(error, socket ?? new Socket()));
  }
}
