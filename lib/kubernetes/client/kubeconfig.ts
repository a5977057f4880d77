// Finds and loads the description of a cluster: a kubeconfig, the pod's service account, or a bare
// --master, with the proxy in between. The library client-node parses the entries; the choice of
// the file and all messages are here. It opens no connection. Messages never quote a file, which
// may hold a token.
// Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/

import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import {
  type Cluster,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { SluiceError } from '../../core/errors.ts';
import { isJsonList, isJsonObject, type JsonObject, stringAt } from '../../core/json-object.ts';
import { fileTrouble } from '../../kit/file-trouble.ts';
import { targetOf } from '../../net/address.ts';
import { environmentProxies, type HttpProxy, parseProxy } from '../../net/proxies.ts';

/** Flags of the command line that choose a cluster. */
export interface ConnectOptions {
  /** A kubeconfig file; absent: `KUBECONFIG`, else `~/.kube/config`, else the service account. */
  readonly kubeconfig?: string;
  /** The API server's URL, which overrides that of the kubeconfig; may be plain http. */
  readonly master?: string;
  /** A context of the kubeconfig other than its current one. */
  readonly context?: string;
}

/** Environment variables, the folder of the service account, and a YAML parser. */
export interface KubeconfigEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** If absent, the folder where a kubelet mounts the files. */
  readonly serviceAccountFolder?: string;
  /** Parses a kubeconfig; throws an error with a `mark` that names the place of a fault. */
  readonly parseYaml: (text: string) => unknown;
}

/** A loaded configuration: one cluster and one user. */
export interface LoadedConfig {
  readonly cluster: Cluster;
  readonly user: User;
  readonly server: URL;
  /** Origin of the configuration, for people. */
  readonly from: string;
  /** The namespace of the context or of the service account. */
  readonly namespace: string | null;
}

const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Loads the description of the cluster; each call reads the files again.
 *
 * **Errors**: `kubeconfig-unusable`, naming the file and its fault.
 */
export function loadKubeconfig(
  options: ConnectOptions,
  parts: KubeconfigEnvironment,
): LoadedConfig {
  const found = find(options, parts);
  return { ...found, server: serverOf(options.master ?? found.cluster.server, found.from) };
}

type FoundKubeconfig = Omit<LoadedConfig, 'server'>;

function find(options: ConnectOptions, parts: KubeconfigEnvironment): FoundKubeconfig {
  const files = filesOf(options, parts);
  if (files.length > 0) return fromFiles(files, { wanted: options.context, parts });
  if (options.master !== undefined) return bare(options.master);
  const inCluster = fromServiceAccount(parts);
  if (inCluster !== null) return inCluster;
  throw unusable(
    'find a cluster: found no --kubeconfig, no KUBECONFIG, no ~/.kube/config and no service ' +
      'account (expected one of them)',
  );
}

function filesOf(options: ConnectOptions, parts: KubeconfigEnvironment): readonly string[] {
  if (options.kubeconfig !== undefined) return [options.kubeconfig];
  const named = (parts.environment['KUBECONFIG'] ?? '').split(delimiter).filter((f) => f !== '');
  const present = named.filter((file) => existsSync(file));
  // Files of the list may be missing. If all are missing, loading the first one reports it.
  if (named.length > 0) return present.length > 0 ? present : named.slice(0, 1);
  // --master alone means that server, without the credentials of another cluster.
  const home = parts.environment['HOME'];
  if (options.master !== undefined || home === undefined || home === '') return [];
  const usual = join(home, '.kube', 'config');
  return existsSync(usual) ? [usual] : [];
}

function bare(master: string): FoundKubeconfig {
  const cluster = { name: 'master', server: master, skipTLSVerify: false };
  return { cluster, user: { name: 'anonymous' }, from: '--master', namespace: null };
}

function fromServiceAccount(parts: KubeconfigEnvironment): FoundKubeconfig | null {
  const folder = parts.serviceAccountFolder ?? SERVICE_ACCOUNT_FOLDER;
  const host = parts.environment['KUBERNETES_SERVICE_HOST'];
  const port = parts.environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  const tokenFile = join(folder, 'token');
  if (host === undefined || host === '' || !existsSync(tokenFile)) return null;
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const caFile = join(folder, 'ca.crt');
  return {
    cluster: { name: 'in-cluster', server, skipTLSVerify: false, caFile },
    user: { name: 'service-account', authProvider: { name: 'tokenFile', config: { tokenFile } } },
    from: `the service account in ${folder}`,
    namespace: null,
  };
}

function fromFiles(
  files: readonly string[],
  { wanted, parts }: { readonly wanted: string | undefined; readonly parts: KubeconfigEnvironment },
): FoundKubeconfig {
  const configs = files.map((file) => loadFile(file, parts));
  const from = files.join(delimiter);
  // The first of several files that names something wins, as in kubectl.
  const first = <T extends { readonly name: string }>(
    entriesOf: (config: KubeconfigEntries) => readonly T[],
    name: string,
  ): T | undefined => configs.flatMap(entriesOf).find((entry) => entry.name === name);
  const current = configs.map(({ currentContext }) => currentContext).find((name) => name !== '');
  const name = wanted ?? current ?? '';
  if (name === '') throw unusable(`load ${from}: found no current-context (expected one)`);
  const context = first(({ contexts }) => contexts, name);
  if (context === undefined) throw unusable(`load ${from}: context "${name}" is not in it`);
  const missing = (what: string): SluiceError =>
    unusable(`load ${from}: ${what} of context "${name}" is not in it`);
  const cluster = first(({ clusters }) => clusters, context.cluster);
  if (cluster === undefined) throw missing(`cluster "${context.cluster}"`);
  const user = first(({ users }) => users, context.user);
  if (user === undefined) throw missing(`user "${context.user}"`);
  return { cluster, user, from, namespace: context.namespace ?? null };
}

