// `sluice check`: validates configurations and warns about suspicious parts. It makes no request, unless
// `--cluster` asks the cluster as well.

import { sortProblems } from '../config/source-map.ts';
import type { Connection } from '../kubernetes/client/connection.ts';
import { problemsToJson, refuses } from '../plan/problem-text.ts';
import { CONNECTION_FLAGS, connectionOf, NAMESPACE_FLAGS, namespacesOf } from './cluster-flags.ts';
import type { Command, ProcessContext } from './command.ts';
import {
  CONFIG_FLAGS,
  configurationNamed,
  loadConfiguration,
  STANDARD_INPUT,
  showProblems,
} from './configuration.ts';
import { clusterProblems, proxyProblems, secretProblems } from './environment-checks.ts';
import { FORMAT_FLAGS, formatOf, type GivenFlags, givenTexts, switchFlag, usage } from './flags.ts';

/** Checks configurations. */
export const checkCommand: Command = {
  name: 'check',
  summary: 'checks configurations and prints errors and warnings',
  synopsis: 'FILE… [--strict] [--cluster] [--format json]',
  arguments: Number.POSITIVE_INFINITY,
  argumentsAre: 'files',
  flags: {
    ...CONFIG_FLAGS,
    ...NAMESPACE_FLAGS,
    ...FORMAT_FLAGS,
    strict: switchFlag('refuse a configuration for warnings, too'),
    cluster: switchFlag(
      'also ask the cluster for missing permissions and types, and try each manifest in a dry run',
    ),
    ...CONNECTION_FLAGS,
  },
  notes:
    'FILE may be - for standard input. The exit code is 3 if a configuration is refused. Without --cluster\n' +
    'it makes no request. With --cluster it asks for the permissions of the account of the kubeconfig.\n' +
    'With --format json the result for each file is one line.',
  run: async (given, context) => {
    const namespaces = namespacesOf(given, context.environment);
    const format = formatOf(given);
    await using api = await clusterOf(given, context);
    const settings = { ...namespaces, exec: 'noted' as const };
    let code = 0;
    for (const file of filesOf(given, context)) {
      const found = await loadConfiguration(file, context, settings);
      const unreadable = await secretProblems(found, context, 'warning');
      const proxies = proxyProblems(found.plan, context, 'warning');
      const refused = api === null ? [] : await clusterProblems(found, api, context);
      const problems = sortProblems([...found.problems, ...unreadable, ...proxies, ...refused]);
      if (format === 'json') context.stdout.write(`${problemsToJson(problems, file)}\n`);
      else showProblems({ ...found, problems }, context.stdout, context.environment);
      if (refuses(problems, given.isSet('strict') ? 'strict' : 'lenient')) code = 3;
    }
    return code;
  },
};

/** The cluster to ask; null without `--cluster`. **Errors**: `usage`, `kubeconfig-unusable`. */
async function clusterOf(given: GivenFlags, context: ProcessContext): Promise<Connection | null> {
  if (given.isSet('cluster')) return connectionOf(given, context, () => undefined);
  const [flag] = givenTexts(given, ['kubeconfig', 'master', 'context']);
  if (flag === undefined) return null;
  throw usage(`flag --${flag[0]} needs --cluster`);
}

/** The files to check, in the order of the command line; without any the one of GATEWAY_CONFIG. */
function filesOf(given: GivenFlags, { environment }: ProcessContext): readonly string[] {
  const flag = given.text('config');
  const named = [...(flag === undefined ? [] : [flag]), ...given.positionals];
  const files = named.length > 0 ? named : [configurationNamed(given, environment)];
  if (files.includes('')) throw usage('check needs the configuration FILE');
  if (files.filter((file) => file === STANDARD_INPUT).length > 1) {
    throw usage('check can read standard input (-) only once');
  }
  return files;
}
