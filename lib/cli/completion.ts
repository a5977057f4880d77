// `sluice completion`: a script that completes commands, flags and their values in a shell. It is made
// from the table of commands, in the way that each shell documents, and never runs the program. All texts
// are constants of that table; they are quoted anyway.
// Source: bash(1), Programmable Completion; zshcompsys(1), _arguments; complete(1) of fish

import type { Command, CommandTable } from './command.ts';
import { type Flag, offeredFlags, usage } from './flags.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const SHELLS = Object.keys(SCRIPTS);

/** Makes the command `completion`; it reads the table when it runs, because the table contains it. */
export function completionCommand(table: () => CommandTable): Command {
  return {
    name: 'completion',
    summary: 'prints a script for a shell that completes commands and flags',
    synopsis: SHELLS.join('|'),
    arguments: 1,
    argumentsAre: SHELLS,
    flags: {},
    notes:
      'bash:  source <(sluice completion bash)            # in ~/.bashrc\n' +
      'zsh:   source <(sluice completion zsh)             # in ~/.zshrc, after compinit\n' +
      'fish:  sluice completion fish | source             # in ~/.config/fish/config.fish\n' +
      "In a checkout, first: alias sluice='node /path/of/the/checkout/bin/sluice.js'",
    run: async (given, { stdout }) => {
      const [shell] = given.positionals;
      const found = Object.entries(SCRIPTS).find(([name]) => name === shell);
      if (found === undefined) {
        const got = shell === undefined ? 'nothing' : `"${shell}"`;
        throw usage(`completion takes ${SHELLS.join(', ')}, not ${got}`);
      }
      const [, script] = found;
      stdout.write(script(completionsOf(table())));
      return 0;
    },
  };
}

/** Completion of a value: one of these words, a file, or anything. */
interface CompletedValue {
  readonly words: readonly string[];
  readonly isFile: boolean;
}

/** Completion of a flag. */
interface CompletedFlag {
  readonly name: string;
  /** The first part of its help, on one line. */
  readonly help: string;
  /** Its placeholder, such as FILE; '' for a boolean flag. */
  readonly takes: string;
  /** Null for a boolean flag. */
  readonly value: CompletedValue | null;
  /** Whether it may be repeated. */
  readonly isList: boolean;
}

/** Completions after the words of a command or a group, or directly after the program. */
interface Completion {
  /** `''`, `check`, `deliveries`, `deliveries list`. */
  readonly at: string;
  /** The commands that may follow. */
  readonly next: readonly { readonly word: string; readonly summary: string }[];
  readonly flags: readonly CompletedFlag[];
  /** Arguments without a flag. */
  readonly argument: CompletedValue;
}

const NOTHING: CompletedValue = { words: [], isFile: false };

/** Collects all completions; without a command the flags are those of `run`. */
function completionsOf(table: CommandTable): readonly Completion[] {
  const run = table['run'];
  const flags = run === undefined || 'commands' in run ? [] : flagsOf(run);
  return [{ ...groupAt('', table), flags }, ...below('', table, table)];
}

function groupAt(at: string, commands: CommandTable): Completion {
  return { at, next: wordsOf(commands), flags: [], argument: NOTHING };
}

/** Completions of a table below some words. `help` takes names of commands: their words, not their flags. */
function below(above: string, commands: CommandTable, all: CommandTable): readonly Completion[] {
  return Object.entries(commands).flatMap(([word, entry]): readonly Completion[] => {
    const at = `${above}${word}`;
    if ('commands' in entry) {
      return [groupAt(at, entry.commands), ...below(`${at} `, entry.commands, all)];
    }
    const own = { at, next: [], flags: flagsOf(entry), argument: argumentOf(entry) };
    if (entry.argumentsAre !== 'commands') return [own];
    const groups = Object.entries(all).flatMap(([name, one]) =>
      'commands' in one ? [groupAt(`${at} ${name}`, one.commands)] : [],
    );
    return [{ ...own, next: wordsOf(all) }, ...groups];
  });
}

function wordsOf(table: CommandTable): Completion['next'] {
  return Object.entries(table).map(([word, { summary }]) => ({ word, summary }));
}

function argumentOf({ argumentsAre }: Command): CompletedValue {
  if (argumentsAre === 'files') return { words: [], isFile: true };
  return typeof argumentsAre === 'object' ? { words: argumentsAre, isFile: false } : NOTHING;
}

