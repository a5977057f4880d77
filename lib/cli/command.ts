// Types of commands and of their context: streams, environment, clock and stop signal are passed in,
// so that specs can run commands without a process.

import type { Readable, Writable } from 'node:stream';
import type { Clock, Random } from '../core/clock.ts';
import type { Store } from '../core/ports/store.ts';
import type { SectionValidators } from '../plan/native-form.ts';
import type { FlagTable, GivenFlags } from './flags.ts';

/** A stream that may be a terminal. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The process as a command sees it. */
export interface ProcessContext {
  /** The command that starts this program here, for hints that can be pasted. */
  readonly program: string;
  /** Base of relative paths on the command line. */
  readonly folder: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Validators of configurations, compiled at their first use and shared by all loads of the process. */
  readonly validators: SectionValidators;
  /** Aborts at the first SIGTERM, SIGINT or SIGHUP, or if the reader of the output closes it. */
  readonly stop: AbortSignal;
  /** Wraps the store of the gateway, for specs that end a process at a named point. */
  readonly aroundStore?: (store: Store) => Store;
}

/** Several commands under one name: `sluice deliveries list`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  /** Commands by the word after the name of the group, in the order of the help. */
  readonly commands: Readonly<Record<string, Command>>;
  /** More lines for `--help`. */
  readonly notes?: string;
}

/** Commands and groups by name. */
export type CommandTable = Readonly<Record<string, Command | CommandGroup>>;

/** One command of the command line. */
export interface Command {
  /** All its words: `deliveries list`. */
  readonly name: string;
  /** One line for `sluice --help`. */
  readonly summary: string;
  /** The rest of its usage line, after the name. */
  readonly synopsis: string;
  readonly flags: FlagTable;
  /** Largest number of arguments without a flag; absent: 0. */
  readonly arguments?: number;
  /** Kind of those arguments, for completion: files, words of commands, or one of these words. */
  readonly argumentsAre?: 'files' | 'commands' | readonly string[];
  /** More lines for `--help`. */
  readonly notes?: string;
  /**
   * Runs the command and returns the exit code.
   *
   * **Errors**: throws SluiceError; main prints it with its next step and uses its exit code.
   */
  run(given: GivenFlags, context: ProcessContext): Promise<number>;
}
