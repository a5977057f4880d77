// What a command is and what it gets: the machine's streams, environment, clock and the wish to
// stop, all handed in, so that specs run commands without a process.

import type { Readable, Writable } from 'node:stream';
import type { Clock, Random } from '../core/clock.ts';
import type { Store } from '../core/store.ts';
import type { FlagTable, GivenFlags } from './flags.ts';

/** A stream that may be a terminal. */
export type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** The machine as a command sees it. */
export interface ProcessContext {
  /** How this program is called here, for hints that can be pasted. */
  readonly program: string;
  /** Where relative paths on the command line begin. */
  readonly folder: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborts at the first SIGTERM, SIGINT or SIGHUP, or when its reader leaves. */
  readonly stop: AbortSignal;
  /** Stands between the gateway and its store, for specs that end a process at a named point. */
  readonly aroundStore?: (store: Store) => Store;
}

/** Several commands under one name: `sluice deliveries list`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  /** By the word behind the group's name, in the order in which help shows them. */
  readonly commands: Readonly<Record<string, Command>>;
  /** More lines for `--help`. */
  readonly notes?: string;
}

/** Commands and groups by their names. */
export type CommandTable = Readonly<Record<string, Command | CommandGroup>>;

/** One command of the command line. */
export interface Command {
  /** All words of it: `deliveries list`. */
  readonly name: string;
  /** One line for `sluice --help`. */
  readonly summary: string;
  /** What stands behind the name in its usage line. */
  readonly synopsis: string;
  readonly flags: FlagTable;
  /** How many arguments without a flag it takes; none where absent. */
  readonly arguments?: number;
  /** Kind of those arguments, for completion: files, words of commands, or one of these words. */
  readonly argumentsAre?: 'files' | 'commands' | readonly string[];
  /** More lines for `--help`. */
  readonly notes?: string;
  /**
   * Runs it; answers the exit code.
   *
   * **Errors**: throws SluiceError; main prints it with its next step and exits with its code.
   */
  run(given: GivenFlags, context: ProcessContext): Promise<number>;
}