function flagsOf({ flags }: Command): readonly CompletedFlag[] {
  const own = offeredFlags(flags).map(
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

/** Makes the script for bash. It rejoins `--flag=value`, which bash splits at the `=`. */
function bashScript(completions: readonly Completion[]): string {
  return `# Completion of sluice for bash, made by: sluice completion bash
_sluice() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local at='' flag='' word i words='' flags=''
  if [[ $current == '=' ]]; then flag=$previous current=''
  elif [[ $previous == '=' ]]; then flag=\${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $previous == -* ]]; then flag=$previous
  fi
  [[ $flag == --* ]] || flag=\${flag:+-$flag}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${at:+$at }\${COMP_WORDS[i]}
    case $word in ${patternsOf(completions)}) at=$word ;; esac
  done
  COMPREPLY=()
  case "$at $flag" in
${bashValues(completions)}  esac
  case $at in
${completions.map(bashWords).join('')}  esac
  [[ $current == -* ]] && words=$flags
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _sluice sluice
`;
}

// With the option `default` bash completes a file if no word fits.
const BASH_FILES = 'compopt -o default; ';

/** Makes the arms for values of flags; flags with the same values share one. */
function bashValues(completions: readonly Completion[]): string {
  const flags = new Map<string, string[]>();
  for (const { at, flags: own } of completions) {
    for (const { name, value } of own) {
      if (value === null) continue;
      const reply = bashReply(value);
      flags.set(reply, [...(flags.get(reply) ?? []), quoted(`${at} --${name}`)]);
    }
  }
  return [...flags].map(([reply, names]) => `    ${names.join('|')}) ${reply}return ;;\n`).join('');
}

function bashReply({ words, isFile }: CompletedValue): string {
  const list = quoted(words.join(' '));
  const reply = words.length === 0 ? '' : `COMPREPLY=($(compgen -W ${list} -- "$current")); `;
  return `${isFile ? BASH_FILES : ''}${reply}`;
}

function bashWords({ at, next, flags, argument }: Completion): string {
  const words = quoted([...next.map(({ word }) => word), ...argument.words].join(' '));
  const names = quoted(flags.map(({ name }) => `--${name}`).join(' '));
  const files = argument.isFile ? BASH_FILES : '';
  return `    ${quoted(at)}) ${files}words=${words} flags=${names} ;;\n`;
}

/** Makes the script for zsh, to be sourced after compinit or saved in fpath as `_sluice`. */
function zshScript(completions: readonly Completion[]): string {
  return `#compdef sluice
# Completion of sluice for zsh, made by: sluice completion zsh
_sluice() {
  local at='' word
  local -a next flags
  integer i used=1
  for ((i = 2; i < CURRENT; i++)); do
    word=\${at:+$at }\${words[i]}
    case $word in (${patternsOf(completions)}) at=$word used=i ;; esac
  done
  shift $((used - 1)) words
  ((CURRENT -= used - 1))
  case $at in
${completions.map(zshWords).join('')}  esac
  if ((CURRENT == 2 && $#next)) && [[ $words[2] != -* ]]; then
    _describe command next
  else
    _arguments $flags
  fi
}
if [[ $funcstack[1] == _sluice ]]; then _sluice "$@"; else compdef _sluice sluice; fi
`;
}

function zshWords({ at, next, flags, argument }: Completion): string {
  const words = next.map(({ word, summary }) => quoted(`${word}:${escaped(summary)}`));
  const rest = zshAction(argument);
  const specs = [...flags.map(zshFlag), ...(rest === ' ' ? [] : [`*:argument:${rest}`])];
  return `    (${quoted(at)})
      next=(${words.join(' ')})
      flags=(${specs.map(quoted).join(' ')}) ;;
`;
}

function zshFlag({ name, help, takes, value, isList }: CompletedFlag): string {
  const text = `[${escaped(help)}]`;
  if (value === null) return `--${name}${text}`;
  const many = isList ? '*' : '';
  return `${many}--${name}=${text}:${escaped(takes)}:${zshAction(value)}`;
}

/** Makes the action that completes a value; a space: none. */
function zshAction({ words, isFile }: CompletedValue): string {
  if (words.length === 0) return isFile ? '_files' : ' ';
  return isFile ? `{compadd ${words.join(' ')}; _files}` : `(${words.join(' ')})`;
}

/** Makes the script for fish. */
function fishScript(completions: readonly Completion[]): string {
  return `# Completion of sluice for fish, made by: sluice completion fish
function __sluice_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l at ''
    for word in $words
        set -l longer (string trim -- "$at $word")
        contains -- $longer ${pathsOf(completions).map(fishQuoted).join(' ')}; and set at $longer
    end
    test "$at" = "$argv[1]"
end
complete -c sluice -f
${completions.flatMap(fishLines).join('')}`;
}

function fishLines({ at, next, flags, argument }: Completion): readonly string[] {
  const line = `complete -c sluice -n ${fishQuoted(`__sluice_at "${at}"`)}`;
  const words = next.map(
    ({ word, summary }) => `${line} -a ${fishQuoted(word)} -d ${fishQuoted(summary)}\n`,
  );
  const own = argument.isFile || argument.words.length > 0;
  return [
    ...words,
    ...(own ? [`${line}${fishValue(argument)}\n`] : []),
    ...flags.map(({ name, help, value }) => {
      const taken = value === null ? '' : ` -r${fishValue(value)}`;
      return `${line} -l ${name}${taken} -d ${fishQuoted(help)}\n`;
    }),
  ];
}

function fishValue({ words, isFile }: CompletedValue): string {
  const given = words.length === 0 ? '' : ` -a ${fishQuoted(words.join(' '))}`;
  return `${isFile ? ' -F' : ' -f'}${given}`;
}

function pathsOf(completions: readonly Completion[]): readonly string[] {
  return completions.flatMap(({ at }) => (at === '' ? [] : [at]));
}

/** Makes the alternatives of a `case` from the words of commands. */
function patternsOf(completions: readonly Completion[]): string {
  return pathsOf(completions).map(quoted).join('|');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

/** Escapes the special characters of a description in zsh. */
function escaped(text: string): string {
  return text.replaceAll(/[\\:[\]]/g, String.raw`\$&`);
}
