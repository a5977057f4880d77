// The kind `exec`: runs a local command, for development and single machines. The delivery document
// is its standard input, some fields of it are in its environment. There is no shell and no
// template: values of an Event reach the command as data only. command/ runs the process.
// Follows docs/triggers.md (document, environment), docs/guarantees.md (no idempotency); execve(2).

import { resolve } from 'node:path';
import { type Delivery, type Outcome, toDocument } from '../core/delivery.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import { errorAt, type Finding } from '../core/problem.ts';
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

// EX_TEMPFAIL of sysexits.h: mail filters and cron wrappers exit with it to ask for a retry.
const DEFAULT_RETRY_ON = [75];

const VARIABLE: JsonSchema = {
  type: 'string',
  pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
  description: 'The name of a variable has letters, digits and _, and does not begin with a digit.',
};

const schema: JsonSchema = {
  type: 'object',
  description:
    'Runs a local command, with the delivery document on standard input and SLUICE_* in its environment. Needs --allow-exec.',
  additionalProperties: false,
  required: ['command'],
  properties: {
    command: {
      type: 'array',
      description: 'The program and its arguments, without a shell and without templates.',
      items: { type: 'string' },
      minItems: 1,
      examples: [['./on-event.sh']],
    },
    workingDirectory: {
      type: 'string',
      minLength: 1,
      description:
        'Working directory, relative to the folder of the configuration; absent: that folder.',
    },
    env: {
      type: 'object',
      description: 'Further environment variables, constant. Sluice sets SLUICE_* itself.',
      propertyNames: VARIABLE,
      additionalProperties: { type: 'string' },
    },
    passEnv: {
      type: 'array',
      description: `Further environment variables of the gateway that the command inherits. It always inherits ${INHERITED_NAMES}.`,
      items: VARIABLE,
      examples: [['KUBECONFIG', 'HTTPS_PROXY']],
    },
    retryOn: {
      type: 'array',
      description:
        'Exit codes after which the delivery is retried. 0 means delivered, every other code refused.',
      items: { type: 'integer', minimum: 1, maximum: 255 },
      default: DEFAULT_RETRY_ON,
    },
  },
};

/** The kind of trigger that runs local commands. */
export const execKind: TriggerKind<ExecSection> = {
  kind: 'exec',
  summary: 'runs a local command',
  starts: 'a local command',
  schema,
  onLostAnswer: 'atMostOnce',
  needsCluster: false,
  needsExec: true,
  hasKey: () => false,
  defaultPrefix: prefixFromName,
  check: (section) => [
    ...commandFindings(section.command),
    ...variableFindings(section.env ?? {}),
    ...passedFindings(section),
    ...missingFindings(section),
  ],
  create: (section, parts) => {
    const groups = new ProcessGroups();
    // No command is known to recognize a repeated id, so a lost answer is never retried
    // automatically.
    const fireOne = async (delivery: Delivery, signal: AbortSignal): Promise<Outcome> => {
      const command = toCommand(section, parts, delivery);
      const ending = await runCommand(command, { clock: parts.clock, groups }, signal);
      return toOutcome(section, ending, signal);
    };
    return {
      keyLifeMs: 0,
      fire: (deliveries, signal) => Array.fromAsync(deliveries, (one) => fireOne(one, signal)),
    };
  },
  preview: (section, parts, delivery) => ({ ok: true, text: renderRun(section, parts, delivery) }),
};

