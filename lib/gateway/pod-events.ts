// Kubernetes Events about the gateway's own pod, for `kubectl describe pod` and `kubectl events`: states
// that a person must act on, and their ends. They are a copy of the log. Sending never delays the
// gateway: only the latest state of each subject waits, and a state that has ended meanwhile is not sent.
// The guard in lib/intake recognizes the reporter, so these Events start no build.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ (core/v1 names).

import type { Clock, Random } from '../core/clock.ts';
import type { JsonObject } from '../core/json-object.ts';
import type { Observation, Observe } from '../core/observation.ts';
import { OWN_REPORTER } from '../intake/guard.ts';
import { Alarm } from '../kit/async/alarm.ts';
import { backoffMs } from '../kit/async/backoff.ts';
import { printable } from '../kit/text/printable.ts';
import type { ApiAnswer, ApiClient } from '../kubernetes/client/kubernetes-api.ts';
import { create, isTransient, resourcePath } from '../kubernetes/client/objects.ts';

/** The gateway's own pod. */
interface PodRef {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

/** Dependencies of the Events. */
interface PodEventsParts {
  readonly pod: PodRef;
  readonly clock: Clock;
  readonly random: Random;
  readonly observe: Observe;
}

/** A state of one subject. Its type is its state: a subject has one warning and its end. */
interface PodEvent {
  /** The trigger, the store or the configuration. */
  readonly subject: string;
  readonly type: 'Warning' | 'Normal';
  readonly reason: string;
  readonly message: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** Distinguishes Events of the same millisecond. */
  readonly number: number;
}

/** Requests in a minute, failed ones included: a flapping receiver must not fill etcd. */
const PER_MINUTE = 10;
const MINUTE_MS = 60_000;
/** Of an Event's message, as events.k8s.io bounds it. */
const MESSAGE_CHARACTERS = 1_024;
/** Leaves room for a dot and the time within the 253 characters of a name. */
const NAME_CHARACTERS = 230;
const RETRY = { firstMs: 5_000, maxMs: 60_000 };

/** Finds the pod in the variables that the chart sets; null if one is missing, as outside of a pod. */
export function podOf(environment: Readonly<Record<string, string | undefined>>): PodRef | null {
  const { POD_NAME: name = '', POD_NAMESPACE: namespace = '', POD_UID: uid = '' } = environment;
  return name === '' || namespace === '' || uid === '' ? null : { name, namespace, uid };
}

/** Writes Events about the gateway's own pod. */
export class PodEvents {
  readonly #parts: PodEventsParts;
  readonly #alarm = new Alarm();
  /** By subject: the latest state that is not yet written. */
  readonly #pending = new Map<string, PodEvent>();
  /** By subject: the last written type; none is as good as `Normal`. */
  readonly #written = new Map<string, PodEvent['type']>();
  /** Monotonic times of the latest requests. */
  readonly #sentAt: number[] = [];
  #number = 0;

  constructor(parts: PodEventsParts) {
    this.#parts = parts;
  }

  /** Notes a state; it is written once the API server is connected. */
  observe(observation: Observation): void {
    const found = toPodEvent(observation);
    if (found === null) return;
    this.#number += 1;
    const noted = { ...found, at: this.#parts.clock.now(), number: this.#number };
    this.#pending.set(found.subject, noted);
    this.#alarm.ring();
  }

  /** Writes what was noted and what will be, until disposed of. */
  start(api: ApiClient): AsyncDisposable {
    const over = new AbortController();
    const running = this.#run(api, over.signal).catch((error: unknown) => {
      if (!over.signal.aborted) this.#parts.observe({ kind: 'bug', where: 'pod Events', error });
    });
    return {
      [Symbol.asyncDispose]: async () => {
        over.abort();
        await running;
      },
    };
  }

  async #run(api: ApiClient, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    let failures = 0;
    while (!signal.aborted) {
      const waitMs = this.#waitMs();
      const next = this.#next();
      if (next === undefined) await this.#alarm.wait(clock, null, signal);
      // The state may be over afterwards.
      else if (waitMs > 0) await clock.sleep(waitMs, signal);
      else {
        failures = (await this.#send(api, next, signal)) ? 0 : failures + 1;
        if (failures > 0) await clock.sleep(backoffMs(failures, RETRY, random), signal);
      }
    }
  }

