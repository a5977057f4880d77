// A proxy with the API server's own certificate that passes requests on, unless a spec wants to
// meddle: answer in the server's place, change what a list or a watch says, keep an answer back, end
// watches cleanly or not, or fall silent. What nobody meddles with goes through as it is.

import { readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { renderKubeconfig } from '../../controlplane/kubeconfig.ts';

/** A request as it came; its URL may be changed before it goes on. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly isWatch: boolean;
  /** Of this method and path with this kind of question, how many came before. */
  readonly before: number;
}

/** What a watch's client gets. */
export interface WatchClient {
  write(bytes: string | Buffer): void;
  /** Ends the stream as a server does. */
  end(): void;
  /** Breaks the connection off once what was written is out. */
  cut(): void;
}

/** What is done with one request; absent parts are as the server has them. */
export interface Meddling {
  /** The proxy answers; the server hears nothing. */
  readonly answer?: {
    readonly status: number;
    readonly headers?: OutgoingHttpHeaders;
    readonly body: unknown;
  };
  /** The server answers; the client never hears of it. */
  readonly keepsAnswer?: true;
  /** The whole body of an answer that is no watch. */
  readonly body?: (text: string) => string;
  /** Each line of a watch, with its newline. */
  readonly line?: (line: Buffer, client: WatchClient) => void;
}

/** Says what is done with a request; nothing where it answers nothing. */
export type Meddle = (asked: Asked) => Meddling | undefined;

const PER_HOP = new Set(['connection', 'transfer-encoding', 'content-length']);
const LINE_FEED = 0x0a;

/** A proxy in front of a control plane. */
export class MeddlingProxy implements AsyncDisposable {
  meddle: Meddle = () => undefined;
  /** Every request that came, as `METHOD path?query`. */
  readonly asked: string[] = [];
  /** How many watches were opened through it. */
  opened = 0;
  readonly #plane: ControlPlane;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #counts = new Map<string, number>();
  readonly #watches = new Set<{ readonly client: WatchClient; silent: boolean }>();

  private constructor(plane: ControlPlane, server: Server) {
    this.#plane = plane;
    this.#server = server;
    this.#agent = new Agent({ ca: plane.ca, keepAlive: true });
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) => {
      answer.on('error', () => undefined);
      this.#take(asked, answer);
    });
  }

  /** Opens one on a free port. */
  static async start(plane: ControlPlane): Promise<MeddlingProxy> {
    const [cert, key] = await Promise.all([
      readFile(plane.caFile),
      readFile(join(plane.directory, 'certificates', 'apiserver.key')),
    ]);
    const server = createServer({ cert, key });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    return new MeddlingProxy(plane, server);
  }

  /** Writes a kubeconfig of every right that leads through it; answers its path. */
  async kubeconfig(): Promise<string> {
    const { port } = this.#server.address() as AddressInfo;
    const file = join(this.#plane.directory, `meddled-${port}.kubeconfig`);
    const { ca, adminToken: token } = this.#plane;
    const server = `https://127.0.0.1:${port}`;
    await writeFile(file, renderKubeconfig({ server, ca, user: { token } }), { mode: 0o600 });
    return file;
  }

  /** Open watches. */
  get watches(): number {
    return this.#watches.size;
  }

  /** Ends every open watch as a server does; answers how many. */
  endWatches(): number {
    const open = [...this.#watches];
    for (const { client } of open) client.end();
    return open.length;
  }

  /** From now on nothing comes through the watches that are open, and they do not end either. */
  silenceWatches(): void {
    for (const watch of this.#watches) watch.silent = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #take(asked: IncomingMessage, answer: ServerResponse): void {
    const url = new URL(asked.url ?? '/', this.#plane.url);
    const method = asked.method ?? 'GET';
    const isWatch = url.searchParams.get('watch') === 'true';
    // A start makes dry runs; they are no attempts.
    if (url.searchParams.has('dryRun')) {
      this.#pass(asked, answer, { url, isWatch, meddling: {} });
      return;
    }
    this.asked.push(`${method} ${url.pathname}${url.search}`);
    const kind = `${method} ${url.pathname} ${isWatch}`;
    const before = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, before + 1);
    const meddling = this.meddle({ method, url, isWatch, before }) ?? {};
    if (meddling.answer === undefined) this.#pass(asked, answer, { url, isWatch, meddling });
    else {
      const { status, headers = {}, body } = meddling.answer;
      asked.resume();
      answer.writeHead(status, { 'content-type': 'application/json', ...headers });
      // A watch's lines end so, and nothing else minds.
      answer.end(`${JSON.stringify(body)}\n`);
    }
  }

  #pass(
    asked: IncomingMessage,
    answer: ServerResponse,
    { url, isWatch, meddling }: { url: URL; isWatch: boolean; meddling: Meddling },
  ): void {
    // What is meddled with has to be plain.
    const { 'accept-encoding': _, ...headers } = asked.headers;
    const options = { method: asked.method, headers, agent: this.#agent };
    const passed = request(url, options, (response) => {
      response.on('error', () => answer.destroy());
      if (meddling.keepsAnswer === true) response.resume();
      else if (isWatch && response.statusCode === 200) this.#watch(response, answer, meddling);
      else void whole(response, answer, meddling).catch(() => answer.destroy());
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    asked.pipe(passed);
  }

  #watch(response: IncomingMessage, answer: ServerResponse, { line }: Meddling): void {
    answer.writeHead(200, passedOn(response));
    answer.flushHeaders();
    let isOver = false;
    const client: WatchClient = {
      write: (bytes) => {
        if (!isOver) answer.write(bytes);
      },
      end: () => {
        isOver = true;
        answer.end();
      },
      cut: () => {
        isOver = true;
        answer.write('', () => answer.socket?.destroy());
      },
    };
    const watch = { client, silent: false };
    this.#watches.add(watch);
    this.opened += 1;
    answer.on('close', () => this.#watches.delete(watch));
    let rest = Buffer.alloc(0);
    response.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (let at = rest.indexOf(LINE_FEED); at >= 0; at = rest.indexOf(LINE_FEED)) {
        const whole = rest.subarray(0, at + 1);
        rest = rest.subarray(at + 1);
        if (watch.silent) continue;
        if (line === undefined) client.write(whole);
        else line(whole, client);
      }
    });
    response.on('end', () => watch.silent || client.end());
  }
}

async function whole(
  response: IncomingMessage,
  answer: ServerResponse,
  { body = (text) => text }: Meddling,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  answer.writeHead(response.statusCode ?? 502, passedOn(response));
  answer.end(body(Buffer.concat(chunks).toString('utf8')));
}

function passedOn({ headers }: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !PER_HOP.has(name)));
}

/** A Status as the API server answers it. */
export function failure(code: number, reason: string): object {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
  return { ...status, code, reason, message: `${reason}, said the proxy` };
}
