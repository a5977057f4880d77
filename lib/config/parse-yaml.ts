// Parses YAML of other programs, such as a kubeconfig, without the places of keys and values, and renders
// YAML for them. Our own configuration is parsed by load-document.ts.

import {
  CORE_SCHEMA,
  constructFromEvents,
  dump,
  EVENT_ID,
  load,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import { messageOf } from '../core/errors.ts';
import { startOf } from './load-document.ts';
import { createLineFinder } from './source-map.ts';

/**
 * Parses a YAML text of one document.
 *
 * **Errors**: throws js-yaml's YAMLException; its `mark` says where, its message quotes the text.
 */
export function parseYaml(text: string): unknown {
  return load(text);
}

/** Renders a value as YAML; below `flowLevel` lists and objects are on one line. */
export function renderYaml(value: object, flowLevel = -1): string {
  return dump(value, { flowLevel, lineWidth: -1, noRefs: true });
}

/** A document of a YAML stream; `line` counts from 1. */
interface YamlDocument {
  readonly value: unknown;
  readonly line: number;
}

/** The documents of a YAML stream, or its fault. */
type YamlStream =
  | { readonly ok: true; readonly documents: readonly YamlDocument[] }
  | { readonly ok: false; readonly why: string; readonly line: number };

/**
 * Parses a YAML stream; empty documents are left out.
 *
 * **Shape**: plain JSON values, except that a number may be infinite or NaN. Aliases are refused,
 * because a short text can expand to a huge value; so is nesting beyond `maxDepth`.
 */
export function parseYamlStream(text: string, maxDepth: number): YamlStream {
  const lineOf = createLineFinder(text);
  try {
    const events = parseEvents(text, { maxDepth });
    const alias = events.find((event) => event.type === EVENT_ID.ALIAS);
    if (alias !== undefined) {
      const { line } = lineOf(alias.anchorStart);
      return { ok: false, why: 'found an alias (expected the value itself)', line };
    }
    // Where each document begins; -1 if it is empty.
    const offsets = events.flatMap((event, index) =>
      event.type === EVENT_ID.DOCUMENT ? [startOf(events[index + 1]) ?? -1] : [],
    );
    // The last value of a repeated key wins, as in JSON.
    const values = constructFromEvents(events, { source: text, schema: CORE_SCHEMA, json: true });
    const documents = values.flatMap((value, index): readonly YamlDocument[] => {
      const offset = offsets[index] ?? -1;
      return offset < 0 ? [] : [{ value, line: lineOf(offset).line }];
    });
    return { ok: true, documents };
  } catch (error) {
    if (!(error instanceof YAMLException)) return { ok: false, why: messageOf(error), line: 1 };
    const { reason, mark } = error;
    // The message of the error quotes lines of the text, so only its reason is used.
    return { ok: false, why: reason, line: lineOf(mark?.position ?? 0).line };
  }
}
