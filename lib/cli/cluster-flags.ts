// Flags for the cluster and its namespaces, with the environment variables of the original gateway as
// defaults, and the connection that they describe.

import { parseYaml } from '../config/parse-yaml.ts';
import type { Observe } from '../core/observation.ts';
import { aborted } from '../kit/async/abort.ts';
import { type Connection, connect } from '../kubernetes/client/connection.ts';
import type { ProcessContext } from './command.ts';
import { type FlagTable, type GivenFlags, textFlag } from './flags.ts';

/** Namespaces of a command. */
interface Namespaces {
  /** Namespace of the gateway; '' means all, as in the original. */
  readonly namespace: string;
  /** Default namespace of builds. */
  readonly buildNamespace: string;
}

/** Flags for the connection to a cluster. */
export const CONNECTION_FLAGS = {
  kubeconfig: textFlag(
    'FILE',
    'default: KUBECONFIG, else ~/.kube/config, else the pod’s service account',
  ),
  master: textFlag('URL', 'the API server, overrides the kubeconfig'),
  context: textFlag('NAME', 'a context other than the current one'),
} as const satisfies FlagTable;

/** Flags for the namespaces. */
export const NAMESPACE_FLAGS = {
  namespace: textFlag(
    'NAME',
    'namespace of the gateway; empty: all; default: GATEWAY_NAMESPACE, else "default"',
  ),
  'build-namespace': textFlag(
    'NAME',
    'namespace of builds; default: GATEWAY_NAMESPACE, else "default"; empty: "default"',
  ),
} as const satisfies FlagTable;

// The default of the original if the variable is not set.
const DEFAULT_NAMESPACE = 'default';

/**
 * Reads the namespaces from flags and environment. An empty variable counts as set and means that all
 * namespaces are read. Builds then go to `default`, because no object can be created in all of them.
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
 * Prepares the connection that the flags describe, without a request.
 *
 * **Errors**: `kubeconfig-unusable`; an AbortError after the signal aborts, because a credential plugin
 * may hang.
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
  // If the connection is ready later, it is closed unused.
  connecting.then(
    (connection) => connection[Symbol.asyncDispose](),
    () => undefined,
  );
  throw new DOMException('stopped', 'AbortError');
}
