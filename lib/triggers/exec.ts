// The kind `exec`: runs a local command with the delivery's document on standard input and a few
// facts in its environment, for development and one-box use. There is no shell and no template: what
// an Event says reaches the command as data only. How a process is run is command/.
// Follows docs/triggers.md (document, environment) and docs/guarantees.md (no idempotency).

import { resolve } from 'node:path';
import { type Delivery, type Outcome, toDocument } from '../core/delivery.ts';
import type { JsonSchema } from '../core/kind.ts';
import type { Finding } from '../core/problem.ts';
import { printable } from '../kit/text/printable.ts';
import {
  deliveryVariables,
  INHERITED_NAMES,
  isInherited,
  isOfDelivery,
  passedVariables,
} from './command/environment.ts';
import {
  type Ending,
  type LocalCommand,
  ProcessGroups,
  runCommand,
} from './command/run-command.ts';
import {
  oneEach,
  type PreviewParts,
  prefixFromName,
  type TriggerKind,
  type TriggerParts,
} from './trigger-kind.ts';

/** The section `exec:` of a trigger. */
export interface ExecSection {
  readonly command: readonly [string, ...string[]];
  readonly workingDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly passEnv?: readonly string[];
  readonly retryOn?: readonly number[];
}

// EX_TEMPFAIL of sysexits.h: what mail filters and cron wrappers say for "try again".
const DEFAULT_RETRY_ON = [75];

const VARIABLE: JsonSchema = {
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
  description: 'The name of a variable has letters, digits and _, and begins with no digit.',
};

const schema: JsonSchema = {
  type: 'object',
  description:
    'Runs a local command, with the delivery document on standard input and SLUICE_* in its environment. Only with --allow-exec.',
  additionalProperties: false,
  required: ['command'],
  properties: {
    command: {
      type: 'array',
      description: 'The program and its arguments, as they are: no shell, no templates.',
      items: { type: 'string' },
      minItems: 1,
      examples: [['./on-event.sh']],
    },
    workingDirectory: {
      type: 'string',
      minLength: 1,
      description:
        'Where it runs; relative to the configuration’s folder, which it is where absent.',
    },
    env: {
      type: 'object',
      description: 'Further environment variables, constant. SLUICE_* are the gateway’s own.',
      propertyNames: VARIABLE,
      additionalProperties: { type: 'string' },
    },
    passEnv: {
      type: 'array',
      description: `Names of the gateway’s own environment variables that the command gets as well. Without it the command gets ${INHERITED_NAMES} of them.`,
      items: VARIABLE,
      examples: [['KUBECONFIG', 'HTTPS_PROXY']],
    },
    retryOn: {
      type: 'array',
      description: 'Exit codes that ask for another attempt. 0 is done, every other one is final.',
      items: { type: 'integer', minimum: 1, maximum: 255 },
      default: DEFAULT_RETRY_ON,
    },
  },
};

/** Local commands. */
export const execKind: TriggerKind<ExecSection> = {
  kind: 'exec',
  summary: 'runs a local command',
  schema,
  onLostAnswer: 'atMostOnce',
  needsCluster: false,
  needsExec: true,
  hasKey: () => false,
  buildNamespaces: () => [],
  defaultPrefix: prefixFromName,
  check: (section) => execFindings(section),
  create: (section, parts) => {
    const groups = new ProcessGroups();
    // A command can not tell a second run by the id: a lost answer is never repeated by itself.
    return oneEach(0, async (delivery, signal) => {
      const command = toCommand(section, parts, delivery);
      const ending = await runCommand(command, { clock: parts.clock, groups }, signal);
      return toOutcome(section, ending, signal);
    });
  },
  preview: (section, parts, delivery) => ({ ok: true, text: renderRun(section, parts, delivery) }),
};

/** The run of a command, for people: of the gateway's own variables the names alone. */
function renderRun(section: ExecSection, parts: PreviewParts, delivery: Delivery): string {
  const passed = [INHERITED_NAMES, ...(section.passEnv ?? [])].join(', ');
  const variables = { ...section.env, ...deliveryVariables(delivery) };
  return [
    `run ${JSON.stringify(section.command)} in ${directoryOf(section, parts)}`,
    `of the gateway's own variables: ${passed}`,
    ...Object.entries(variables).map(([name, value]) => `${name}=${printable(value)}`),
    '',
    JSON.stringify(toDocument(delivery)),
  ].join('\n');
}

function directoryOf(section: ExecSection, { folder }: PreviewParts): string {
  return resolve(folder, section.workingDirectory ?? '.');
}

function toCommand(section: ExecSection, parts: TriggerParts, delivery: Delivery): LocalCommand {
  return {
    words: section.command,
    workingDirectory: directoryOf(section, parts),
    environment: {
      ...passedVariables(parts.environment, section.passEnv ?? []),
      ...section.env,
      ...deliveryVariables(delivery),
    },
    // One line, so that a script can `read` it.
    input: `${JSON.stringify(toDocument(delivery))}\n`,
    onLine: (stream, line) => {
      const { name: trigger } = parts;
      parts.observe({ kind: 'command-output', trigger, id: delivery.id, stream, line });
    },
  };
}

function toOutcome(section: ExecSection, ending: Ending, signal: AbortSignal): Outcome {
  const doing = `run ${section.command[0]}`;
  switch (ending.ended) {
    case 'exited':
      return ofExitCode(section, ending.code);
    case 'killed':
      return {
        outcome: 'unknown',
        reason: 'signal',
        detail: `${doing}: killed by ${ending.signal}`,
      };
    case 'stopped':
      return ofStop(doing, signal.reason);
    case 'not-started':
      return ofFailedStart(section, ending.code);
  }
}

/** The lane ends an attempt at its `timeout`; any other end is the gateway's own stop. */
function ofStop(doing: string, why: unknown): Outcome {
  if (why instanceof Error && why.name === 'TimeoutError') {
    const detail = `${doing}: ended because its time was up (timeout of the trigger or of delivery)`;
    return { outcome: 'unknown', reason: 'timeout', detail };
  }
  const detail = `${doing}: ended because the gateway stopped`;
  return { outcome: 'unknown', reason: 'stopped', detail };
}

function ofExitCode(section: ExecSection, code: number): Outcome {
  if (code === 0) return { outcome: 'delivered' };
  const detail = `run ${section.command[0]}: exit code ${code}`;
  if ((section.retryOn ?? DEFAULT_RETRY_ON).includes(code)) {
    return { outcome: 'retry', reason: 'asked-to', detail };
  }
  return { outcome: 'refused', reason: 'exit-code', detail };
}

// What the machine lacks now and may have later; `aborted` is our own stop before the start.
const PASSING: readonly string[] = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETXTBSY', 'aborted'];

function ofFailedStart({ command, workingDirectory }: ExecSection, code: string): Outcome {
  const where = workingDirectory === undefined ? '' : ` in ${workingDirectory}`;
  const detail = `run ${command[0]}${where}: could not be started, ${code}`;
  if (PASSING.includes(code)) return { outcome: 'retry', reason: 'unavailable', detail };
  const expected = ' (expected an executable file and an existing directory)';
  return { outcome: 'refused', reason: 'not-startable', detail: `${detail}${expected}` };
}

// Findings for the section `exec:` beyond its schema: words and variables that no process can have,
// and names that are the gateway's. It also notes variables that a command reads and does not get.
// Source: execve(2); docs/triggers.md.

/** The keys of the section that are checked here. */
interface CheckedCommand {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly passEnv?: readonly string[];
}

/** The findings for a section; paths begin at the section. */
function execFindings(section: CheckedCommand): readonly Finding[] {
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
