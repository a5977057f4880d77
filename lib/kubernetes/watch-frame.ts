// What one frame of a watch says, parsed from untrusted JSON. What follows from it is path-memory.ts.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/watch-event-v1/

import { isJsonObject, type JsonObject, textAt } from '../core/event.ts';

/** One object as it was read, with what it is known by. */
export interface ReadObject {
  readonly object: JsonObject;
  /** `namespace/name`. */
  readonly key: string;
  readonly resourceVersion: string;
}

/** What one frame says. */
export type WatchFrame =
  | ({ readonly kind: 'change'; readonly type: 'ADDED' | 'MODIFIED' } & ReadObject)
  | ({ readonly kind: 'deleted' } & ReadObject)
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  | { readonly kind: 'error'; readonly status: JsonObject }
  | { readonly kind: 'bad'; readonly why: string };

/** What a parsed frame says; whatever is no frame of a watch is `bad`. */
export function toWatchFrame(value: unknown): WatchFrame {
  if (!isJsonObject(value)) return { kind: 'bad', why: 'it is no JSON object' };
  const object = value['object'];
  if (!isJsonObject(object)) return { kind: 'bad', why: 'it has no object' };
  const type = value['type'];
  if (type === 'ERROR') return { kind: 'error', status: object };
  if (type === 'BOOKMARK') return toBookmark(object);
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return toChange(type, object);
  return { kind: 'bad', why: 'its type is none of a watch' };
}

/** The object with its key and resourceVersion; undefined where it lacks a name or a version. */
export function toReadObject(object: JsonObject): ReadObject | undefined {
  const name = textAt(object, 'metadata', 'name');
  const resourceVersion = textAt(object, 'metadata', 'resourceVersion');
  if (name === '' || resourceVersion === '') return undefined;
  const key = `${textAt(object, 'metadata', 'namespace')}/${name}`;
  return { object, key, resourceVersion };
}

function toBookmark(object: JsonObject): WatchFrame {
  const resourceVersion = textAt(object, 'metadata', 'resourceVersion');
  if (resourceVersion === '') return { kind: 'bad', why: 'a bookmark without resourceVersion' };
  return { kind: 'bookmark', resourceVersion };
}

function toChange(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: JsonObject): WatchFrame {
  const read = toReadObject(object);
  if (read === undefined) return { kind: 'bad', why: 'its object has no name or no version' };
  return type === 'DELETED' ? { kind: 'deleted', ...read } : { kind: 'change', type, ...read };
}
