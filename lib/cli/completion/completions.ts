// Words, flags and values that can follow on a command line, as data for the scripts of completion.

import type { Command, CommandGroup, CommandTable } from '../command.ts';
import type { Flag } from '../flags.ts';

/** A value that can follow: one of these words, a file, or anything. */
export interface CompletedValue {
  readonly words: readonly string[];
  readonly isFile: boolean;
}

/** A flag of a command. */
export interface CompletedFlag {
  readonly name: string;
  /** The first part of its help, on one line. */
  readonly help: string;
  /** Its placeholder, such as FILE; '' for a switch. */
  readonly takes: string;
  /** Null for a switch, which takes none. */
  readonly value: CompletedValue | null;
  /** Whether it may be given several times. */
  readonly isList: boolean;
}

/** A word that continues the words before it. */
interface CompletedWord {
  readonly word: string;
  readonly summary: string;
}

/** Continuations of the words of a command, of a group or, for none, of the program. */
export interface Completion {
  /** `''`, `check`, `deliveries`, `deliveries list`. */
  readonly at: string;
  readonly next: readonly CompletedWord[];
  readonly flags: readonly CompletedFlag[];
  /** Arguments without a flag. */
  readonly argument: CompletedValue;
}

const NOTHING: CompletedValue = { words: [], isFile: false };

/** Everything that can be completed; without a command the flags are those of `run`. */
export function completionsOf(table: CommandTable): readonly Completion[] {
  const run = table['run'];
  const flags = run === undefined || 'commands' in run ? [] : flagsOf(run);
  return [
    { at: '', next: wordsOf(table), flags, argument: NOTHING },
    ...Object.entries(table).flatMap(([at, entry]) => below(at, entry, table)),
  ];
}

function below(
  at: string,
  entry: Command | CommandGroup,
  table: CommandTable,
): readonly Completion[] {
  if (!('commands' in entry)) return completionsOfCommand(at, entry, table);
  const own = { at, next: wordsOf(entry.commands), flags: [], argument: NOTHING };
  const commands = Object.entries(entry.commands).map(
    ([word, command]): Completion => ({
      at: `${at} ${word}`,
      next: [],
      flags: flagsOf(command),
      argument: argumentOf(command),
    }),
  );
  return [own, ...commands];
}

/** A command whose arguments are words of commands is completed as those are, without their flags. */
function completionsOfCommand(
  at: string,
  command: Command,
  table: CommandTable,
): readonly Completion[] {
  const own = { at, next: [], flags: flagsOf(command), argument: argumentOf(command) };
  if (command.argumentsAre !== 'commands') return [own];
  const groups = Object.entries(table).flatMap(([name, entry]): readonly Completion[] =>
    'commands' in entry
      ? [{ at: `${at} ${name}`, next: wordsOf(entry.commands), flags: [], argument: NOTHING }]
      : [],
  );
  return [{ ...own, next: wordsOf(table) }, ...groups];
}

function wordsOf(table: CommandTable): readonly CompletedWord[] {
  return Object.entries(table).map(([word, { summary }]) => ({ word, summary }));
}

function argumentOf({ argumentsAre }: Command): CompletedValue {
  if (argumentsAre === 'files') return { words: [], isFile: true };
  return typeof argumentsAre === 'object' ? { words: argumentsAre, isFile: false } : NOTHING;
}

function flagsOf({ flags }: Command): readonly CompletedFlag[] {
  const own = Object.entries(flags).map(
    ([name, flag]): CompletedFlag => ({
      name,
      help: flag.help.split('; ')[0] ?? '',
      takes: flag.takes ?? '',
      value: flag.type === 'boolean' ? null : valueOf(flag),
      isList: flag.type === 'list',
    }),
  );
  return [...own, { name: 'help', help: 'show the usage', takes: '', value: null, isList: false }];
}

function valueOf({ takes = '', values }: Flag): CompletedValue {
  const parts = takes.split('|');
  return {
    words: values ?? parts.filter((part) => /^[a-z]+$/.test(part)),
    isFile: parts.includes('FILE'),
  };
}
