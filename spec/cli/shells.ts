// Words that a real shell offers for a command line, with a loaded completion script. One process
// serves many lines, with a separator before the words of each.

import { spawnSync } from 'node:child_process';

/** A question to a shell. */
export interface Asked {
  /** The file of the script. */
  readonly script: string;
  /** The folder in which files are completed. */
  readonly folder: string;
  /** Typed text after the program's name. */
  readonly lines: readonly string[];
}

/** A shell that completes. */
export type Shell = keyof typeof PROGRAMS;

/** Whether this machine has the shell. */
export function hasShell(shell: Shell): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

/** The words that a shell offers, for each line. */
export function offeredBy(
  shell: Shell,
  { script, folder, lines }: Asked,
): readonly (readonly string[])[] {
  const { flags, program } = PROGRAMS[shell];
  const args = [...flags, '-c', program, shell, script, folder, ...lines];
  const { stdout, stderr, status } = spawnSync(shell, args.map(String), {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0 || stderr !== '') throw new Error(`${shell} ended with ${status}: ${stderr}`);
  const answers = stdout.split('line:\n').slice(1);
  return answers.map((answer) =>
    answer
      .split(/[\r\n]+/)
      .flatMap((line) => /offered:(.*)/.exec(line)?.[1]?.trim() ?? [])
      .filter((word) => word !== ''),
  );
}

// The function is called as Readline calls it: words cut at spaces and at `=`. `compopt` works only
// below Readline; what its option `default` does is done here.
const BASH = `source "$1"; cd "$2"; shift 2
compopt() { default=1; }
for line; do
  printf 'line:\\n'
  default= COMP_WORDS=(sluice)
  rest=\${line//=/ = }
  while [[ $rest == *' '* ]]; do
    word=\${rest%%' '*} rest=\${rest#*' '}
    [[ -n $word ]] && COMP_WORDS+=("$word")
  done
  COMP_WORDS+=("$rest")
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _sluice
  [[ -n $default && \${#COMPREPLY[@]} == 0 ]] && mapfile -t COMPREPLY < <(compgen -f -- "$rest")
  printf 'offered:%s\\n' "\${COMPREPLY[@]}"
done`;

// Completion runs only in the line editor, so an interactive zsh runs on a terminal of its own. Its
// builtin \`compadd\` says what it would add.
const ZSH = `zmodload zsh/zpty
zpty -b sh zsh -f -i
zpty -w sh 'PS1= PROMPT2= RPS1=; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source '"\${(q)1}"
zpty -w sh 'compadd() { if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi; local -a found; builtin compadd -O found "$@"; print -rl -- \${found/#/offered:}; builtin compadd "$@" }'
zpty -w sh 'stty -echo; bindkey "^I" list-choices; finished() { print done:; comppostfuncs=(finished) }; comppostfuncs=(finished); cd '"\${(q)2}"'; print ready:'
shift 2
zpty -r -m sh out $'*\\nready:*'
for line; do
  print line:
  zpty -w -n sh "sluice $line"$'\\t'
  zpty -r -m sh out '*done:*'
  print -r -- "$out"
  zpty -w -n sh $'\\C-u'
done
zpty -d sh`;

const FISH = `source $argv[2]; cd $argv[3]
for line in $argv[4..-1]
  printf 'line:\\n'
  complete -C "sluice $line" | string replace -r '\\t.*' '' | string replace -r '^' 'offered:'
end`;

const PROGRAMS = {
  bash: { flags: ['--norc', '--noprofile'], program: BASH },
  zsh: { flags: ['-f'], program: ZSH },
  fish: { flags: ['--no-config'], program: FISH },
} as const;
