// Command line flags in Go's style, as in the original gateway: long names with one dash or two, `-x v`
// or `-x=v`. Each command has a table of its flags; any other flag is a usage error. Flags that several
// commands share and their parsers are here, too.
// Source: https://pkg.go.dev/flag#hdr-Command_line_flag_syntax

import { parseArgs } from 'node:util';
import { messageOf, SluiceError } from '../core/errors.ts';
import { nearestName } from '../kit/text/nearest.ts';
import { parseDuration } from '../kit/text/quantity.ts';
import type { PlannedAddress } from '../plan/plan.ts';

/** One flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean' | 'list';
  /** Placeholder of its value in the usage text, for instance `FILE`. */
  readonly takes?: string;
  /** Possible values for completion; absent: the lower-case words of `takes`. */
  readonly values?: readonly string[];
  readonly help: string;
  /** True for a flag of an earlier version: nothing offers it, and `help` names what replaces it. */
  readonly isRemoved?: true;
}

/** Makes a flag with a value. */
export function textFlag(takes: string, help: string): Flag {
  return { type: 'string', takes, help };
}

/** Makes a flag with values: repeated, or separated by commas. */
export function listFlag(takes: string, help: string): Flag {
  return { type: 'list', takes, help };
}

/** Makes a flag without a value. */
export function switchFlag(help: string): Flag {
  return { type: 'boolean', help };
}

/** Makes the error for a command line that cannot be understood. */
export function usage(message: string): SluiceError {
  return new SluiceError('usage', message);
}

/** Flags of a command by long name. */
export type FlagTable = Readonly<Record<string, Flag>>;

/** The parsed flags and arguments of a command line. */
export interface GivenFlags {
  /** The last value of a string flag; undefined if it is absent. */
  text(name: string): string | undefined;
  isSet(name: string): boolean;
  /** All values of a list flag, split at commas. */
  list(name: string): readonly string[];
  readonly positionals: readonly string[];
}

/**
 * Parses a command line.
 *
 * **Errors**: SluiceError `usage` for an unknown or removed flag, or a flag without its value.
 */
