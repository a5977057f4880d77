// `sluice run`: the gateway.
import { SluiceError } from '../core/errors.ts';
import { parseDuration } from '../kit/duration.ts';
import { CONNECTION_FLAGS, connectionOf, NAMESPACE_FLAGS, namespacesOf } from './cluster.ts';
import type { Command } from './command.ts';
import { CONFIG_FLAGS, requireConfiguration } from './configuration.ts';
import type { Given } from './flags.ts';
import { runPlan } from './run-plan.ts';

/** Less than the 30 s that Kubernetes gives a pod to end by itself. */
const DRAIN_MS = 25_000;

/** Runs the gateway until it is told to stop. */
export const runCommand: Command = {
  name: 'run',
  summary: 'runs the gateway: watches Events, judges each, starts builds',
  synopsis: '[--config FILE] [--kubeconfig FILE] [flags]',
  flags: {
    ...CONFIG_FLAGS,
    ...CONNECTION_FLAGS,
    ...NAMESPACE_FLAGS,
    'allow-exec': { type: 'boolean', help: 'let triggers of the kind exec run local commands' },
    drain: {
      type: 'string',
      takes: 'DURATION',
      help: 'how long running attempts may go on after a stop; default 25s',
    },
  },
  notes:
    'An API server that is away is waited for. SIGTERM and SIGINT stop reading, let running\n' +
    'attempts end, and exit 0; a second one exits at once.',
  run: async (given, surroundings) => {
    const drainMs = drainOf(given);
    const namespaces = namespacesOf(given, surroundings.environment);
    const exec = given.isSet('allow-exec') ? 'allowed' : 'refused';
    const found = await requireConfiguration(given, surroundings, { ...namespaces, exec });
    const request = {
      plan: found.plan,
      configuration: found,
      namespace: namespaces.namespace,
      drainMs,
      connect: (observe: Parameters<typeof connectionOf>[2]) =>
        connectionOf(given, surroundings, observe),
    };
    await runPlan(request, surroundings, surroundings.stop);
    return 0;
  },
};

function drainOf(given: Given): number {
  const text = given.text('drain');
  if (text === undefined) return DRAIN_MS;
  const ms = parseDuration(text);
  if (ms === undefined) {
    throw new SluiceError('usage', `flag --drain takes a duration such as 25s, not "${text}"`);
  }
  return ms;
}
