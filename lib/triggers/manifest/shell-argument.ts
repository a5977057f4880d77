// Finds where a container's words would make program text of what an Event says: an argument of a
// shell after its `-c`, or a `$(NAME)` in that text whose variable holds an Event value, which
// kubelet puts there before the shell reads it. It judges words, it runs nothing.
// Source: docs/configuration.md; POSIX sh; k8s.io/kubernetes third_party/forked/golang/expansion.

/** A container's words in the order in which they reach the process. */
export interface Words {
  /** Of `command`; undefined where the image decides. */
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[];
  /** Whether a word holds an Event value. */
  readonly holdsEvent: (word: string) => boolean;
  /** The names of variables whose values hold an Event value. */
  readonly eventVariables: ReadonlySet<string>;
}

/** Where a word stands: in `command` or `args`, and at which index. */
export interface WordPlace {
  readonly list: 'command' | 'args';
  readonly index: number;
}

interface Evaluator {
  readonly program: RegExp;
  /** The option after which words are program text. */
  readonly option: RegExp;
}

// Shells first; the others evaluate their option's word just as well.
const EVALUATORS: readonly Evaluator[] = [
  { program: /^(?:[a-z]{0,4}sh|busybox)$/, option: /^-[A-Za-z]*c[A-Za-z]*$/ },
  { program: /^(?:pwsh|powershell)$/, option: /^-(?:c|command|e|ec|encodedcommand)$/i },
  { program: /^cmd$/, option: /^\/[ck]$/i },
  { program: /^(?:python|pypy)[\d.]*$/, option: /^-[A-Za-z]*c[A-Za-z]*$/ },
  { program: /^(?:perl|ruby|lua)[\d.]*$/, option: /^-[A-Za-z]*[eE][A-Za-z]*$/ },
  { program: /^(?:node|nodejs|bun|deno)$/, option: /^(?:-[a-z]*[ep][a-z]*|--eval|--print|eval)$/ },
  { program: /^php[\d.]*$/, option: /^-[rBRE]$/ },
];

// Where the image decides on the program it may well be a shell.
const ANY_PROGRAM: Evaluator = { program: /^/, option: /^-[A-Za-z]*c[A-Za-z]*$/ };

/** The words in which an Event value would be program text. */
export function shellArguments(words: Words): readonly WordPlace[] {
  const { command, args } = words;
  const all = [...(command ?? []), ...args];
  const from = textFrom(all, command === undefined ? [ANY_PROGRAM] : []);
  if (from === undefined) return [];
  const places: WordPlace[] = [];
  for (const [at, word] of all.entries()) {
    if (at < from || !isTainted(word, words)) continue;
    const inCommand = at < (command?.length ?? 0);
    const index = inCommand ? at : at - (command?.length ?? 0);
    places.push({ list: inCommand ? 'command' : 'args', index });
  }
  return places;
}

/** The index of the first word after the option of an evaluator: one of these, or one named before it. */
function textFrom(all: readonly string[], known: readonly Evaluator[]): number | undefined {
  let evaluators = known;
  for (const [at, word] of all.entries()) {
    if (evaluators.some(({ option }) => option.test(word))) return at + 1;
    const name =
      word
        .split(/[/\\]/)
        .at(-1)
        ?.replace(/\.exe$/i, '') ?? '';
    evaluators = [...evaluators, ...EVALUATORS.filter(({ program }) => program.test(name))];
  }
  return undefined;
}

function isTainted(word: string, words: Words): boolean {
  if (words.holdsEvent(word)) return true;
  for (const [, name] of word.matchAll(/\$\(([^)]+)\)/g)) {
    if (name !== undefined && words.eventVariables.has(name)) return true;
  }
  return false;
}
