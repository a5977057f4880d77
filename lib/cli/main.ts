// The command line: finds the command, runs it, and turns whatever it throws into a message and an
// exit code. Called without a command it means `run`, as the original gateway did. It does not end
// the process; bin/ does.

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
import type { Command, CommandGroup, CommandTable, ProcessContext } from './command.ts';
import { parseFlags } from './flags.ts';
import { commandNamed, helpFor, renderGroup, renderUsage } from './help.ts';
import { commands } from './registry.ts';

const STILL_VERIFIED =
  'NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect: certificates are verified; for an API server ' +
  'a kubeconfig names its authority (certificate-authority)';

/** Runs the command line of this process; answers the exit code. */
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
    stop: signals.stop,
  };
  if (insistOnCertificates()) context.stderr.write(`sluice: ${STILL_VERIFIED}\n`);
  // A second signal does not wait for whatever the first one started.
  const code = await Promise.race([runToTheEnd(args, context), signals.atOnce]);
  // A command that was cut short there, or had ended already, could not tell.
  if (code !== 0 || signals.outputTrouble === null) return code;
  context.stderr.write(renderError(signals.outputTrouble, args, context));
  return exitCodeOf(signals.outputTrouble);
}

// A reader that is alive takes what a pipe holds at once; one that is stuck must not keep the process.
const UNREAD_MS = 2_000;

/**
 * Runs a command line and waits until its reader has everything, because a pipe holds 64 KiB. After a
 * request to stop it waits no longer than a moment.
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
  // Called back in any case, also where the reader went away.
  return new Promise((resolve) => stream.write('', () => resolve()));
}

/** Runs a command line in the given context; answers the exit code. */
export async function runCommandLine(
  args: readonly string[],
  context: ProcessContext,
): Promise<number> {
  try {
    return await dispatchCommand(args, context);
  } catch (error) {
    // What was cut short because somebody asked for it is no failure to report.
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
    throw new SluiceError('usage', `argument "${extra}" is one too many`);
  } catch (error) {
    if (hasCode(error, 'usage')) stderr.write(renderUsage(command));
    throw error;
  }
}

function commandIn(group: CommandGroup, word: string, { stderr }: ProcessContext): Command {
  try {
    if (word !== '' && !word.startsWith('-')) return commandNamed(word, group.commands);
    const words = Object.keys(group.commands).join(', ');
    throw new SluiceError('usage', `${group.name} needs one of ${words} behind it`);
  } catch (error) {
    stderr.write(renderGroup(group));
    throw error;
  }
}

/** The words of a command line that name a command, so that its help can be pointed at. */
function commandWords([first = '', second = '']: readonly string[]): readonly string[] {
  const table: CommandTable = commands;
  const command = Object.hasOwn(table, first) ? table[first] : undefined;
  if (command === undefined) return first.startsWith('-') ? ['run'] : [];
  const isIn = 'commands' in command && Object.hasOwn(command.commands, second);
  return isIn ? [first, second] : [first];
}

/** From a checkout the executable is called by Node and its path, installed by its name. */
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

// Requests to stop as values: the first one asks to stop, the second one does not wait. The end of the
// output is a request too: a reader that left is no trouble, a full disk is. The executable hears the
// requests, because they may come before this file is loaded.

/** A request to stop: a signal, or the end of the process that handed over to this one. */
type StopRequest = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'orphaned';

/** Hands every request to the listener, also those of before. */
type ListenToStopRequests = (listener: (request: StopRequest) => void) => void;

/** Requests to stop so far. */
interface Signals {
  /** Aborts at the first request; its reason says which it was. */
  readonly stop: AbortSignal;
  /** Settles with an exit code at the second. */
  readonly atOnce: Promise<number>;
  /** Why the output does not take what is written; null where it does, or where its reader left. */
  readonly outputTrouble: SluiceError | null;
}

const REASONS = {
  SIGTERM: 'SIGTERM',
  SIGINT: 'SIGINT',
  SIGHUP: 'SIGHUP (this version cannot reload its configuration, so it stops)',
  orphaned: 'the process that started this one is gone',
} as const satisfies Record<StopRequest, string>;

/**
 * Listens for requests to stop, and for the end of the output. An output that its reader left, as
 * behind `head`, or that has no room left, asks the process to stop.
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
    // A parent that is killed while its child drains asks for nothing new.
    else if (request !== 'orphaned') atOnce.resolve(1);
  });
  stdout.on('error', (cause) => {
    if (codeOfFailure(cause) !== 'EPIPE') {
      const message = `write to standard output: ${fileTrouble(cause)}`;
      outputTrouble ??= new SluiceError('output-unusable', message, { cause });
    }
    stop.abort(outputTrouble ?? cause);
  });
  // There is no place left to tell it, and it must not end what goes on without a reader.
  stderr.on('error', () => undefined);
  return {
    stop: stop.signal,
    atOnce: atOnce.promise,
    get outputTrouble() {
      return outputTrouble;
    },
  };
}
