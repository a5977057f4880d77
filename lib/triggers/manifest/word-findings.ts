// Findings for words of a process that an Event decides: in `command`, `args`, scripts and paths of
// volumes. It looks at the place of a word and the words before it, and knows no program.
// Source: docs/triggers.md (Arguments and scripts); the Pod API reference (command, args, exec).

import {
  childrenOf,
  isJsonList,
  type Json,
  type JsonObject,
  objectOf,
} from '../../core/json-object.ts';
import { errorAt, type Finding } from '../../core/problem.ts';
import { toPointer } from '../../kit/data/json-pointer.ts';
import { parseTemplate } from '../../kit/text/template.ts';
import { FIRST_WORDS, isEventPath } from './document.ts';
import { EventNames, holdsEvent } from './event-decided-variables.ts';
import { placeOf, type Steps } from './manifest-places.ts';

const HINT = 'put the value in env and use "$NAME", with the quotes, in the script';

interface WordContext {
  readonly names: EventNames;
  readonly apiVersion: string;
  /** JSON Pointers that `allowFromEvent` names. */
  readonly allowed: ReadonlySet<string>;
}

/** The findings for every word of a manifest; at most one for each word. */
export function wordFindings(
  manifest: JsonObject,
  apiVersion: string,
  allowed: ReadonlySet<string>,
): readonly Finding[] {
  const names = new EventNames(manifest);
  return findingsIn(manifest, { steps: [], env: undefined }, { names, apiVersion, allowed });
}

interface WordPlace {
  readonly steps: Steps;
  /** The variables of the surrounding container. */
  readonly env: Json | undefined;
}

function findingsIn(value: Json, here: WordPlace, context: WordContext): readonly Finding[] {
  if (typeof value === 'string') return textFindings(value, here, context);
  const env = objectOf(value)['env'] ?? here.env;
  const own = argumentFindings(objectOf(value), { ...here, env }, context);
  const inner = childrenOf(value).flatMap(([key, item]) => {
    // argumentFindings has checked the words of `args` together.
    if (key === 'args' && isWords(item)) return [];
    return findingsIn(item, { env, steps: [...here.steps, key] }, context);
  });
  return [...own, ...inner];
}

/** Findings for a word of `command`, a script or a path. render-leaf.ts reports most Event values in them. */
function textFindings(
  text: string,
  { steps, env }: WordPlace,
  context: WordContext,
): readonly Finding[] {
  const { names, apiVersion, allowed } = context;
  const place = placeOf(steps, apiVersion);
  const pointer = toPointer(steps);
  if (place === 'command' || place === 'path') {
    const reference = names.referenceIn(text, env);
    return reference === undefined ? [] : [referenceFinding(pointer, reference)];
  }
  if (place !== 'script') return [];
  // Kubelet expands no script: there "$(NAME)" belongs to the shell.
  const reference = names.parameterIn(text);
  if (reference === undefined && !holdsEvent(text)) return [];
  if (allowed.has(pointer)) {
    return [
      {
        severity: 'warning',
        code: 'shell-argument',
        path: pointer,
        message: `found ${reference ?? 'an Event value'} in a script (expected none: an Event can then run any command there)`,
        hint: HINT,
      },
    ];
  }
  return reference === undefined ? [] : [referenceFinding(pointer, reference)];
}

function referenceFinding(path: string, reference: string): Finding {
  return errorAt('shell-argument', path, {
    message: `found ${reference}, whose value an Event decides, in the words of a process (expected a constant: the value would become part of the program)`,
    hint: HINT,
  });
}

function argumentFindings(
  { args, command }: JsonObject,
  { steps, env }: WordPlace,
  context: WordContext,
): readonly Finding[] {
  if (!isWords(args)) return [];
  const program = isWords(command) ? command : [];
  return args.flatMap((word, index) => {
    const before = [...program, ...args.slice(0, index)];
    const place = { steps: [...steps, 'args', String(index)], env };
    const argument = { ...place, word, before, hasCommand: program.length > 0 };
    return argumentFinding(argument, context) ?? [];
  });
}