function loadFile(file: string, { parseYaml }: KubeconfigEnvironment): KubeconfigEntries {
  try {
    const document = parseYaml(readFileSync(file, 'utf8'));
    if (!isJsonObject(document)) throw new TypeError('no kubeconfig');
    const { clusters, users, ...rest } = toEntries(document);
    return {
      ...rest,
      clusters: clusters.map((cluster) => ({ ...cluster, ...placed(file, cluster, ['caFile']) })),
      users: users
        .map((user) => ({ ...user, ...placed(file, user, ['certFile', 'keyFile']) }))
        .map((user) => withTokenFile(user, { file, document })),
    };
  } catch (error) {
    throw unusable(`load kubeconfig ${file}: ${whatIsWrong(error)}`);
  }
}

type KubeconfigEntries = Readonly<ReturnType<typeof toEntries>>;

/** Parses the entries of a kubeconfig; **Errors**: throws if an entry is incomplete. */
function toEntries(document: JsonObject) {
  const { clusters, users, contexts } = document;
  return {
    clusters: newClusters(clusters ?? []),
    users: newUsers(users ?? []),
    contexts: newContexts(contexts ?? []),
    /** '' if the kubeconfig names none. */
    currentContext: stringAt(document, 'current-context'),
  };
}

/** Paths in a kubeconfig are relative to its folder. */
function placed<K extends string>(
  file: string,
  entry: Readonly<Partial<Record<K, string | undefined>>>,
  keys: readonly K[],
): Partial<Record<K, string>> {
  const paths: Partial<Record<K, string>> = {};
  for (const key of keys) {
    const path = entry[key];
    if (path !== undefined && path !== '') paths[key] = resolve(dirname(file), path);
  }
  return paths;
}

/**
 * client-node reads the key `token-file`. kubectl and client-go read and write `tokenFile`,
 * relative to the kubeconfig, and prefer it to `token`.
 * Source: kubernetes/client-go tools/clientcmd/api/v1 AuthInfo.
 */
function withTokenFile(
  user: User,
  at: { readonly file: string; readonly document: JsonObject },
): User {
  const { users } = at.document;
  const own = (isJsonList(users) ? users : []).find(
    (entry) => stringAt(entry, 'name') === user.name,
  );
  const named = stringAt(own, 'user', 'tokenFile') || stringAt(own, 'user', 'token-file');
  if (named === '') return user;
  const tokenFile = resolve(dirname(at.file), named);
  const { certData, certFile, keyData, keyFile, impersonateUser } = user;
  return {
    name: user.name,
    ...(certData !== undefined && { certData }),
    ...(certFile !== undefined && { certFile }),
    ...(keyData !== undefined && { keyData }),
    ...(keyFile !== undefined && { keyFile }),
    ...(impersonateUser !== undefined && { impersonateUser }),
    authProvider: { name: 'tokenFile', config: { tokenFile } },
  };
}

/** Describes the fault of a file, without the parser's message if that quotes the file. */
function whatIsWrong(error: unknown): string {
  if (!(error instanceof Error)) return 'it is no kubeconfig';
  // Node's own message would repeat the name of the file.
  if ('syscall' in error) return fileTrouble(error);
  if ('mark' in error) return `it is no YAML (${placeOf(error.mark)})`;
  if (error instanceof TypeError) return 'it is empty or no kubeconfig';
  return error.message;
}

function placeOf(mark: unknown): string {
  if (typeof mark !== 'object' || mark === null) return 'it is empty';
  const line = 'line' in mark && typeof mark.line === 'number' ? mark.line + 1 : 0;
  return `line ${line}`;
}

function serverOf(text: string, from: string): URL {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || url.hostname === '' || !/^https?:$/.test(url.protocol)) {
    throw unusable(`use the server of ${from}: found no http or https URL`);
  }
  // Credentials in a URL would appear in logs; a kubeconfig has better places for them.
  url.username = '';
  url.password = '';
  url.hash = '';
  url.search = '';
  return url;
}

/** A proxy and the setting that names it. */
export interface ServerProxy {
  readonly proxy: HttpProxy;
  /** `proxy-url`, or the name of a variable. */
  readonly from: string;
}

/**
 * Chooses the proxy: `proxy-url` of the kubeconfig, always if set, else that of the environment.
 *
 * **Errors**: `kubeconfig-unusable`, naming the setting of the proxy and never its value.
 */
export function serverProxy(
  { proxyUrl, server }: { readonly proxyUrl: string | null; readonly server: URL },
  environment: KubeconfigEnvironment['environment'],
): ServerProxy | null {
  // An empty value means none, as in kubectl.
  if (proxyUrl !== null && proxyUrl !== '') {
    const parsed = parseProxy(proxyUrl);
    if (!parsed.ok) throw unusable(`use proxy-url: ${parsed.fault}`);
    return { proxy: parsed.proxy, from: 'proxy-url' };
  }
  const route = environmentProxies(environment).routeTo(targetOf(server));
  if (route.kind === 'unusable') throw unusable(`use ${route.variable}: ${route.fault}`);
  return route.kind === 'direct' ? null : { proxy: route.proxy, from: route.variable };
}

/** The error for a cluster that no retry can reach. */
export function unusable(message: string): SluiceError {
  return new SluiceError('kubeconfig-unusable', message);
}
