// The command line: finds the command, runs it, and converts its errors to a message and an exit code.
// Without a command it means `run`, as in the original gateway. It also turns signals and the end of the
// output into requests to stop. It does not end the process; bin/ does.

import { relative } from 'node:path';
import type { Writable } from 'node:stream';
import { ERRORS, exitCodeOf, hasCode, messageOf, SluiceError } from '../core/errors.ts';
import { aborted, abortedAfter } from '../kit/async/abort.ts';
import { codeOfFailure, fileTrouble } from '../kit/file-trouble.ts';
import {
  insistOnCertificates,
  systemClock,
  systemEnvironment,
  systemRandom,
} from '../kit/system.ts';
import { printable } from '../kit/text/printable.ts';
import { version } from '../kit/version.ts';
import { createSectionValidators } from '../plan/native-form.ts';
import type { Command, CommandGroup, CommandTable, ProcessContext } from './command.ts';
import { parseFlags, usage } from './flags.ts';
import { commandNamed, helpFor, renderGroup, renderUsage } from './help.ts';
import { commands } from './registry.ts';

const STILL_VERIFIED =
  'NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect: certificates are verified; for an API server ' +
  'a kubeconfig names its authority (certificate-authority)';

/** Runs the command line of this process and returns the exit code. */
export async function main(args: readonly string[], listen: ListenToStopRequests): Promise<number> {
  const signals = listenForSignals(process, listen);
  const folder = process.cwd();
  const context: ProcessContext = {
    program: programIn(folder, process.argv[1] ?? ''),
    folder,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: systemEnvironment(),
    clock: systemClock,
    random: systemRandom,
    validators: createSectionValidators(),
    stop: signals.stop,
  };
  if (insistOnCertificates()) context.stderr.write(`sluice: ${STILL_VERIFIED}\n`);
  // A second signal does not wait for the drain that the first one started.
  const code = await Promise.race([runToTheEnd(args, context), signals.atOnce]);
  // The command may have ended before the output failed, and so without an error.
  if (code !== 0 || signals.outputTrouble === null) return code;
  context.stderr.write(renderError(signals.outputTrouble, args, context));
  return exitCodeOf(signals.outputTrouble);
}

// A live reader empties a pipe immediately; a stuck one must not keep the process alive.
const UNREAD_MS = 2_000;

/**
 * Runs a command line and waits until its output is written, because a pipe buffers only 64 KiB. After a
 * request to stop it waits at most `UNREAD_MS`.
 */
async function runToTheEnd(args: readonly string[], context: ProcessContext): Promise<number> {
  const { stdout, stderr, stop, clock } = context;
  const code = await runCommandLine(args, context);
  using late = abortedAfter(stop, UNREAD_MS, clock);
  await Promise.race([Promise.all([stdout, stderr].map(written)), aborted(late.signal)]);
  return code;
}

function written(stream: Writable): Promise<void> {
  if (stream.destroyed || stream.writableEnded) return Promise.resolve();
  // Node calls back in any case, also if the reader has closed.
  return new Promise((resolve) => stream.write('', () => resolve()));
}

/** Runs a command line in a context and returns the exit code. */
export async function runCommandLine(
  args: readonly string[],
  context: ProcessContext,
): Promise<number> {
  try {
    return await dispatchCommand(args, context);
  } catch (error) {
    // A command that a request to stop ended has not failed.
    if (context.stop.aborted && isAbort(error)) return 0;
    context.stderr.write(renderError(error, args, context));
    return exitCodeOf(error);
  }
}

const HELP_FLAGS = ['--help', '-help', '-h'];

async function dispatchCommand(args: readonly string[], context: ProcessContext): Promise<number> {
  const [first = '', ...rest] = args;
  if (HELP_FLAGS.includes(first)) return help([], context);
  if (['version', '--version', '-version'].includes(first)) {
    context.stdout.write(`sluice ${version()}\n`);
    return 0;
  }
  const isNamed = first !== '' && !first.startsWith('-');
  if (!isNamed) return run(commands.run, args, context);
  const command = commandNamed<Command | CommandGroup>(first, commands);
  if (!('commands' in command)) return run(command, rest, context);
  const [word = '', ...behind] = rest;
  if (word === 'help') return help([first, ...behind.slice(0, 1)], context);
  if (HELP_FLAGS.includes(word)) return help([first], context);
  return run(commandIn(command, word, context), behind, context);
}

async function run(
  command: Command,
  args: readonly string[],
  context: ProcessContext,
): Promise<number> {
  const given = parse(command, args, context);
  return given === null ? 0 : command.run(given, context);
}

