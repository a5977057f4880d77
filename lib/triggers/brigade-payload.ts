// The payload of a Brigade build, in two forms. The current one is the Event as the API server sent it.
// The form of v0.10 is that of the original gateway's typed client. It has the fields of Kubernetes 1.8
// in the order of the Go structs, with Go's zero values and escapes.
// Source: k8s.io/api at 6c6dac0277229b9e9578c5ca3f74a4345d35cdc2, core/v1 Event; k8s.io/apimachinery,
// meta/v1 ObjectMeta; https://pkg.go.dev/encoding/json#Marshal.

import { isJsonList, isJsonObject, type Json, type JsonObject } from '../core/event.ts';

/** The Event as compact JSON, without `kind` and `apiVersion`, its keys in the order of the server. */
export function toPayload(event: JsonObject): string {
  const bare = Object.entries(event).filter(([key]) => key !== 'kind' && key !== 'apiVersion');
  return JSON.stringify(Object.fromEntries(bare));
}

/** The Event as the original gateway's client wrote it, without the fields that it did not know. */
export function toOriginalPayload(event: JsonObject): string {
  // Go's encoder escapes these, so that JSON can stand in HTML and in old JavaScript.
  return JSON.stringify(modelled(EVENT, event)).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** A field of a Go struct: the JSON that it writes for a value; undefined if it writes none. */
type Field = (value: Json | undefined) => Json | undefined;
type Model = Readonly<Record<string, Field>>;

function modelled(model: Model, value: Json | undefined): JsonObject {
  const block = isJsonObject(value) ? value : {};
  return Object.fromEntries(
    Object.entries(model).flatMap(([key, field]) => {
      const found = field(Object.hasOwn(block, key) ? block[key] : undefined);
      return found === undefined ? [] : [[key, found]];
    }),
  );
}

const text: Field = (value) => (typeof value === 'string' && value !== '' ? value : undefined);
const requiredText: Field = (value) => (typeof value === 'string' ? value : '');
const number: Field = (value) => (typeof value === 'number' && value !== 0 ? value : undefined);
const pointer: Field = (value) =>
  typeof value === 'boolean' || typeof value === 'number' ? value : undefined;
/** A time that is no pointer: Go cannot leave it out, and writes null for none. */
const time: Field = (value) => (typeof value === 'string' ? value : null);
const texts: Field = (value) => {
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  return entries.length === 0 ? undefined : Object.fromEntries(entries.toSorted(byKey));
};
const textList: Field = (value) => (isJsonList(value) && value.length > 0 ? value : undefined);

/** Go writes the keys of a map in the order of their bytes. */
function byKey([a]: readonly [string, Json], [b]: readonly [string, Json]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const OWNER: Model = {
  apiVersion: requiredText,
  kind: requiredText,
  name: requiredText,
  uid: requiredText,
  controller: pointer,
  blockOwnerDeletion: pointer,
};

const METADATA: Model = {
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid: text,
  resourceVersion: text,
  generation: number,
  creationTimestamp: time,
  deletionTimestamp: text,
  deletionGracePeriodSeconds: pointer,
  labels: texts,
  annotations: texts,
  ownerReferences: (value) =>
    isJsonList(value) && value.length > 0 ? value.map((one) => modelled(OWNER, one)) : undefined,
  finalizers: textList,
  clusterName: text,
};

const INVOLVED_OBJECT: Model = {
  kind: text,
  namespace: text,
  name: text,
  uid: text,
  apiVersion: text,
  resourceVersion: text,
  fieldPath: text,
};

const EVENT: Model = {
  metadata: (value) => modelled(METADATA, value),
  involvedObject: (value) => modelled(INVOLVED_OBJECT, value),
  reason: text,
  message: text,
  source: (value) => modelled({ component: text, host: text }, value),
  firstTimestamp: time,
  lastTimestamp: time,
  count: number,
  type: text,
};
