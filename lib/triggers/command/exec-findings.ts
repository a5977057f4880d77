// Findings for the section `exec:` beyond its schema: words and variables that no process can have,
// and names that are the gateway's. It also notes variables that a command reads and does not get.
// Source: execve(2); docs/triggers.md.

import type { Finding } from '../../core/problem.ts';
import { INHERITED_NAMES, isInherited, isOfDelivery } from './environment.ts';

/** The keys of the section that are checked here. */
export interface CheckedCommand {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly passEnv?: readonly string[];
}

/** The findings for a section; paths begin at the section. */
export function execFindings(section: CheckedCommand): readonly Finding[] {
  return [
    ...commandFindings(section.command),
    ...variableFindings(section.env ?? {}),
    ...passedFindings(section),
    ...missingFindings(section),
  ];
}

function commandFindings(command: readonly string[]): readonly Finding[] {
  return [...command.entries()].flatMap(([index, word]): readonly Finding[] => {
    const path = `/command/${index}`;
    if (word.includes('\0') || (index === 0 && word === '')) {
      return [
        {
          severity: 'error',
          code: 'wrong-value',
          path,
          message: `found ${JSON.stringify(word)} (expected ${index === 0 ? 'a program' : 'an argument'} without NUL)`,
          hint: 'write the path of an executable file first, then its arguments',
        },
      ];
    }
    if (!/\$\{(?:event|occurrences|match)[.[}]/.test(word)) return [];
    return [
      {
        severity: 'error',
        code: 'template-place',
        path,
        message: `found the template ${word} (expected none: a command's words are constant)`,
        hint: 'read the value from SLUICE_* or from the document on standard input',
      },
    ];
  });
}

function variableFindings(env: Readonly<Record<string, string>>): readonly Finding[] {
  return Object.entries(env).flatMap(([name, value]): readonly Finding[] => {
    const problem = { severity: 'error', code: 'wrong-value', path: `/env/${name}` } as const;
    if (isOurs(name)) {
      const message = `found the variable ${name} (expected another name: the gateway sets it)`;
      return [{ ...problem, message, hint: 'choose a name that does not begin with SLUICE_' }];
    }
    if (!value.includes('\0')) return [];
    const message = `found NUL in the variable ${name} (expected text without it)`;
    return [{ ...problem, message, hint: 'remove the character' }];
  });
}

function isOurs(name: string): boolean {
  return name.startsWith('SLUICE_') || name === 'TRACEPARENT';
}

function passedFindings({ passEnv = [], env = {} }: CheckedCommand): readonly Finding[] {
  return [...passEnv.entries()].flatMap(([index, name]): readonly Finding[] => {
    const problem = { severity: 'error', code: 'wrong-value', path: `/passEnv/${index}` } as const;
    if (isOfDelivery(name)) {
      const message = `found ${name} (expected a variable that the gateway does not set itself)`;
      return [{ ...problem, message, hint: 'remove it: every command gets its own' }];
    }
    if (!Object.hasOwn(env, name)) return [];
    const message = `found ${name} in passEnv and in env (expected it in one of them)`;
    return [{ ...problem, message, hint: 'keep the one whose value is meant' }];
  });
}

// What a shell sets itself.
const OF_THE_SHELL =
  /^(?:PWD|OLDPWD|IFS|PPID|E?UID|HOSTNAME|RANDOM|SECONDS|LINENO|PS[1-4]|BASH.*)$/;

/**
 * Variables that the words of a command read and do not get. Only a note: another language may mean
 * something else by `$NAME`, and what a script file reads is not seen.
 */
function missingFindings(section: CheckedCommand): readonly Finding[] {
  const given = [...Object.keys(section.env ?? {}), ...(section.passEnv ?? [])];
  const all = section.command.join(' ');
  return [...section.command.entries()].flatMap(([index, word]): readonly Finding[] => {
    const read = [...word.matchAll(/\$\{?([A-Z_][A-Z0-9_]*)\b(?!:?[-=+])/g)].map(
      ([, name = '']) => name,
    );
    return [...new Set(read)]
      .filter((name) => !isOfDelivery(name) && !isInherited(name) && !OF_THE_SHELL.test(name))
      .filter((name) => !given.includes(name) && !new RegExp(`\\b${name}(?:=| in )`).test(all))
      .map((name) => ({
        severity: 'info',
        code: 'env-not-passed',
        path: `/command/${index}`,
        message: `found $${name}, a variable that the command does not get (expected it in passEnv or env: unasked a command gets ${INHERITED_NAMES} and SLUICE_* only)`,
        hint: `write passEnv: [${name}] to pass on the gateway's own`,
      }));
  });
}
