// A small REST client for specs with full rights: ask, apply, list. It is deliberately not
// @kubernetes/client-node nor our own transport, so that specs do not check a thing with itself.

import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { CertificatePair } from './certificates.ts';
import { waitFor } from './waiting.ts';

/** Any object of the API; fields beyond metadata are unknown until a spec looks at them. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: KubeMetadata;
  readonly [field: string]: unknown;
}

/** The metadata that specs look at. */
export interface KubeMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** A core/v1 Event with the fields that specs look at. */
export interface KubeEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly source?: { readonly component?: string; readonly host?: string };
  readonly involvedObject: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly uid?: string;
    readonly fieldPath?: string;
  };
}

/** One request as it goes out. */
export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Default: merge patch for PATCH, JSON for the rest. */
  readonly contentType?: string;
}

/** One answer, whatever its status; the body is parsed where it is JSON. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** An answer of 400 or more where a spec's helper needed success. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly status: number;
  readonly body: unknown;

  constructor(asked: AdminRequest, answer: AdminAnswer) {
    super(
      `${asked.method} ${asked.path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 600)}`,
    );
    this.status = answer.status;
    this.body = answer.body;
  }
}

/** A client bound to one server and one identity: a bearer token or a client certificate. */
export class AdminClient implements Disposable {
  readonly #server: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent;
  readonly #resources = new Map<string, ApiResource>();

  constructor(server: string, identity: string | CertificatePair, ca: string) {
    const isToken = typeof identity === 'string';
    const pair = isToken ? {} : { cert: identity.certificate, key: identity.key };
    this.#server = server;
    this.#headers = isToken ? { authorization: `Bearer ${identity}` } : {};
    this.#agent = new Agent({ ca, ...pair, keepAlive: true });
  }

  /** Sends one request and hands back any answer; rejects only when there is none. */
  async send(asked: AdminRequest): Promise<AdminAnswer> {
    const response = await this.open(asked);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    return { status: response.statusCode ?? 0, body: toBody(text) };
  }

  /** Sends one request and hands back the object; an answer of 400 or more is an AdminError. */
  async request(method: string, path: string, body?: unknown): Promise<KubeObject> {
    const asked = { method, path, body };
    const answer = await this.send(asked);
    if (answer.status >= 400) throw new AdminError(asked, answer);
    return answer.body as KubeObject;
  }

  /** The items of a list, all at once. */
  async list(path: string): Promise<readonly KubeObject[]> {
    const { items } = await this.request('GET', path);
    return Array.isArray(items) ? (items as KubeObject[]) : [];
  }

  /** The core/v1 Events of a namespace. */
  async events(namespace: string): Promise<readonly KubeEvent[]> {
    const items = await this.list(`/api/v1/namespaces/${namespace}/events`);
    return items as readonly KubeEvent[];
  }

  /** Creates or changes objects by server-side apply, in the order given. */
  async apply(objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
    const applied: KubeObject[] = [];
    for (const object of objects) {
      const asked: AdminRequest = {
        method: 'PATCH',
        path: `${await this.pathOf(object)}?fieldManager=spec&force=true`,
        body: object,
        contentType: 'application/apply-patch+yaml',
      };
      const answer = await this.send(asked);
      if (answer.status >= 400) throw new AdminError(asked, answer);
      applied.push(answer.body as KubeObject);
    }
    return applied;
  }

  /** The path of one object, from the server's own discovery. */
  async pathOf(object: KubeObject): Promise<string> {
    const { apiVersion = 'v1', kind = '', metadata } = object;
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    // A kind that was defined a moment ago takes a moment to be served.
    const resource = await waitFor(
      () => this.#resourceOf(base, kind),
      10_000,
      `${apiVersion} to serve ${kind}`,
    );
    const scope = resource.namespaced ? `/namespaces/${metadata?.namespace ?? 'default'}` : '';
    return `${base}${scope}/${resource.name}/${metadata?.name ?? ''}`;
  }

  /** Opens one request and hands back the answer's stream as soon as its head is there. */
  async open(asked: AdminRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const patch = 'application/merge-patch+json';
    const plain = asked.method === 'PATCH' ? patch : 'application/json';
    const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
    const sent = request(`${this.#server}${asked.path}`, {
      method: asked.method,
      agent: this.#agent,
      headers: {
        ...this.#headers,
        accept: 'application/json',
        // Node.js sends the body of a DELETE without its length, and the server reads it as a request.
        ...(body !== undefined && {
          'content-type': asked.contentType ?? plain,
          'content-length': Buffer.byteLength(body),
        }),
      },
    });
    sent.once('response', resolve);
    sent.once('error', reject);
    sent.end(body);
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #resourceOf(base: string, kind: string): Promise<ApiResource | undefined> {
    const known = this.#resources.get(`${base} ${kind}`);
    if (known !== undefined) return known;
    for (const found of await this.#discover(base)) {
      this.#resources.set(`${base} ${found.kind}`, found);
    }
    return this.#resources.get(`${base} ${kind}`);
  }

  async #discover(base: string): Promise<readonly ApiResource[]> {
    const { resources } = await this.request('GET', base);
    return (resources as readonly ApiResource[]).filter(({ name }) => !name.includes('/'));
  }
}

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

function toBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text; // health checks and proxies answer in plain text
  }
}
