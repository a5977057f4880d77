// The build Secret of Brigade v1, as its store writes it in v1.5.0 or v0.10.0. Pure: from a
// delivery and the section's options to the object. A Secret always has every key of its profile,
// even if empty.
// Source: brigadecore/brigade v1.5.0 and v0.10.0, pkg/storage/kube/build.go (CreateBuild) and
// pkg/brigade/project.go (ProjectID); the original gateway's cmd/k8s-gateway/main.go
// (createSecret). Payload of v0.10: k8s.io/api at 6c6dac0277229b9e9578c5ca3f74a4345d35cdc2, core/v1
// Event; k8s.io/apimachinery, meta/v1 ObjectMeta; https://pkg.go.dev/encoding/json#Marshal.

import { createHash } from 'node:crypto';
import type { DeliveredOccurrence } from '../core/delivery.ts';
import { isJsonList, type Json, type JsonObject, objectOf, stringAt } from '../core/json-object.ts';
import { goJson } from '../kit/data/go-json.ts';
import { truncate } from '../kit/text/printable.ts';
import { DELIVERY_KEY } from './create-object.ts';
import { largestFitting, shorten, toProcessText } from './shorten.ts';

/** The section `brigade:` of a trigger. */
export interface BrigadeSection
  extends OptionalTexts<'namespace' | 'provider' | 'ref' | 'commit' | 'script'>,
    OptionalTexts<(typeof SINCE_V0_10)[number]> {
  readonly project: string;
  readonly profile?: (typeof BRIGADE_PROFILES)[number];
  readonly tooLarge?: 'truncate' | 'refuse';
}

type OptionalTexts<Key extends string> = Readonly<Partial<Record<Key, string>>>;

/** The versions of Brigade whose Secret is written. */
export const BRIGADE_PROFILES = ['v1.5', 'v0.10'] as const;

/** Keys of the section that Brigade v0.10 does not have. */
export const SINCE_V0_10 = ['cloneURL', 'logLevel', 'shortTitle', 'longTitle', 'config'] as const;

/** Defaults: the original gateway's name as provider, and the branch that it built. */
export const BRIGADE_DEFAULTS = {
  profile: 'v1.5',
  provider: 'k8s-gateway',
  ref: 'refs/heads/master',
} as const satisfies Partial<BrigadeSection>;

const ID_PREFIX = 'brigade-';
const ID_DIGITS = 54;

/** The id of a project: the text itself if it is an id, else a hash of the project's name. */
export function projectId(project: string): string {
  if (project.startsWith(ID_PREFIX)) return project;
  return `${ID_PREFIX}${createHash('sha256').update(project, 'utf8').digest('hex').slice(0, ID_DIGITS)}`;
}

interface BrigadeBuild {
  readonly id: string;
  /** `<prefix>-<id>`. */
  readonly name: string;
  readonly namespace: string;
  readonly occurrence: DeliveredOccurrence;
}

// The values of a Secret have at most 1 MiB together (MaxSecretSize of k8s.io/kubernetes). The
// worker reads the payload from a mounted file, so no smaller limit applies.
const SECRET_BYTES = 1_024 * 1_024;

// A variable of the worker's environment, beside nine others; far below the 128 KiB of Linux.
const EVENT_TYPE_BYTES = 32 * 1_024;

type BuildSecret =
  | { readonly ok: true; readonly object: JsonObject }
  | { readonly ok: false; readonly why: string };

/**
 * Renders the Secret that starts a build of Brigade.
 *
 * **Shape**: `data` is base64 and `stringData` plain, as Brigade's own store sends them; `build_id`
 * is the Secret's name. The payload is the Event as compact JSON without `kind` and `apiVersion`.
 * Its keys are in the order of the API server, which is that of the Go struct. With the profile
 * v0.10 it has only the fields that the original's client knew. The delivery id is in an
 * annotation, which Brigade ignores. The Secret has no label `status`, with which the controller
 * would skip the build.
 */
export function toBuildSecret(section: BrigadeSection, build: BrigadeBuild): BuildSecret {
  const strings = toStrings(section, build);
  const constants = [section.script ?? '', section.config ?? '', ...Object.values(strings)];
  const room = SECRET_BYTES - Buffer.byteLength(constants.join(''));
  const payload = fittingPayload(section, build.occurrence.event, room);
  const type = strings['event_type'] ?? '';
  if (payload === undefined || Buffer.byteLength(type) > EVENT_TYPE_BYTES) {
    const bytes = Buffer.byteLength(payloadOf(section)(build.occurrence.event) + type);
    const why = `the Event has ${bytes} bytes (expected at most ${room}, which a Secret has left, and ${EVENT_TYPE_BYTES} of them in kind and reason)`;
    return { ok: false, why };
  }
  return { ok: true, object: toObject(section, build, { strings, payload }) };
}