/** Renders the run of a command for people, with inherited variables by name only. */
function renderRun(section: ExecSection, parts: PreviewParts, delivery: Delivery): string {
  const passed = [INHERITED_NAMES, ...(section.passEnv ?? [])].join(', ');
  const variables = { ...section.env, ...deliveryVariables(delivery) };
  return [
    `run ${JSON.stringify(section.command)} in ${directoryOf(section, parts)}`,
    `inherited variables: ${passed}`,
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
    // One line, so that a script can use `read`.
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

/** The lane ends an attempt at its `timeout`; any other end is a stop of the gateway. */
function ofStop(doing: string, why: unknown): Outcome {
  const isTimeout = why instanceof Error && why.name === 'TimeoutError';
  const reason = isTimeout ? 'timeout' : 'stopped';
  const said = isTimeout
    ? 'by the timeout of the trigger or of delivery'
    : 'because the gateway stopped';
  return { outcome: 'unknown', reason, detail: `${doing}: ended ${said}` };
}

function ofExitCode(section: ExecSection, code: number): Outcome {
  if (code === 0) return { outcome: 'delivered' };
  const detail = `run ${section.command[0]}: exit code ${code}`;
  if ((section.retryOn ?? DEFAULT_RETRY_ON).includes(code)) {
    return { outcome: 'retry', reason: 'asked-to', detail };
  }
  return { outcome: 'refused', reason: 'exit-code', detail };
}

// Shortages that may pass; `aborted` is a stop of the gateway before the start.
const TRANSIENT: readonly string[] = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETXTBSY', 'aborted'];

function ofFailedStart({ command, workingDirectory }: ExecSection, code: string): Outcome {
  const where = workingDirectory === undefined ? '' : ` in ${workingDirectory}`;
  const detail = `run ${command[0]}${where}: could not be started, ${code}`;
  if (TRANSIENT.includes(code)) return { outcome: 'retry', reason: 'unavailable', detail };
  const expected = ' (expected an executable file and an existing directory)';
  return { outcome: 'refused', reason: 'not-startable', detail: `${detail}${expected}` };
}

function* commandFindings(command: readonly string[]): Iterable<Finding> {
  for (const [index, word] of command.entries()) {
    const path = `/command/${index}`;
    if (word.includes('\0') || (index === 0 && word === '')) {
      yield errorAt('wrong-value', path, {
        message: `found ${JSON.stringify(word)} (expected ${index === 0 ? 'a program' : 'an argument'} without NUL)`,
        hint: 'write the path of an executable file first, then its arguments',
      });
    } else if (/\$\{(?:event|occurrences|match)[.[}]/.test(word)) {
      yield errorAt('template-place', path, {
        message: `found the template ${word} (expected a constant: a command has no templates)`,
        hint: 'read the value from SLUICE_*, or from the document on standard input',
      });
    }
  }
}

function* variableFindings(env: Readonly<Record<string, string>>): Iterable<Finding> {
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('SLUICE_') || name === 'TRACEPARENT') {
      const message = `found the variable ${name} (expected another name: the gateway sets this one)`;
      const hint = 'choose a name that does not begin with SLUICE_';
      yield errorAt('wrong-value', `/env/${name}`, { message, hint });
    } else if (value.includes('\0')) {
      const message = `found NUL in the variable ${name} (expected text without it)`;
      yield errorAt('wrong-value', `/env/${name}`, { message, hint: 'remove the character' });
    }
  }
}

function* passedFindings({ passEnv = [], env = {} }: ExecSection): Iterable<Finding> {
  for (const [index, name] of passEnv.entries()) {
    const path = `/passEnv/${index}`;
    if (isOfDelivery(name)) {
      const message = `found ${name} (expected a variable that the gateway does not set itself)`;
      yield errorAt('wrong-value', path, {
        message,
        hint: 'remove it: every command gets this variable',
      });
    } else if (Object.hasOwn(env, name)) {
      const message = `found ${name} in passEnv and in env (expected it in one of them)`;
      yield errorAt('wrong-value', path, { message, hint: 'remove one of them' });
    }
  }
}

// Variables that a shell sets itself.
const OF_THE_SHELL =
  /^(?:PWD|OLDPWD|IFS|PPID|E?UID|HOSTNAME|RANDOM|SECONDS|LINENO|PS[1-4]|BASH.*)$/;

/**
 * Variables that the words of a command read but that it does not get. Only a note: `$NAME` may
 * mean something else in another language, and script files are not read.
 */
function* missingFindings({ command, env = {}, passEnv = [] }: ExecSection): Iterable<Finding> {
  const all = command.join(' ');
  for (const [index, word] of command.entries()) {
    const read = word.matchAll(/\$\{?([A-Z_][A-Z0-9_]*)\b(?!:?[-=+])/g);
    for (const name of new Set(read.map(([, found = '']) => found))) {
      if (isOfDelivery(name) || isInherited(name) || OF_THE_SHELL.test(name)) continue;
      if (Object.hasOwn(env, name) || passEnv.includes(name)) continue;
      if (new RegExp(`\\b${name}(?:=| in )`).test(all)) continue;
      yield {
        severity: 'info',
        code: 'env-not-passed',
        path: `/command/${index}`,
        message: `found $${name}, a variable that the command does not get (expected it in passEnv or env: by default a command gets ${INHERITED_NAMES} and SLUICE_* only)`,
        hint: `write passEnv: [${name}] to inherit it from the gateway`,
      };
    }
  }
}
