// Events as an API server writes them, made before any clock starts: lines of 750 to 1250 bytes,
// each a series of its own about an object of its own. Deterministic but for the time they carry.

/** Which Events there are. */
export interface Mix {
  readonly count: number;
  /** Every so manieth Event is one that the bench's rules accept; the last always is. 0: the last alone. */
  readonly acceptEvery: number;
}

/** The namespace of what the bench's rules reject. */
export const NOISE = 'noise';
/** The namespace of what they accept. */
export const SHOP = 'shop';
/** How the name of every involved object begins; its number follows. */
export const OBJECT = 'obj-';
/** The name of the last Event's object. */
export const LAST_OBJECT = 'bench-last';
/** The resourceVersion of the LIST; the Events that are watched come after it. */
export const LISTED_VERSION = 1_000_000_000;

const MESSAGES = [
  'Successfully pulled image "registry.example.test/team/web:1.42.7" in 1.204s (1.204s including waiting). Image size: 48211907 bytes.',
  'Created container web',
  'Readiness probe failed: Get "http://10.0.17.42:8080/ready": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  'Successfully assigned noise/web-7d9c5b6f4-x2x8q to node-3',
  'Back-off restarting failed container web in pod web-7d9c5b6f4-x2x8q_noise(4f0c8a1e-6a2b-4f8e-9a3c-5d2e1f0b7c6d)',
] as const;
const REASONS = ['Pulled', 'Created', 'Unhealthy', 'Scheduled', 'BackOff'] as const;

/** Whether the Event with this number is an accepted one. */
export function isAccepted(index: number, { count, acceptEvery }: Mix): boolean {
  return index === count - 1 || (acceptEvery > 0 && index % acceptEvery === 0);
}

/** How many of them are accepted. */
export function acceptedOf(mix: Mix): number {
  const { count, acceptEvery } = mix;
  if (acceptEvery === 0) return 1;
  const regular = Math.ceil(count / acceptEvery);
  return (count - 1) % acceptEvery === 0 ? regular : regular + 1;
}

/** One Event; numbers from 0. */
export function eventOf(index: number, mix: Mix): Readonly<Record<string, unknown>> {
  const accepted = isAccepted(index, mix);
  const namespace = accepted ? SHOP : NOISE;
  const object = index === mix.count - 1 ? LAST_OBJECT : `${OBJECT}${index}`;
  return eventWith({ index, namespace, object, type: accepted ? 'Warning' : 'Normal' });
}

/** One of the Events that are there already when a watch begins. */
export function storedEventOf(index: number): Readonly<Record<string, unknown>> {
  const place = { namespace: NOISE, object: `stored-${index}`, type: 'Normal' };
  return eventWith({ ...place, index: index - LISTED_VERSION + 1 });
}

/** An accepted Event about a named object; several may be about one. */
export function eventAbout(object: string, index: number): Readonly<Record<string, unknown>> {
  return eventWith({ index, namespace: SHOP, object, type: 'Warning' });
}

interface Place {
  readonly index: number;
  readonly namespace: string;
  readonly object: string;
  readonly type: string;
}

function eventWith({ index, namespace, object, type }: Place): Readonly<Record<string, unknown>> {
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  const version = LISTED_VERSION + 1 + index;
  const pick = index % MESSAGES.length;
  const hex = version.toString(16).padStart(12, '0');
  return {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: {
      name: `${object}.17f${hex}`,
      namespace,
      uid: `4f0c8a1e-6a2b-4f8e-9a3c-${hex}`,
      resourceVersion: String(version),
      creationTimestamp: at,
      managedFields: [managedBy(at)],
    },
    involvedObject: {
      kind: 'Pod',
      namespace,
      name: object,
      uid: `9b7e1d52-0c3f-4a65-8d1e-${hex}`,
      apiVersion: 'v1',
      resourceVersion: String(version - 1),
      fieldPath: 'spec.containers{web}',
    },
    reason: REASONS[pick] ?? REASONS[0],
    message: MESSAGES[pick] ?? MESSAGES[0],
    source: { component: 'kubelet', host: `node-${index % 7}` },
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    type,
    eventTime: null,
    reportingComponent: 'kubelet',
    reportingInstance: `node-${index % 7}`,
  };
}

function managedBy(time: string): Readonly<Record<string, unknown>> {
  const fieldsV1 = { 'f:count': {}, 'f:involvedObject': {}, 'f:message': {}, 'f:type': {} };
  const by = { manager: 'kubelet', operation: 'Update', apiVersion: 'v1' };
  return { ...by, time, fieldsType: 'FieldsV1', fieldsV1 };
}

/** A frame of a watch, with its line feed. */
export function lineOf(event: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ type: 'ADDED', object: event })}\n`;
}