  /** The state that has waited longest; states that are written already are dropped. */
  #next(): PodEvent | undefined {
    for (const [subject, event] of this.#pending) {
      if ((this.#written.get(subject) ?? 'Normal') !== event.type) return event;
      this.#pending.delete(subject);
    }
    return undefined;
  }

  #waitMs(): number {
    const oldest = this.#sentAt.at(-PER_MINUTE);
    if (oldest === undefined) return 0;
    return Math.max(0, oldest + MINUTE_MS - this.#parts.clock.monotonic());
  }

  /** Whether the state is done with: written, or refused for good. */
  async #send(api: ApiClient, event: PodEvent, signal: AbortSignal): Promise<boolean> {
    const { pod, clock, observe } = this.#parts;
    this.#sentAt.push(clock.monotonic());
    if (this.#sentAt.length > PER_MINUTE) this.#sentAt.shift();
    const { namespace } = pod;
    const path = resourcePath({ group: '', version: 'v1', namespace, plural: 'events' });
    const object = toEvent(event, pod);
    const answer = await create(api, { path, object }, signal);
    signal.throwIfAborted();
    const { reason, message } = event;
    const failure = failureOf(answer, pod);
    observe({ kind: 'pod-event', reason, message, failure });
    if (failure !== null && isTransient(answer)) return false;
    if (failure === null) this.#written.set(event.subject, event.type);
    // A newer state may have come meanwhile.
    if (this.#pending.get(event.subject) === event) this.#pending.delete(event.subject);
    return true;
  }
}

type Noted = Omit<PodEvent, 'at' | 'number'>;

/** The state that an observation shows; null if it shows none that a pod's Events report. */
function toPodEvent(observation: Observation): Noted | null {
  if (observation.kind === 'configuration-kept') return toKept(observation);
  if (observation.kind === 'breaker') return toBreaker(observation);
  if (observation.kind === 'store-trouble') return toStoreTrouble(observation);
  return null;
}

type Reported<K extends Observation['kind']> = Extract<Observation, { kind: K }>;

/** Without the problems: they quote the file, which a reader of Events may not be allowed to read. */
function toKept({ file, since, problems }: Reported<'configuration-kept'>): Noted {
  const from = new Date(since).toISOString();
  const message = `configuration ${file} is refused (problems: ${problems}); the last good one of ${from} runs instead; the log says why`;
  return { subject: 'configuration', type: 'Warning', reason: 'ConfigurationRefused', message };
}

/** Without the answer of the receiver, which is untrusted. A breaker that is tried is still open. */
function toBreaker({ trigger, to }: Reported<'breaker'>): Noted | null {
  const subject = `trigger ${trigger}`;
  if (to === 'half-open') return null;
  if (to === 'open') {
    const message = `${subject}: breaker open, deliveries wait; the log says why`;
    return { subject, type: 'Warning', reason: 'BreakerOpen', message };
  }
  const message = `${subject}: breaker closed, deliveries are made again`;
  return { subject, type: 'Normal', reason: 'BreakerClosed', message };
}

function toStoreTrouble({ state, why }: Reported<'store-trouble'>): Noted {
  if (state === 'unavailable') {
    const message = `the store accepts no changes: ${why}`;
    return { subject: 'store', type: 'Warning', reason: 'StoreUnavailable', message };
  }
  const message = 'the store accepts changes again';
  return { subject: 'store', type: 'Normal', reason: 'StoreAvailable', message };
}

/** Its name is the same at each try, so that a lost answer makes no second Event. */
function toEvent(event: PodEvent, pod: PodRef): JsonObject {
  const time = `${new Date(event.at).toISOString().slice(0, 19)}Z`;
  const name = `${pod.name.slice(0, NAME_CHARACTERS)}.${event.at.toString(16)}-${event.number.toString(16)}`;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: pod.namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', ...pod },
    reason: event.reason,
    message: printable(event.message, MESSAGE_CHARACTERS),
    type: event.type,
    source: { component: 'sluice' },
    reportingComponent: OWN_REPORTER,
    reportingInstance: pod.name,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}

/** Why it was not written, for people; null if it was. 409: an answer to it was lost. */
function failureOf(answer: ApiAnswer, { namespace }: PodRef): string | null {
  const doing = `create an Event in ${namespace}`;
  if (!answer.ok) return `${doing}: ${answer.code}`;
  const { status } = answer;
  if (status < 300 || status === 409) return null;
  if (status !== 403) return `${doing}: HTTP ${status}`;
  return `${doing}: forbidden (needs create on events in ${namespace}; logging.podEvents: false switches these Events off)`;
}
