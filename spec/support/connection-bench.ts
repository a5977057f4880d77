// A folder with kubeconfigs, an authority that signs for 127.0.0.1, and a connection on a clock
// that the spec moves: what specs of connections share.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseYaml } from '../../lib/config/parse-yaml.ts';
import {
  type Connection,
  type ConnectOptions,
  connect,
} from '../../lib/kubernetes/client/connection.ts';
import type { ApiAnswer, ApiCall } from '../../lib/kubernetes/client/kubernetes-api.ts';
import { Authority, type Pair } from './certificates.ts';
import { recordingObserve } from './doubles/observe.ts';
import { FakeClock } from './fake-clock.ts';
import { ScriptedApiServer } from './scripted-api-server.ts';

/** A request that the bench's servers take for `other`. */
export const GET: ApiCall = { method: 'GET', path: '/api/v1/things', timeoutMs: 10_000 };

/** A token that no message may show. */
export const SECRET = 'very-secret-token';

/** Parts of a kubeconfig. */
export interface KubeconfigParts {
  readonly server: string;
  readonly user?: object;
  readonly cluster?: object;
}

/** A connection with its clock and what it observed. */
export interface Opened extends AsyncDisposable {
  readonly api: Connection;
  readonly clock: FakeClock;
  readonly observed: ReturnType<typeof recordingObserve>;
}

interface Signed {
  readonly authority: Authority;
  readonly serverPair: Pair;
}

let signed: Signed | undefined;

/** Made when a spec first needs it, and kept, because openssl runs three times for it. */
function shared(): Signed {
  if (signed !== undefined) return signed;
  const authority = new Authority();
  process.once('exit', () => authority[Symbol.dispose]());
  signed = { authority, serverPair: authority.sign('server') };
  return signed;
}

/** Files, certificates and servers of one spec. */
export class ConnectionBench implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-connection-'));

  /** The authority of all benches of a process. */
  get authority(): Authority {
    return shared().authority;
  }

  /** A server for 127.0.0.1, signed by the authority. */
  get serverPair(): Pair {
    return shared().serverPair;
  }

  /** Writes a file as a kubelet rotates one: the new content appears at once. */
  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(`${path}.new`, content);
    renameSync(`${path}.new`, path);
    return path;
  }

  /** Writes a kubeconfig of one context; JSON is YAML. */
  kubeconfig({ server, user = {}, cluster = {} }: KubeconfigParts): string {
    const context = { cluster: 'c', user: 'u', namespace: 'shop' };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'here',
      contexts: [{ name: 'here', context }],
      clusters: [{ name: 'c', cluster: { server, ...cluster } }],
      users: [{ name: 'u', user }],
    };
    return this.file('config', JSON.stringify(config));
  }

  /** The cluster entry that trusts the bench's authority. */
  get trusting(): object {
    return { 'certificate-authority-data': base64(this.authority.cert) };
  }

  /** TLS options of a server that asks clients for a certificate. */
  get asking(): object {
    return { ...this.serverPair, ca: this.authority.cert, requestCert: true };
  }

  /** Connects; the service account's files are those of the bench. */
  async open(
    options: ConnectOptions,
    environment: Readonly<Record<string, string>> = {},
    http2: 'off' | 'offered' = 'off',
  ): Promise<Opened> {
    const clock = new FakeClock();
    const observed = recordingObserve();
    const around = { environment, serviceAccountFolder: this.folder, http2 };
    const api = await connect(options, { clock, observe: observed.observe, parseYaml, ...around });
    return { api, clock, observed, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
  }

  /**
   * A server that answers everything with 200 and says whom it saw, under further names if asked.
   */
  async greeter(
    scheme: 'http' | 'https',
    names: readonly string[] = [],
  ): Promise<ScriptedApiServer> {
    const pair = names.length === 0 ? {} : this.authority.sign('server', 2, names);
    const tls = { ...this.asking, ...pair, rejectUnauthorized: false };
    const server = await ScriptedApiServer.start(scheme === 'https' ? tls : undefined);
    server.answerBy((request) => {
      const { authorization = '' } = request.headers;
      request.answer(200, { authorization, path: request.path });
      return true;
    });
    return server;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The answer; throws if there was none. */
export function bodyOf(answer: ApiAnswer): unknown {
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return answer.body;
}

/** Base64 of a text. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