function toStrings(section: BrigadeSection, build: BrigadeBuild): Readonly<Record<string, string>> {
  const { event } = build.occurrence;
  const kind = stringAt(event, 'involvedObject', 'kind');
  // The worker gets it in an environment variable.
  const type = toProcessText(`${kind}:${stringAt(event, 'reason')}`);
  return {
    build_id: build.name,
    build_name: build.name,
    commit_id: section.commit ?? '',
    commit_ref: section.ref ?? BRIGADE_DEFAULTS.ref,
    event_provider: section.provider ?? BRIGADE_DEFAULTS.provider,
    event_type: section.tooLarge === 'refuse' ? type : truncate(type, EVENT_TYPE_BYTES),
    project_id: projectId(section.project),
    // Brigade added these between v0.13 and v1.3.
    ...(!isV0_10(section) && {
      log_level: section.logLevel ?? '',
      clone_url: section.cloneURL ?? '',
      short_title: section.shortTitle ?? '',
      long_title: section.longTitle ?? '',
    }),
  };
}

function isV0_10({ profile }: BrigadeSection): boolean {
  return profile === 'v0.10';
}

function payloadOf(section: BrigadeSection): (event: JsonObject) => string {
  return isV0_10(section) ? toOriginalPayload : toPayload;
}

/** The payload; its longest texts are truncated if necessary, so that it stays JSON. */
function fittingPayload(
  section: BrigadeSection,
  event: JsonObject,
  room: number,
): string | undefined {
  const render = payloadOf(section);
  const within = (one: Json): string | undefined => {
    const payload = render(objectOf(one));
    return Buffer.byteLength(payload) > room ? undefined : payload;
  };
  const whole = within(event);
  if (whole !== undefined || section.tooLarge === 'refuse') return whole;
  return largestFitting(room, (bound) => within(shorten(event, bound)));
}

function toObject(
  section: BrigadeSection,
  build: BrigadeBuild,
  { strings, payload }: { readonly strings: JsonObject; readonly payload: string },
): JsonObject {
  const project = projectId(section.project);
  const labels = { build: build.id, component: 'build', heritage: 'brigade', project };
  const isOld = isV0_10(section);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: build.name,
      namespace: build.namespace,
      // Brigade v0.11 removed the label.
      labels: isOld ? { ...labels, commit_id: section.commit ?? '' } : labels,
      annotations: { [DELIVERY_KEY]: build.id },
    },
    type: 'brigade.sh/build',
    data: {
      script: toBase64(section.script ?? ''),
      payload: toBase64(payload),
      ...(isOld ? {} : { config: toBase64(section.config ?? '') }),
    },
    stringData: strings,
  };
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** The payload of v1.5: the Event as compact JSON, its keys in the order of the API server. */
export function toPayload(event: JsonObject): string {
  const bare = Object.entries(event).filter(([key]) => key !== 'kind' && key !== 'apiVersion');
  return JSON.stringify(Object.fromEntries(bare));
}

/**
 * The payload of v0.10: the Event as the original gateway's typed client wrote it. It has the
 * fields of Kubernetes 1.8 in the order of the Go structs, with Go's zero values and escapes.
 */
export function toOriginalPayload(event: JsonObject): string {
  return goJson(modelled(EVENT, event));
}

/** A field of a Go struct: from a value to the JSON that Go writes; undefined if it writes none. */
type Field = (value: Json | undefined) => Json | undefined;
type Model = Readonly<Record<string, Field>>;

function modelled(model: Model, value: Json | undefined): JsonObject {
  const block = objectOf(value);
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
/** A time that is no pointer: Go cannot leave it out, and writes null if it is absent. */
const time: Field = (value) => (typeof value === 'string' ? value : null);
const texts: Field = (value) => {
  const entries = Object.entries(objectOf(value));
  return entries.length === 0 ? undefined : Object.fromEntries(entries.toSorted(byKey));
};
const textList: Field = (value) => (isJsonList(value) && value.length > 0 ? value : undefined);

/** Go writes the keys of a map in the order of their bytes. */
function byKey([a]: readonly [string, Json], [b]: readonly [string, Json]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Fields of one type, in their order. */
function each(field: Field, ...names: readonly string[]): Model {
  return Object.fromEntries(names.map((name) => [name, field]));
}

const OWNER: Model = {
  ...each(requiredText, 'apiVersion', 'kind', 'name', 'uid'),
  ...each(pointer, 'controller', 'blockOwnerDeletion'),
};

const METADATA: Model = {
  ...each(text, 'name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion'),
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

const INVOLVED_OBJECT = each(
  text,
  ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'],
);

const EVENT: Model = {
  metadata: (value) => modelled(METADATA, value),
  involvedObject: (value) => modelled(INVOLVED_OBJECT, value),
  ...each(text, 'reason', 'message'),
  source: (value) => modelled(each(text, 'component', 'host'), value),
  ...each(time, 'firstTimestamp', 'lastTimestamp'),
  count: number,
  type: text,
};
