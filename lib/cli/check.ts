// `sluice check`: everything wrong or suspicious in a configuration. It makes no request.
import { problemsToJson, refuses, renderProblems } from '../assembly/problems.ts';
import { sortProblems } from '../config/place-findings.ts';
import { SluiceError } from '../core/errors.ts';
import { NAMESPACE_FLAGS, namespacesOf } from './cluster.ts';
import type { Command } from './command.ts';
import { CONFIG_FLAGS, findConfiguration } from './configuration.ts';
import { FORMAT_FLAGS, formatOf } from './format.ts';
import { secretProblems } from './secrets.ts';

/** Says what is wrong with a configuration. */
export const checkCommand: Command = {
  name: 'check',
  summary: 'says everything wrong or suspicious in a configuration',
  synopsis: 'FILE [--strict] [--format json]',
  arguments: 1,
  flags: {
    ...CONFIG_FLAGS,
    ...NAMESPACE_FLAGS,
    ...FORMAT_FLAGS,
    strict: { type: 'boolean', help: 'refuse a configuration with warnings, too' },
  },
  notes: 'Exit code 3 where the configuration is refused. No request is made.',
  run: async (given, surroundings) => {
    const namespaces = namespacesOf(given, surroundings.environment);
    const format = formatOf(given);
    const context = { ...namespaces, exec: 'noted' as const };
    const found = await findConfiguration(given, surroundings, context);
    const { file } = found;
    if (file === '') throw new SluiceError('usage', 'check needs the configuration FILE');
    const unreadable = await secretProblems(found, surroundings, 'warning');
    const problems = sortProblems([...found.problems, ...unreadable]);
    const text =
      format === 'json' ? `${problemsToJson(problems)}\n` : renderProblems(problems, file);
    surroundings.stdout.write(text);
    return refuses(problems, given.isSet('strict') ? 'strict' : 'lenient') ? 3 : 0;
  },
};
