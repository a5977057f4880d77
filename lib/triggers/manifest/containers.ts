// Looks at each object of a manifest that has words for a process (a container, a step, a script)
// and reports where an Event value would become program text. Allowing a place by name does not
// allow this.
// Source: docs/configuration.md (`shell-argument`); the Pod API reference (command, args, env).
import type { Json, JsonObject } from '../../core/event.ts';
import { jsonAt, stringAt } from '../../core/event.ts';
import type { Finding } from '../../core/problem.ts';
import { parseTemplate } from '../../kit/template.ts';
import { FIRST_WORDS, isEventPath } from './document.ts';
import type { Steps } from './places.ts';
import { toPointer } from './places.ts';
import { shellArguments } from './shell-argument.ts';

/** The findings for one object; none where it has no words or they are harmless. */
export function containerFindings(value: JsonObject, steps: Steps): readonly Finding[] {
  const command = textsOf(value['command']);
  const args = textsOf(value['args']);
  if (command === undefined && args === undefined) return [];
  const places = shellArguments({
    command,
    args: args ?? [],
    holdsEvent,
    eventVariables: eventVariablesOf(value),
  });
  return places.map(({ list, index }) => ({
    severity: 'error',
    code: 'shell-argument',
    path: toPointer([...steps, list, String(index)]),
    message: `found an Event value in the text that a shell or interpreter runs: ${(list === 'command' ? command : args)?.[index] ?? ''} (expected it in a variable that the shell reads)`,
    hint: 'put the value in env and use "$NAME", with the quotes, in the script',
  }));
}

function eventVariablesOf(container: JsonObject): ReadonlySet<string> {
  const names = new Set<string>();
  const env = jsonAt(container, 'env');
  if (!Array.isArray(env)) return names;
  for (const entry of env as readonly Json[]) {
    const value = stringAt(entry, 'value');
    // A variable may refer to those before it.
    const refers = [...names].some((name) => value.includes(`$(${name})`));
    if (refers || holdsEvent(value)) names.add(stringAt(entry, 'name'));
  }
  return names;
}

function holdsEvent(text: string): boolean {
  const parsed = parseTemplate(text, FIRST_WORDS);
  return parsed.ok && parsed.template.paths.some(isEventPath);
}

function textsOf(value: Json | undefined): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((item: Json) => (typeof item === 'string' ? item : ''));
}
