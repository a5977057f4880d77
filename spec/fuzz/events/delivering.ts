// What becomes of any accepted Event: ids that anyone can compute again, stages that rule by a closed
// set, a document that is JSON, and objects for the cluster that are sound whatever the Event says.

import { createHash } from 'node:crypto';
import { type Decision, DISPOSITIONS, type RuleRef } from '../../../lib/core/decision.ts';
import { type Delivery, toDocument } from '../../../lib/core/delivery.ts';
import { isDeliveryId } from '../../../lib/core/delivery-id.ts';
import {
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  stringAt,
} from '../../../lib/core/json-object.ts';
import type { Occurrence } from '../../../lib/core/occurrence.ts';
import type { Trigger } from '../../../lib/core/ports/trigger.ts';
import { Limiter } from '../../../lib/intake/limiter.ts';
import { rule } from '../../../lib/intake/stages.ts';
import {
  type StartRequest,
  toDelivery,
  toLedgerEntry,
  toStartRequest,
} from '../../../lib/intake/start-request.ts';
import type {
  ApiAnswer,
  ApiCall,
  ApiClient,
} from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { brigadeKind } from '../../../lib/triggers/brigade.ts';
import { kubernetesKind } from '../../../lib/triggers/kubernetes.ts';
import { nopObserve } from '../../support/doubles/observe.ts';
import { NEVER } from '../../support/never.ts';
import { JOB, PIPELINE_RUN, someParts, WORKFLOW } from '../../triggers/support/parts.ts';
import { must, mustBePrintable, mustBeSame, shown } from '../target.ts';

const CLUSTER = { id: 'c1', name: 'dev' } as const;
const NOW = Date.UTC(2026, 0, 31, 12);
const AT = { clusterId: CLUSTER.id, trigger: { name: 'build', identity: 'build' } } as const;

