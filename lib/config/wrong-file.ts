// Files that people pass by mistake, told by what they look like, so that the answer is "this is a
// kubeconfig" instead of a list of forty unknown keys.
import type { Json } from '../core/event.ts';
import { isJsonObject, stringAt } from '../core/event.ts';
import type { Finding } from '../core/problem.ts';
import { printable } from '../kit/printable.ts';

/** What a file seems to be, and what to do. */
export interface WrongFile {
  readonly message: string;
  readonly hint: string;
}

/** What a text is that can be no configuration, before it is parsed; undefined where it may be one. */
export function recogniseText(text: string): WrongFile | undefined {
  if (/^[\s\uFEFF]*$/.test(text)) {
    return {
      message: 'the file is empty',
      hint: 'write a configuration into it, or leave the flag out to log every Event and start nothing',
    };
  }
  // A NUL or a replacement character in the first kilobyte: nobody wrote this by hand.
  if (/[\0\uFFFD]/.test(text.slice(0, 1024))) {
    return { message: 'the file is no text in UTF-8', hint: 'save it as UTF-8, without NUL bytes' };
  }
  const first = parseLine(text);
  if (first === undefined) return undefined;
  if (isJsonObject(first['object']) && typeof first['type'] === 'string') {
    return {
      message: 'the file is a recording of Events, not a configuration',
      hint: 'pass it to sluice explain --events or sluice playback',
    };
  }
  return eventMistake(first);
}

/** What a parsed document is that can be no configuration; a finding at its root where it is not. */
export function recogniseValue(value: Json): Finding | undefined {
  const wrong = recogniseDocument(value);
  if (wrong === undefined) return undefined;
  return { severity: 'error', code: 'wrong-file', path: '', ...wrong };
}

function recogniseDocument(value: Json): WrongFile | undefined {
  if (!isJsonObject(value)) {
    return {
      message: `the document is ${describe(value)}, expected keys such as filters and triggers`,
      hint: 'see docs/configuration.md for a complete example',
    };
  }
  const kind = stringAt(value, 'kind');
  if (stringAt(value, 'apiVersion') === '' || kind === '') return eventMistake(value);
  if (kind === 'Config' && (value['clusters'] ?? value['contexts']) !== undefined) {
    return {
      message: 'the file is a kubeconfig, not a configuration of Sluice',
      hint: 'pass it with --kubeconfig',
    };
  }
  const event = eventMistake(value);
  if (event !== undefined) return event;
  const hint =
    kind === 'ConfigMap'
      ? 'pass the file that stands under its data: as a file of its own'
      : 'the manifest of a build goes into a trigger of the configuration';
  return { message: `the file is a Kubernetes manifest (kind ${printable(kind, 40)})`, hint };
}

function eventMistake(value: Json): WrongFile | undefined {
  if (!isJsonObject(value)) return undefined;
  const isEvent = isJsonObject(value['involvedObject']);
  const isList = /^(?:Event)?List$/.test(stringAt(value, 'kind')) && Array.isArray(value['items']);
  if (!isEvent && !isList) return undefined;
  return {
    message: `the file holds ${isEvent ? 'an Event' : 'a List of objects'}, not a configuration`,
    hint: 'pass Events to sluice explain --events',
  };
}

function parseLine(text: string): Record<string, Json> | undefined {
  const line = /^[\s\uFEFF]*(\{.*\})[ \t]*(?:\r?\n|$)/.exec(text)?.[1];
  if (line === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // No JSON line; the YAML parser says what is wrong with it.
    return undefined;
  }
}

function describe(value: Json): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a piece of text' : `a ${typeof value}`;
}
