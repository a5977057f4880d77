// Files that people pass by mistake, recognized by what they look like. The answer is "this is a
// kubeconfig" instead of a list of forty unknown keys. Other programs' files are foreign-file.ts.

import { isJsonList, isJsonObject, type Json, type JsonObject, stringAt } from '../core/event.ts';
import type { Finding } from '../core/problem.ts';
import { jsonOrNothing } from '../kit/json.ts';
import { printable } from '../kit/printable.ts';
import type { WrongFile } from './foreign-file.ts';

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
  const [first, second] = parseLines(text);
  if (first === undefined) return undefined;
  if (isJsonObject(first['object']) && typeof first['type'] === 'string') {
    return {
      message: 'the file is a recording of Events, not a configuration',
      hint: 'pass it to sluice explain --events or sluice playback',
    };
  }
  return eventMistake(first) ?? (second === undefined ? undefined : jsonLines());
}

function jsonLines(): WrongFile {
  return {
    message: 'the file holds JSON lines, one document a line, not a configuration',
    hint: 'a configuration is one document of YAML or JSON; docs/configuration.md has an example',
  };
}

/** What a parsed document is that can be no configuration; a finding at its root where it is not. */
export function recogniseValue(value: Json): Finding | undefined {
  const wrong = recogniseDocument(value);
  if (wrong === undefined) return undefined;
  return { severity: 'error', code: 'wrong-file', path: '', ...wrong };
}

function recogniseDocument(value: Json): WrongFile | undefined {
  if (!isJsonObject(value)) {
    const isRules = isJsonList(value) && value.some((one) => stringAt(one, 'action') !== '');
    return {
      message: `the document is ${describe(value)}, expected keys such as filters and triggers`,
      hint: isRules
        ? 'put the rules under filters:'
        : 'see docs/configuration.md for a complete example',
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
  return {
    message: `the file is a Kubernetes manifest (kind ${printable(kind, 40)})`,
    hint: manifestHint(kind, value),
  };
}

// Objects that hold files of text, and the key under which they do.
const FILES_OF: Readonly<Record<string, string>> = { ConfigMap: 'data', Secret: 'stringData' };
// Objects of Argo Events that say what the configuration says as sources and triggers.
const OF_ARGO_EVENTS = ['EventSource', 'Sensor', 'EventBus'];

function manifestHint(kind: string, value: JsonObject): string {
  const key = Object.hasOwn(FILES_OF, kind) ? FILES_OF[kind] : undefined;
  if (key !== undefined) {
    const files = isJsonObject(value[key]) ? Object.keys(value[key]) : [];
    const [only] = files;
    const place = only === undefined || files.length > 1 ? key : `${printable(only, 60)} in ${key}`;
    return `pass the text that stands under ${place} as a file of its own`;
  }
  if (OF_ARGO_EVENTS.includes(kind)) {
    return 'write its filters as filters: and its triggers as triggers:; docs/configuration.md has an example';
  }
  return 'the manifest of a build goes into a trigger of the configuration';
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

/** The first two lines as JSON blocks; each undefined if it is none. */
function parseLines(text: string): readonly (JsonObject | undefined)[] {
  const [, first = '', second = ''] =
    /^[\s\uFEFF]*(\{.*\})[ \t]*(?:\r?\n\s*(\{.*\})[ \t]*(?:\r?\n|$)|\r?\n|$)/.exec(text) ?? [];
  return [first, second].map(parseBlock);
}

function parseBlock(line: string): JsonObject | undefined {
  // Of what is no JSON the YAML parser says what is wrong.
  const value = jsonOrNothing(line);
  return isJsonObject(value) ? value : undefined;
}

function describe(value: Json): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a piece of text' : `a ${typeof value}`;
}
