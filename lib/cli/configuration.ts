// Loads the configuration of a command: reads and plans it, and prints all its problems. It makes no
// request.

import { dirname, resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { readConfigFile, readConfigStream } from '../config/read-file.ts';
import { SluiceError } from '../core/errors.ts';
import type { Problem } from '../core/problem.ts';
import { type LoadedPlan, loadPlan } from '../plan/load-plan.ts';
import type { Plan, PlanContext } from '../plan/plan.ts';
import { renderProblems, type TerminalView } from '../plan/problem-text.ts';
import type { ProcessContext, Terminal } from './command.ts';
import { type FlagTable, type GivenFlags, textFlag, usage } from './flags.ts';
import { widthOf } from './text-table.ts';

/** A loaded configuration, valid or not. */
export interface FoundConfiguration extends LoadedPlan {
  /** The text of the file; null if there is none, or it cannot be read. */
  readonly text: string | null;
  /** The path of the file as given; '' if there is no configuration. */
  readonly file: string;
  /** Base of relative paths in the configuration. */
  readonly folder: string;
}

/** A valid configuration. */
export interface Usable extends FoundConfiguration {
  readonly plan: Plan;
}

/** The flag that names the configuration. */
export const CONFIG_FLAGS = {
  config: textFlag('FILE', 'the configuration, YAML or JSON; default: GATEWAY_CONFIG, else none'),
} as const satisfies FlagTable;

/** The file name that means standard input. */
export const STANDARD_INPUT = '-';

/** The file of `--config` or `GATEWAY_CONFIG`; '' if neither is set, as in the original. */
export function configurationNamed(
  given: GivenFlags,
  environment: ProcessContext['environment'],
): string {
  return given.text('config') ?? environment['GATEWAY_CONFIG'] ?? '';
}

/**
 * Reads and plans the configuration of `--config` or `GATEWAY_CONFIG`.
 *
 * **Errors**: `usage` for standard input, because some commands read Events from it.
 */
export async function findConfiguration(
  given: GivenFlags,
  context: ProcessContext,
  settings: PlanContext,
): Promise<FoundConfiguration> {
  const { environment, folder, validators } = context;
  const file = configurationNamed(given, environment);
  if (file === STANDARD_INPUT) {
    throw usage('only check and rbac read a configuration from standard input (-)');
  }
  if (file !== '') return loadConfiguration(file, context, settings);
  return { ...loadPlan({ ...settings, validators, text: null }), text: null, file, folder };
}

type LoadContext = Pick<ProcessContext, 'folder' | 'stdin' | 'stop' | 'validators'>;

/** Reads and plans the configuration in a file; `-` is standard input. */
export async function loadConfiguration(
  file: string,
  { folder, stdin, stop, validators }: LoadContext,
  settings: PlanContext,
): Promise<FoundConfiguration> {
  const isInput = file === STANDARD_INPUT;
  const read = isInput
    ? await readConfigStream(addAbortSignal(stop, stdin))
    : await readConfigFile(resolve(folder, file));
  const own = isInput
    ? { file: 'standard input', folder }
    : { file, folder: dirname(resolve(folder, file)) };
  if (read.ok) {
    const { text } = read;
    return { ...loadPlan({ ...settings, validators, text }), text, ...own };
  }
  const nothing = { plan: null, form: 'none', secrets: [], store: null, text: null } as const;
  return { ...nothing, problems: [read.problem], ...own };
}

/**
 * Loads the configuration for a command that needs a valid one.
 *
 * **Errors**: `configuration-refused`, after it printed all problems on standard error.
 */
export async function requireConfiguration(
  given: GivenFlags,
  context: ProcessContext,
  settings: PlanContext,
): Promise<Usable> {
  return requireUsable(await findConfiguration(given, context, settings), context);
}

/**
 * Makes sure that a loaded configuration is valid.
 *
 * **Errors**: `configuration-refused`, after it printed all problems on standard error.
 */
export function requireUsable(
  found: FoundConfiguration,
  { stderr, environment }: Pick<ProcessContext, 'stderr' | 'environment'>,
): Usable {
  if (found.plan !== null) return { ...found, plan: found.plan };
  showProblems(found, stderr, environment);
  throw refused(found.problems, found.file);
}

/** Makes the error for a refused configuration. */
export function refused(problems: readonly Problem[], file: string): SluiceError {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const found = `${errors} error${errors === 1 ? '' : 's'}`;
  return new SluiceError('configuration-refused', `configuration ${file} is refused: ${found}`);
}

/** The problems of one file. */
export type ShownProblems = Pick<FoundConfiguration, 'problems' | 'file' | 'text'>;

/** Prints the problems of a file, one line each; a terminal also gets colours and the line of the file. */
export function showProblems(
  { problems, file, text }: ShownProblems,
  stream: Terminal,
  environment: ProcessContext['environment'],
): void {
  stream.write(renderProblems(problems, file, viewOf(stream, text, environment)));
}

function viewOf(
  stream: Terminal,
  text: string | null,
  environment: ProcessContext['environment'],
): TerminalView | undefined {
  const width = widthOf(stream);
  if (width === null) return undefined;
  // https://no-color.org: any value but the empty text.
  const isPlain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return { text, colours: isPlain ? 'plain' : 'colours', width };
}
