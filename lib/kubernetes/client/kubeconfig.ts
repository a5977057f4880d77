// Finds and loads what says how to reach a cluster: a kubeconfig, the pod's service account, or a
// bare --master. The proxy on the way belongs to it. client-node reads its entries; which file, and
// what is wrong with it, is decided here. It opens no connection. Its messages never quote a file's
// content, which may hold a token.
// Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/

import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { SluiceError } from '../../core/errors.ts';
import { isJsonObject, type Json, jsonAt, stringAt } from '../../core/event.ts';
import { fileTrouble } from '../../kit/file-trouble.ts';
import { targetOf } from '../../net/address.ts';
import { environmentProxies, type HttpProxy, parseProxy } from '../../net/proxies.ts';

/** Where to look, as the command line says it. */
export interface ConnectOptions {
  /** A kubeconfig file; absent: `KUBECONFIG`, else `~/.kube/config`, else the service account. */
  readonly kubeconfig?: string;
  /** The API server's URL, which overrides what the kubeconfig says; may be plain http. */
  readonly master?: string;
  /** A context of the kubeconfig other than its current one. */
  readonly context?: string;
}

/** Environment variables and the place of the service account's files. */
export interface KubeconfigEnvironment {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absent: where a kubelet mounts it. */
  readonly serviceAccountFolder?: string;
  /** YAML as a kubeconfig has it; throws with a `mark` that says where it is none. */
  readonly parseYaml: (text: string) => unknown;
}

/** A loaded configuration: one cluster and one user. */
export interface LoadedConfig {
  readonly cluster: Cluster;
  readonly user: User;
  readonly server: URL;
  /** What it was read from, for people. */
  readonly from: string;
  /** The namespace of the context or of the service account. */
  readonly namespace: string | null;
}

const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Loads what says how to reach the cluster, anew from the files at each call.
 *
 * **Errors**: `kubeconfig-unusable`, naming the file and what is wrong with it.
 */
export function loadKubeconfig(
  options: ConnectOptions,
  parts: KubeconfigEnvironment,
): LoadedConfig {
  const { cluster, user, from, namespace } = find(options, parts);
  const server = serverOf(options.master ?? cluster.server, from);
  return { cluster, user, server, from, namespace };
}

interface FoundKubeconfig {
  readonly cluster: Cluster;
  readonly user: User;
  readonly from: string;
  readonly namespace: string | null;
}

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
  // A list may name files that are not there; where none is, loading the first says so.
  if (named.length > 0) return present.length > 0 ? present : named.slice(0, 1);
  // --master alone means that server and nothing of another cluster's credentials.
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
  // Of several files the first that names something wins, as kubectl has it.
  const name =
    wanted ??
    configs.map((config) => config.currentContext).find((context) => context !== '') ??
    '';
  if (name === '') throw unusable(`load ${from}: it names no current-context (expected one)`);
  const context = firstNamed(
    configs.flatMap((config) => config.contexts),
    name,
  );
  if (context === undefined) throw unusable(`load ${from}: context "${name}" is not in it`);
  const cluster = firstNamed(
    configs.flatMap((config) => config.clusters),
    context.cluster,
  );
  const missing = (what: string): SluiceError =>
    unusable(`load ${from}: ${what} of context "${name}" is not in it`);
  if (cluster === undefined) throw missing(`cluster "${context.cluster}"`);
  const user = firstNamed(
    configs.flatMap((config) => config.users),
    context.user,
  );
  if (user === undefined) throw missing(`user "${context.user}"`);
  return { cluster, user, from, namespace: context.namespace ?? null };
}

function firstNamed<T extends { readonly name: string }>(
  all: readonly T[],
  name: string,
): T | undefined {
  return all.find((entry) => entry.name === name);
}

function loadFile(file: string, { parseYaml }: KubeconfigEnvironment): KubeconfigEntries {
  try {
    const document = parseYaml(readFileSync(file, 'utf8'));
    const { clusters, users, ...rest } = toEntries(document);
    return {
      ...rest,
      clusters: clusters.map((cluster) => ({ ...cluster, ...placed(file, cluster, ['caFile']) })),
      users: users
        .map((user) => ({ ...user, ...placed(file, user, ['certFile', 'keyFile']) }))
        .map((user) => withTokenFile(user, { file, document: document as Json })),
    };
  } catch (error) {
    throw unusable(`load kubeconfig ${file}: ${whatIsWrong(error)}`);
  }
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
 * client-node reads a key `token-file`; kubectl and client-go write and read `tokenFile`, relative
 * to the kubeconfig, and prefer it to `token`.
 * Source: kubernetes/client-go tools/clientcmd/api/v1 AuthInfo.
 */
function withTokenFile(user: User, at: { readonly file: string; readonly document: Json }): User {
  const listed = jsonAt(at.document, 'users') ?? [];
  const entries: readonly Json[] = Array.isArray(listed) ? listed : [];
  const own = entries.find((entry) => stringAt(entry, 'name') === user.name);
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

/** Says what is wrong with a file; never the parser's message where that quotes the file. */
function whatIsWrong(error: unknown): string {
  if (!(error instanceof Error)) return 'it is no kubeconfig';
  // Node's own message names the file a second time.
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
  // Credentials in a URL would end in logs; a kubeconfig has better places for them.
  url.username = '';
  url.password = '';
  url.hash = '';
  url.search = '';
  return url;
}

/** A proxy and what names it. */
export interface ServerProxy {
  readonly proxy: HttpProxy;
  /** `proxy-url`, or the name of a variable. */
  readonly from: string;
}

/**
 * `proxy-url` of the kubeconfig goes before the environment, and knows no exceptions.
 *
 * **Errors**: `kubeconfig-unusable`, naming what names the proxy and never its value.
 */
export function serverProxy(
  { proxyUrl, server }: { readonly proxyUrl: string | null; readonly server: URL },
  environment: KubeconfigEnvironment['environment'],
): ServerProxy | null {
  // An empty one is none, as kubectl has it.
  if (proxyUrl !== null && proxyUrl !== '') {
    const parsed = parseProxy(proxyUrl);
    if (!parsed.ok) throw unusable(`use proxy-url: ${parsed.fault}`);
    return { proxy: parsed.proxy, from: 'proxy-url' };
  }
  const route = environmentProxies(environment).routeTo(targetOf(server));
  switch (route.kind) {
    case 'direct':
      return null;
    case 'proxy':
      return { proxy: route.proxy, from: route.variable };
    case 'unusable':
      throw unusable(`use ${route.variable}: ${route.fault}`);
  }
}

/** The error for whatever makes a cluster unreachable for good. */
export function unusable(message: string): SluiceError {
  return new SluiceError('kubeconfig-unusable', message);
}

/** The entries of one kubeconfig. */
export interface KubeconfigEntries {
  readonly clusters: readonly Cluster[];
  readonly users: readonly User[];
  readonly contexts: readonly Context[];
  /** '' where it names none. */
  readonly currentContext: string;
}

/** Reads the entries of a parsed kubeconfig; **Errors**: throws where an entry is not whole. */
export function toEntries(document: unknown): KubeconfigEntries {
  if (!isJsonObject(document)) throw new TypeError('no kubeconfig');
  const { clusters = [], users = [], contexts = [] } = document;
  return {
    clusters: newClusters(clusters ?? []),
    users: newUsers(users ?? []),
    contexts: newContexts(contexts ?? []),
    currentContext: stringAt(document, 'current-context'),
  };
}
