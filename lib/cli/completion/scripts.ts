// The scripts of `sluice completion`, each in the way its shell documents. A script holds everything that
// can be completed and asks nothing of the program. All texts are constants of the tables of commands;
// they are quoted all the same.
// Source: bash(1), Programmable Completion; zshcompsys(1), _arguments; complete(1) of fish

import type { CompletedFlag, CompletedValue, Completion } from './completions.ts';

/** The script for bash. It puts `--flag=value` together again, which bash cuts at its `=`. */
export function bashScript(completions: readonly Completion[]): string {
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

/** Flags that take the same values share an arm. */
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

/** The script for zsh, to be sourced after compinit or to lie in fpath as `_sluice`. */
export function zshScript(completions: readonly Completion[]): string {
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

/** The action that completes a value; a space if nothing does. */
function zshAction({ words, isFile }: CompletedValue): string {
  if (words.length === 0) return isFile ? '_files' : ' ';
  return isFile ? `{compadd ${words.join(' ')}; _files}` : `(${words.join(' ')})`;
}

/** The script for fish. */
export function fishScript(completions: readonly Completion[]): string {
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

/** Words of commands as alternatives of a `case`. */
function patternsOf(completions: readonly Completion[]): string {
  return pathsOf(completions).map(quoted).join('|');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}

/** The text with a backslash before what has a meaning in a description of zsh. */
function escaped(text: string): string {
  return text.replaceAll(/[\\:[\]]/g, String.raw`\$&`);
}