/** The candidate of an accepted occurrence, its id held to a second way of computing it. */
export function checkedCandidate(occurrence: Occurrence, decision: Decision): StartRequest {
  const by: RuleRef = decision.rule ?? { index: 0, name: null, identity: '' };
  const candidate = toStartRequest(occurrence, { ...decision, rule: by }, AT);
  const { id, ledgerKey } = candidate;
  must(isDeliveryId(id), () => `an id is a lower-case ULID: ${shown(id)}`);
  const { namespace, name, firstTime, bucket } = occurrence;
  const parts = ['c1', by.identity, 'build', namespace, name, firstTime];
  must(ledgerKey === JSON.stringify(parts), 'the ledger is looked up by the id without its bucket');
  const wanted = naiveId([...parts, bucket], firstTime);
  must(id === wanted, () => `the id is ${wanted}, not ${id}`);
  mustRule(candidate);
  return candidate;
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The id by its description: 48 bits of time, 80 of a hash, five bits a letter. */
function naiveId(strings: readonly string[], firstTime: string): string {
  const ms = firstTime === '' ? 0 : Date.parse(`${firstTime.slice(0, 23)}Z`);
  const time = ms >= 0 && ms < 2 ** 48 ? ms : 0;
  const hash = createHash('sha256').update(JSON.stringify(strings)).digest();
  const bits = [
    time.toString(2).padStart(50, '0'),
    ...Array.from(hash.subarray(0, 10), (byte) => byte.toString(2).padStart(8, '0')),
  ].join('');
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('');
}

function mustRule(candidate: StartRequest): void {
  const limiter = new Limiter(
    { perObject: null, total: null },
    { now: () => 0, from: 0, observe: nopObserve },
  );
  const guard = { namespaces: ['ci', 'pay'], prefixes: ['diagnose'], allowForeign: false };
  const later = { ...toLedgerEntry(candidate, NOW), life: 'another' };
  for (const entry of [undefined, toLedgerEntry(candidate, NOW), later]) {
    const { disposition, why } = rule(candidate, { guard, entry, limiter });
    must(DISPOSITIONS.includes(disposition), () => `${disposition} is a disposition`);
    mustBePrintable(why, 'why a candidate was stopped');
  }
}

/** A delivery of a candidate, its document held to being JSON that says the same when read. */
export function checkedDelivery(candidate: StartRequest): Delivery {
  const delivery = toDelivery(candidate, { cluster: CLUSTER, state: 'waiting', now: NOW });
  const text = JSON.stringify(toDocument(delivery));
  mustBeSame(JSON.parse(text), toDocument(delivery), 'the document read again');
  must(!/[\n\r]/.test(text), 'the document is one line');
  must(text.isWellFormed(), 'the document is UTF-8');
  return delivery;
}

/** What an Event may become. */
export const STARTS = ['job', 'pipelinerun', 'workflow', 'brigade'] as const;

/** What answers every creation with success and remembers the object. */
class Created implements ApiClient {
  readonly server = 'https://cluster.example.test';
  body: JsonObject = {};

  async request({ body = null }: ApiCall): Promise<ApiAnswer> {
    this.body = isJsonObject(body) ? body : {};
    return { ok: true, status: 201, headers: {}, body: this.body, bytes: 0 };
  }

  async open(): Promise<ApiAnswer> {
    throw new Error('a trigger opened a stream');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.body = {};
  }
}

const api = new Created();
const parts = someParts({ api });
const triggers: Readonly<Record<(typeof STARTS)[number], Trigger>> = {
  job: kubernetesKind.create(JOB, parts),
  pipelinerun: kubernetesKind.create(PIPELINE_RUN, parts),
  workflow: kubernetesKind.create(WORKFLOW, parts),
  brigade: brigadeKind.create({ project: 'org/repo' }, parts),
};

/** Starts a delivery and holds what was sent to being sound. */
export async function mustStart(start: (typeof STARTS)[number], delivery: Delivery): Promise<void> {
  api.body = {};
  const [outcome] = await triggers[start].fire([delivery], NEVER);
  if (outcome?.outcome === 'refused') {
    must(outcome.reason === 'too-large', () => `refused as ${outcome.reason}`);
    mustBePrintable(outcome.detail, 'a detail');
    return;
  }
  must(outcome?.outcome === 'delivered', () => `a start is delivered: ${shown(outcome)}`);
  const object = api.body;
  mustBeSound(object);
  must(stringAt(object, 'metadata', 'name') === `diagnose-${delivery.id}`, 'the name is the id');
  if (start === 'job') mustReachKubelet(object, delivery);
  if (start === 'brigade') mustCarry(object, delivery);
  if (start === 'pipelinerun') mustBeginNoReference(jsonAt(object, 'spec', 'params'), /\$\(/);
  if (start === 'workflow') mustBeginNoReference(jsonAt(object, 'spec', 'arguments'), /\{\{|\$\(/);
}

/** No value of an Event is a reference to the controller of a pipeline. */
function mustBeginNoReference(values: Json | undefined, opener: RegExp): void {
  const text = JSON.stringify(values);
  must(!opener.test(text), () => `no value begins a reference: ${shown(text)}`);
}

const LABEL = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

function mustBeSound(object: JsonObject): void {
  const text = JSON.stringify(object);
  mustBeSame(JSON.parse(text), object, 'the object read again');
  // Escaped, a NUL or a lone surrogate still stands in the text of the JSON.
  must(!/\\u(?:0000|d[89a-f]..)/.test(text.replaceAll('\\\\', '')), 'no NUL, no lone surrogate');
  mustHaveLabels(object);
}

function mustHaveLabels(value: Json): void {
  if (Array.isArray(value)) for (const item of value as readonly Json[]) mustHaveLabels(item);
  if (!isJsonObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    if (key !== 'labels' || !isJsonObject(item)) mustHaveLabels(item);
    else for (const label of Object.values(item)) mustBeLabel(label);
  }
}

function mustBeLabel(label: Json): void {
  must(typeof label === 'string' && LABEL.test(label), () => `a label is one: ${shown(label)}`);
}

/** What kubelet makes of `$(NAME)` and `$$`, written after the description in the Pod reference. */
function mustReachKubelet(job: JsonObject, delivery: Delivery): void {
  const containers = jsonAt(job, 'spec', 'template', 'spec', 'containers');
  const first = Array.isArray(containers) ? (containers[0] as Json) : null;
  const args = jsonAt(first, 'args');
  const argument = Array.isArray(args) ? String(args.at(-1)) : '';
  const expanded = argument.replaceAll(/\$\$|\$\([^)]*\)/g, (found) =>
    found === '$$' ? '$' : '!',
  );
  const message = jsonAt(delivery.occurrences[0].event, 'message') ?? '';
  if (typeof message !== 'string') return;
  const wanted = message.toWellFormed().replaceAll('\0', '');
  const isWhole = Buffer.byteLength(wanted) <= LARGEST_ARGUMENT;
  const isHandedOver = isWhole ? expanded === wanted : isTruncated(expanded, wanted);
  must(isHandedOver, () => `kubelet hands over the message: ${shown(expanded)}`);
}

// Linux takes 128 KiB as one word; docs/triggers.md keeps 1 KiB of them free.
const LARGEST_ARGUMENT = 127 * 1024;

/** Whether a text is the beginning of another, with a mark that says how much is missing. */
function isTruncated(text: string, whole: string): boolean {
  const mark = / \[truncated: (\d+) of (\d+) bytes left out\]$/.exec(text);
  if (mark === null || Buffer.byteLength(text) > LARGEST_ARGUMENT) return false;
  const kept = text.slice(0, mark.index);
  const total = Buffer.byteLength(whole);
  const left = total - Buffer.byteLength(kept);
  return whole.startsWith(kept) && mark[1] === String(left) && mark[2] === String(total);
}

/** Brigade's payload is the Event without kind and apiVersion, whatever it holds. */
function mustCarry(secret: JsonObject, delivery: Delivery): void {
  const payload = stringAt(secret, 'data', 'payload');
  const { kind: _kind, apiVersion: _version, ...bare } = delivery.occurrences[0].event;
  mustBeSame(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')), bare, 'the payload');
}
