// `sluice run`: the gateway. Flags override the configuration here; run-plan.ts does the rest.

import { resolve } from 'node:path';
import { API_DEFAULT, PROBES_DEFAULTS } from '../plan/defaults.ts';
import type { Plan, PlannedAddress } from '../plan/plan.ts';
import { planStore } from '../plan/plan-store.ts';
import {
  DECISION_LINES,
  EVENT_DETAILS,
  LOG_FORMATS,
  LOG_LEVELS,
  type LoggingOptions,
} from '../telemetry/logging.ts';
import { CONNECTION_FLAGS, connectionOf, NAMESPACE_FLAGS, namespacesOf } from './cluster-flags.ts';
import type { Command, ProcessContext } from './command.ts';
import { CONFIG_FLAGS, findConfiguration } from './configuration.ts';
import { findStore, STORE_FLAGS } from './data-folder.ts';
import {
  addressOf,
  choiceOf,
  durationOf,
  type Flag,
  type GivenFlags,
  listFlag,
  switchFlag,
  textFlag,
} from './flags.ts';
import { chooseConfiguration } from './last-good.ts';
import { type RunRequest, runPlan } from './run-plan.ts';

/** Less than the 30 s of a pod's termination grace period. */
const DRAIN_MS = 25_000;

/** Runs the gateway until a request to stop. */
export const runCommand: Command = {
  name: 'run',
  summary: 'runs the gateway: watches Events, filters them, starts builds',
  synopsis: '[--config FILE] [--kubeconfig FILE] [flags]',
  flags: {
    ...CONFIG_FLAGS,
    ...CONNECTION_FLAGS,
    ...NAMESPACE_FLAGS,
    ...STORE_FLAGS,
    strict: switchFlag(
      'exit 3 if the configuration is refused, instead of running the last good one',
    ),
    'allow-exec': switchFlag('allow triggers of the kind exec to run local commands'),
    'log-format': logFlag(
      'FORMAT',
      LOG_FORMATS,
      'logging.format, also in a configuration of the original',
    ),
    'log-level': logFlag('LEVEL', LOG_LEVELS, 'logging.level'),
    'log-decisions': logFlag('DECISIONS', DECISION_LINES, 'logging.decisions'),
    'log-event': logFlag('DETAIL', EVENT_DETAILS, 'logging.event'),
    probes: textFlag(
      'HOST:PORT|off',
      `address of the probes, overrides http.probes; default ${PROBES_DEFAULTS.machine}, in a pod ${PROBES_DEFAULTS.pod}`,
    ),
    api: textFlag(
      'HOST:PORT|off',
      `address of the API, overrides http.api; default ${API_DEFAULT}`,
    ),
    'api-require-token': switchFlag(
      'require the token for reads over loopback, too; overrides http.api',
    ),
    'api-token-file': textFlag('FILE', 'file with the token of the API, overrides http.tokenFile'),
    'api-host': listFlag(
      'NAME',
      'a further host name of the API, in addition to http.hosts; may be repeated',
    ),
    drain: textFlag(
      'DURATION',
      'how long running attempts may continue after a request to stop; default 25s',
    ),
  },
  notes:
    'If the API server is not reachable, it retries. SIGTERM, SIGINT and SIGHUP stop reading, let running\n' +
    'attempts end, and exit 0; a second signal exits immediately. If the configuration is refused, its\n' +
    'problems are logged, and the last good one from the store runs instead; with --strict it exits 3.',
  run: async (given, context) => {
    const drainMs = durationOf(given, 'drain', '25s') ?? DRAIN_MS;
    const runsIn = isPod(context) ? 'pod' : 'machine';
    const changed = flagsOf(given, { folder: context.folder, runsIn });
    const namespaces = namespacesOf(given, context.environment);
    const exec = given.isSet('allow-exec') ? 'allowed' : 'refused';
    const settings = { ...namespaces, exec, runsIn } as const;
    const found = await findConfiguration(given, context, settings);
    const asked = { flag: given.text('store'), section: found.store };
    const { place: asNamed, dataFolder } = await findStore(asked, context);
    const { configuration, place, kept } = await chooseConfiguration(
      found,
      {
        settings,
        dataFolder: dataFolder.path,
        place: asNamed,
        strictness: given.isSet('strict') ? 'strict' : 'lenient',
      },
      context,
    );
    const { plan } = configuration;
    const request: RunRequest = {
      plan: { ...plan, ...changed(plan), store: planStore(place.section) },
      configuration,
      kept,
      namespace: namespaces.namespace,
      drainMs,
      dataFolder,
      storeAt: place.at,
      cluster: 'real',
      connect: (observe) => connectionOf(given, context, observe),
    };
    await runPlan(request, context, context.stop);
    return 0;
  },
};

function logFlag(takes: string, values: readonly string[], overrides: string): Flag {
  return { type: 'string', takes, values, help: `${values.join(', ')}; overrides ${overrides}` };
}

/** Whether this is a pod, whose probes a kubelet must reach. Every container of a pod has the variable. */
function isPod({ environment }: Pick<ProcessContext, 'environment'>): boolean {
  return (environment['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
}

/** Parses the flags that override the configuration, before the file is read. */
function flagsOf(
  given: GivenFlags,
  { folder, runsIn }: { readonly folder: string; readonly runsIn: keyof typeof PROBES_DEFAULTS },
): (plan: Plan) => Pick<Plan, 'logging' | 'http'> {
  const logging = loggingOf(given);
  const file = given.text('api-token-file');
  // Relative to the working directory, not to the configuration.
  const tokenFile = file === undefined ? {} : { tokenFile: resolve(folder, file) };
  const hosts = given.list('api-host');
  const addresses = {
    ...listenerOf('probes', given, PROBES_DEFAULTS[runsIn]),
    ...listenerOf('api', given, API_DEFAULT),
  };
  const isRequired = given.isSet('api-require-token');
  return ({ logging: written, http }) => ({
    logging: logging(written),
    http: {
      ...{ ...http, ...addresses, ...tokenFile },
      requireToken: http.requireToken || isRequired,
      hosts: [...http.hosts, ...hosts],
    },
  });
}

function loggingOf(given: GivenFlags): (written: LoggingOptions) => LoggingOptions {
  const format = choiceOf(given, 'log-format', LOG_FORMATS);
  const level = choiceOf(given, 'log-level', LOG_LEVELS);
  const decisions = choiceOf(given, 'log-decisions', DECISION_LINES);
  const event = choiceOf(given, 'log-event', EVENT_DETAILS);
  return (written) => ({
    ...written,
    format: format ?? written.format,
    level: level ?? written.level,
    decisions: decisions ?? written.decisions,
    event: event ?? written.event,
  });
}

function listenerOf(
  flag: 'probes' | 'api',
  given: GivenFlags,
  byDefault: string,
): Readonly<Partial<Record<typeof flag, PlannedAddress | null>>> {
  const text = given.text(flag);
  if (text === undefined) return {};
  const [host = ''] = byDefault.split(':');
  return { [flag]: text === 'off' ? null : addressOf(flag, text, host) };
}
