// The flags that say which cluster and which namespaces, with the original's environment variables
// as their defaults, and the connection made from them.

import { parseYaml } from '../config/parse-yaml.ts';
import type { Observe } from '../core/observation.ts';
import { aborted } from '../kit/async/abort.ts';
import { type Connection, connect } from '../kubernetes/client/connection.ts';
import type { ProcessContext } from './command.ts';
import type { FlagTable, GivenFlags } from './flags.ts';

/** Which namespaces a command is about. */
interface Namespaces {
  /** The gateway's own; '' means all, as the original had it. */
  readonly namespace: string;
  /** Where builds go unless a trigger says otherwise. */
  readonly buildNamespace: string;
}

/** Flags that say how to reach a cluster. */
export const CONNECTION_FLAGS = {
  kubeconfig: {
    type: 'string',
    takes: 'FILE',
    help: 'default: KUBECONFIG, else ~/.kube/config, else the pod’s service account',
  },
  master: { type: 'string', takes: 'URL', help: 'the API server, whatever the kubeconfig says' },
  context: { type: 'string', takes: 'NAME', help: 'a context other than the current one' },
} as const satisfies FlagTable;

/** Flags that say which namespaces. */
export const NAMESPACE_FLAGS = {
  namespace: {
    type: 'string',
    takes: 'NAME',
    help: 'the gateway’s own namespace; empty: all; default: GATEWAY_NAMESPACE, else "default"',
  },
  'build-namespace': {
    type: 'string',
    takes: 'NAME',
    help: 'where builds go; default: GATEWAY_NAMESPACE, else "default"; empty: "default"',
  },
} as const satisfies FlagTable;

// The original took it if the variable was not there.
const DEFAULT_NAMESPACE = 'default';

/**
 * The namespaces from flags and environment. A variable that is set but empty counts: all namespaces
 * are read. Builds then go to `default`, because no object can be created in all of them.
 */
export function namespacesOf(
  given: GivenFlags,
  environment: ProcessContext['environment'],
): Namespaces {
  const fallback = environment['GATEWAY_NAMESPACE'] ?? DEFAULT_NAMESPACE;
  const buildNamespace = given.text('build-namespace') ?? fallback;
  return {
    namespace: given.text('namespace') ?? fallback,
    buildNamespace: buildNamespace === '' ? DEFAULT_NAMESPACE : buildNamespace,
  };
}

/**
 * Prepares the connection that the flags describe; nothing is sent yet.
 *
 * **Errors**: `kubeconfig-unusable`; an AbortError once the signal aborts, because a plugin that
 * credentials come from may hang.
 */
export async function connectionOf(
  given: GivenFlags,
  { environment, clock, stop }: ProcessContext,
  observe: Observe,
): Promise<Connection> {
  const named = (flag: keyof typeof CONNECTION_FLAGS): object => {
    const value = given.text(flag);
    // An empty value means "not given", as it did in the original.
    return value === undefined || value === '' ? {} : { [flag]: value };
  };
  const options = { ...named('kubeconfig'), ...named('master'), ...named('context') };
  const connecting = connect(options, { environment, clock, observe, parseYaml });
  await Promise.race([connecting, aborted(stop)]);
  if (!stop.aborted) return connecting;
  // A connection that is made later is not used.
  connecting.then(
    (connection) => connection[Symbol.asyncDispose](),
    () => undefined,
  );
  throw new DOMException('stopped', 'AbortError');
}