interface Argument extends WordPlace {
  readonly word: string;
  /** The words of `command` and the arguments before it. */
  readonly before: readonly string[];
  readonly hasCommand: boolean;
}

function argumentFinding(argument: Argument, context: WordContext): Finding | undefined {
  const { word, before, env } = argument;
  const path = toPointer(argument.steps);
  const reference = context.names.referenceIn(word, env);
  if (reference !== undefined) return referenceFinding(path, reference);
  const form = formOf(word);
  if (form === 'constant') return undefined;
  const option = optionBefore(before, form);
  if (option !== undefined) return programText(path, word, option);
  const isOpen = context.allowed.has(path);
  if (isOpen || placeOf(argument.steps, context.apiVersion) !== 'argument') return undefined;
  if (!argument.hasCommand || form === 'part') return misplaced(path, argument);
  return form === 'option' || before.includes('--') ? undefined : withoutEnd(path, word);
}

function misplaced(path: string, { word, hasCommand }: Argument): Finding {
  const orName = `or name this place: allowFromEvent: [${path}]`;
  if (hasCommand) {
    return errorAt('template-place', path, {
      message: `found ${word} (expected an Event value as a whole argument, or after --name=)`,
      hint: `give it an argument of its own, ${orName}`,
    });
  }
  return errorAt('template-place', path, {
    message: `found ${word} without a command (expected one: otherwise the image chooses the program, or the first argument is the program)`,
    hint: `write the program in command, ${orName}`,
  });
}

function programText(path: string, word: string, option: string): Finding {
  return errorAt('shell-argument', path, {
    message: `found ${word} after ${option} (expected no Event value there: the program may run the text after ${option})`,
    hint: `${HINT}; write an option that takes a value as --name=value`,
  });
}

function withoutEnd(path: string, word: string): Finding {
  return {
    severity: 'warning',
    code: 'argument-injection',
    path,
    message: `found ${word} as a whole argument without -- before it (expected --: a value that begins with - would be an option, so its delivery is refused)`,
    hint: `write the argument "--" before it, or --name=${word} if the program has such an option, or put the value in env`,
  };
}

/** Form of an argument with an Event value; `option` is `--name=` with the value. */
type WordForm = 'constant' | 'whole' | 'option' | 'part';

function formOf(word: string): WordForm {
  const parsed = parseTemplate(word, FIRST_WORDS);
  if (!parsed.ok || !parsed.template.paths.some(isEventPath)) return 'constant';
  const { pieces } = parsed.template;
  const [first] = pieces;
  if (first === undefined) return 'constant';
  if (!('literal' in first)) return pieces.length === 1 ? 'whole' : 'part';
  return /^--[A-Za-z0-9][\w.-]*=/.test(first.literal) ? 'option' : 'part';
}

// `-c`, `-ec`, `/c`, and references that kubelet may replace with such an option.
const SHORT_OPTION = /^(?:-[^-=][^=]*|\/[A-Za-z?]|\$\(.*)$/s;
const LONG_OPTION = /^--[^=]+$/s;

/**
 * The option that stands before an argument and may make the program run the argument as code.
 *
 * A short option counts at any place: after `sh -c TEXT` every word reaches the text, and `--` does
 * not end the options of `sh -c`. A long one counts only directly before the argument.
 */
function optionBefore(before: readonly string[], form: WordForm): string | undefined {
  const last = before.at(-1) ?? '';
  if (form === 'option') {
    const nearest = before.findLast((word) => word !== '--') ?? '';
    return SHORT_OPTION.test(nearest) ? nearest : undefined;
  }
  const short = before.find((word) => SHORT_OPTION.test(word));
  return short ?? (LONG_OPTION.test(last) ? last : undefined);
}

function isWords(value: Json | undefined): value is readonly string[] {
  return isJsonList(value) && value.every((item) => typeof item === 'string');
}