export function parseFlags(table: FlagTable, args: readonly string[]): GivenFlags {
  const options = Object.fromEntries(
    Object.entries({ ...table, help: HELP }).map(([name, { type }]) => [
      name,
      { type: type === 'boolean' ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  );
  const normal = normalise({ ...table, help: HELP }, args);
  try {
    const { values, positionals } = parseArgs({ args: normal, options, allowPositionals: true });
    return toGiven(values, positionals);
  } catch (error) {
    throw new SluiceError('usage', messageOf(error).split('. ')[0] ?? '', { cause: error });
  }
}

/** The flags that help and completion offer. */
export function offeredFlags(table: FlagTable): readonly (readonly [name: string, flag: Flag])[] {
  return Object.entries(table).filter(([, { isRemoved }]) => isRemoved !== true);
}

/** Renders the flags of a command for its usage text. */
export function renderFlags(table: FlagTable): string {
  const rows = offeredFlags(table).map(([name, flag]): [string, string] => [
    `  --${name}${flag.takes === undefined ? '' : ` ${flag.takes}`}`,
    flag.help,
  ]);
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `${left.padEnd(width)}  ${help}\n`).join('');
}

const HELP: Flag = { type: 'boolean', help: 'show this' };

/** Makes one dash two, drops `-x=false` and joins each text flag with its value. */
function normalise(table: FlagTable, args: readonly string[]): string[] {
  const normal: string[] = [];
  for (let place = 0; place < args.length; place += 1) {
    const arg = args[place] ?? '';
    if (arg === '--') return [...normal, ...args.slice(place)];
    if (!/^--?[a-zA-Z]/.test(arg)) {
      normal.push(arg);
      continue;
    }
    const [name, value] = splitOnce(arg.replace(/^--?/, ''));
    const flag = flagNamed(table, name);
    if (flag.type === 'boolean') normal.push(...switchArgument(name, value));
    else if (value !== undefined) normal.push(`--${name}=${value}`);
    else normal.push(`--${name}=${valueAfter(args, (place += 1), name)}`);
  }
  return normal;
}

function valueAfter(args: readonly string[], place: number, name: string): string {
  const value = args[place];
  if (value === undefined) throw usage(`flag --${name} needs a value`);
  return value;
}

function switchArgument(name: string, value: string | undefined): readonly string[] {
  if (value === undefined || value === 'true') return [`--${name}`];
  if (value === 'false') return [];
  throw usage(`flag --${name} takes true or false, not "${value}"`);
}

function flagNamed(table: FlagTable, name: string): Flag {
  const short = name === 'h' ? 'help' : name;
  const flag = Object.hasOwn(table, short) ? table[short] : undefined;
  if (flag?.isRemoved === true) {
    throw usage(`flag --${name} was removed: ${flag.help}`);
  }
  if (flag !== undefined) return flag;
  const offered = offeredFlags(table).map(([one]) => one);
  const near = nearestName(name, offered);
  const hint = near === undefined ? '' : ` (did you mean --${near}?)`;
  throw usage(`flag --${name} is not known${hint}`);
}

function splitOnce(text: string): readonly [string, string | undefined] {
  const place = text.indexOf('=');
  return place < 0 ? [text, undefined] : [text.slice(0, place), text.slice(place + 1)];
}

function toGiven(
  values: Readonly<Record<string, unknown>>,
  positionals: readonly string[],
): GivenFlags {
  const texts = (name: string): readonly string[] => {
    const value = values[name];
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  };
  return {
    text: (name) => texts(name).at(-1),
    isSet: (name) => values[name] !== undefined,
    list: (name) =>
      texts(name)
        .flatMap((one) => one.split(','))
        .filter((one) => one !== ''),
    positionals,
  };
}

/**
 * Parses `HOST:PORT`, with an IPv6 host in brackets, or a port alone, which gets the host `ownHost`.
 *
 * **Errors**: `usage`.
 */
export function addressOf(flag: string, text: string, ownHost: string): PlannedAddress {
  const [, host = ownHost, digits] = /^(?:(.*):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw usage(`flag --${flag} takes HOST:PORT or PORT, not "${text}"`);
  }
  return { host: host.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1', port };
}

/** Parses a flag that takes a duration, in ms; undefined if it is absent. **Errors**: `usage`. */
export function durationOf(given: GivenFlags, flag: string, example = '5m'): number | undefined {
  const text = given.text(flag);
  const ms = text === undefined ? undefined : parseDuration(text);
  if (text === undefined || ms !== undefined) return ms;
  throw usage(`flag --${flag} takes a duration such as ${example}, not "${text}"`);
}

/** Parses a flag that takes one of some words; undefined if it is absent. **Errors**: `usage`. */
export function choiceOf<Choice extends string>(
  given: GivenFlags,
  flag: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = given.text(flag);
  const choice = choices.find((one) => one === text);
  if (text === undefined || choice !== undefined) return choice;
  const takes = choices.join(', ');
  throw usage(`flag --${flag} takes one of ${takes}, not "${text}"`);
}

/** Lists those of the string flags that are given, with their values. */
export function givenTexts<Name extends string>(
  given: GivenFlags,
  names: readonly Name[],
): readonly (readonly [Name, string])[] {
  return names.flatMap((name) => {
    const value = given.text(name);
    return value === undefined ? [] : [[name, value] as const];
  });
}

/** The flag for the output format: text for people, JSON for programs. */
export const FORMAT_FLAGS = {
  format: { type: 'string', takes: 'text|json', help: 'output format; default text' },
} as const satisfies FlagTable;

/** Parses `--format`. **Errors**: `usage` for another value. */
export function formatOf(given: GivenFlags): 'text' | 'json' {
  const format = given.text('format') ?? 'text';
  if (format === 'text' || format === 'json') return format;
  throw usage(`flag --format takes text or json, not "${format}"`);
}