function parse(
  command: Command,
  args: readonly string[],
  { stdout, stderr }: ProcessContext,
): ReturnType<typeof parseFlags> | null {
  try {
    const given = parseFlags(command.flags, args);
    if (given.isSet('help')) {
      stdout.write(renderUsage(command));
      return null;
    }
    const extra = given.positionals[command.arguments ?? 0];
    if (extra === undefined) return given;
    throw usage(`argument "${extra}" is one too many`);
  } catch (error) {
    if (hasCode(error, 'usage')) stderr.write(renderUsage(command));
    throw error;
  }
}

function commandIn(group: CommandGroup, word: string, { stderr }: ProcessContext): Command {
  try {
    if (word !== '' && !word.startsWith('-')) return commandNamed(word, group.commands);
    const words = Object.keys(group.commands).join(', ');
    throw usage(`${group.name} needs a command: ${words}`);
  } catch (error) {
    stderr.write(renderGroup(group));
    throw error;
  }
}

/** The words of a command line that name a command, for the hint to its help. */
function commandWords([first = '', second = '']: readonly string[]): readonly string[] {
  const table: CommandTable = commands;
  const command = Object.hasOwn(table, first) ? table[first] : undefined;
  if (command === undefined) return first.startsWith('-') ? ['run'] : [];
  const isIn = 'commands' in command && Object.hasOwn(command.commands, second);
  return isIn ? [first, second] : [first];
}

/** Command that starts this program: in a checkout Node and a path, installed its name. */
function programIn(folder: string, executable: string): string {
  const path = relative(folder, executable);
  return path.endsWith('sluice.js') ? `node ${path}` : 'sluice';
}

function help(words: readonly string[], { stdout }: ProcessContext): number {
  stdout.write(helpFor(words, commands));
  return 0;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

function renderError(
  error: unknown,
  args: readonly string[],
  { program }: Pick<ProcessContext, 'program'>,
): string {
  const message = `sluice: ${printable(messageOf(error), 2_000)}\n`;
  if (error instanceof SluiceError) {
    const step =
      error.code === 'usage'
        ? `see ${[program, ...commandWords(args), '--help'].join(' ')}`
        : ERRORS[error.code].nextStep;
    return `${message}  next step: ${step}\n`;
  }
  const stack = error instanceof Error ? `${error.stack ?? ''}\n` : '';
  return `${message}${stack}  next step: ${ERRORS.internal.nextStep}\n`;
}

/** A request to stop: a signal, or the end of the parent process that started this one. */
type StopRequest = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'orphaned';

/**
 * Passes all requests to the listener, also earlier ones. The executable listens, because requests may
 * arrive before this file is loaded.
 */
type ListenToStopRequests = (listener: (request: StopRequest) => void) => void;

/** Requests to stop, as values. */
interface Signals {
  /** Aborts at the first request; its reason names the request. */
  readonly stop: AbortSignal;
  /** Resolves with an exit code at the second. */
  readonly atOnce: Promise<number>;
  /** Why writing to the output fails; null if it works, or if its reader closed. */
  readonly outputTrouble: SluiceError | null;
}

const REASONS = {
  SIGTERM: 'SIGTERM',
  SIGINT: 'SIGINT',
  SIGHUP: 'SIGHUP (this version cannot reload its configuration, so it stops)',
  orphaned: 'the process that started this one is gone',
} as const satisfies Record<StopRequest, string>;

/**
 * Listens for requests to stop, and for a failing output. An output whose reader closed, as `head`
 * does, requests a stop without an error; a full disk is an error.
 */
export function listenForSignals(
  { stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>,
  listen: ListenToStopRequests,
): Signals {
  const stop = new AbortController();
  const atOnce = Promise.withResolvers<number>();
  let outputTrouble: SluiceError | null = null;
  listen((request) => {
    if (!stop.signal.aborted) stop.abort(new Error(REASONS[request]));
    // If the parent is killed during the drain, that is no second request.
    else if (request !== 'orphaned') atOnce.resolve(1);
  });
  stdout.on('error', (cause) => {
    if (codeOfFailure(cause) !== 'EPIPE') {
      const message = `write to standard output: ${fileTrouble(cause)}`;
      outputTrouble ??= new SluiceError('output-unusable', message, { cause });
    }
    stop.abort(outputTrouble ?? cause);
  });
  // The failure cannot be reported, and the gateway must continue without a reader of its errors.
  stderr.on('error', () => undefined);
  return {
    stop: stop.signal,
    atOnce: atOnce.promise,
    get outputTrouble() {
      return outputTrouble;
    },
  };
}
