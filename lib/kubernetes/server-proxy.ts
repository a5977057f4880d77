// The proxy on the way to an API server: that of the kubeconfig, else that of the environment. What
// the variables mean is the same for triggers, and said in the room net.
// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/http-proxy-access-api/ (proxy-url).
import type { Environment } from '../kit/system.ts';
import { targetOf } from '../net/address.ts';
import type { HttpProxy } from '../net/proxies.ts';
import { environmentProxies, parseProxy } from '../net/proxies.ts';
import type { Credentials } from './credentials.ts';
import { unusable } from './kubeconfig.ts';

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
  { proxyUrl, server }: Pick<Credentials, 'proxyUrl' | 'server'>,
  environment: Environment,
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

/** Secret. A proxy's URL with its credentials, as Node's agents take it. */
export function hrefOf({ url, credentials }: HttpProxy): string {
  if (credentials === undefined) return url.href;
  const { username, password } = credentials;
  const pair = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
  return `${url.protocol}//${pair}@${url.host}`;
}
