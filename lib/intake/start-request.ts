// A start request: an accepted occurrence at one trigger of its rule. The stages rule on it, and it
// becomes a delivery and a ledger entry. Ids are computed here and nowhere else.

import type { Decision, Disposition, RuleRef } from '../core/decision.ts';
import type { ClusterRef, Delivery, DeliveryState } from '../core/delivery.ts';
import { type DeliveryKey, deliveryId, ledgerKey } from '../core/delivery-id.ts';
import { objectKeyOf } from '../core/object-reference.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { LedgerEntry } from '../core/ports/store.ts';

/** The part of a trigger that intake depends on. */
export interface TriggerRef {
  readonly name: string;
  readonly identity: string;
}

/** An accepted occurrence at one trigger of its rule. */
export interface StartRequest {
  readonly occurrence: Occurrence;
  readonly rule: RuleRef;
  readonly quietMs: number;
  readonly trigger: TriggerRef;
  readonly ledgerKey: string;
  readonly id: string;
  /** Key of the involved object, by which lanes and limits distinguish objects. */
  readonly object: string;
}

/** Creates the request for one trigger of an accepted occurrence. */
export function toStartRequest(
  occurrence: Occurrence,
  decision: Decision & { readonly rule: RuleRef },
  at: { readonly clusterId: string; readonly trigger: TriggerRef },
): StartRequest {
  const key: DeliveryKey = {
    clusterId: at.clusterId,
    ruleIdentity: decision.rule.identity,
    triggerIdentity: at.trigger.identity,
    identity: occurrence.identity,
  };
  return {
    occurrence,
    rule: decision.rule,
    quietMs: decision.quietMs,
    trigger: at.trigger,
    ledgerKey: ledgerKey(key),
    id: deliveryId(key, occurrence.bucket),
    object: objectKeyOf(occurrence.object),
  };
}

/** Creates the delivery of a request. */
export function toDelivery(
  request: StartRequest,
  made: { readonly cluster: ClusterRef; readonly state: DeliveryState; readonly now: number },
): Delivery {
  const { event, firstTime, happenedAt, count } = request.occurrence;
  return {
    id: request.id,
    key: request.ledgerKey,
    bucket: request.occurrence.bucket,
    cluster: made.cluster,
    source: request.occurrence.source,
    rule: request.rule,
    trigger: request.trigger.name,
    match: {},
    occurrences: [{ event, firstTime, happenedAt, count }],
    object: request.object,
    state: made.state,
    dead: null,
    createdAt: made.now,
    dueAt: made.now,
    attempts: [],
    started: null,
    deaths: 0,
    retriedAt: null,
  };
}

/** Creates the ledger entry of a request that is started now. */
export function toLedgerEntry({ occurrence, ...request }: StartRequest, now: number): LedgerEntry {
  return {
    key: request.ledgerKey,
    path: occurrence.path,
    eventKey: occurrence.key,
    object: request.object,
    id: request.id,
    life: occurrence.bucket,
    firedAt: now,
    firedHappenedAt: occurrence.happenedAt,
    firedCount: occurrence.count,
    lastHappenedAt: occurrence.happenedAt,
    lastCount: occurrence.count,
  };
}

/** Returns a ledger entry after another accepted state of its series. */
export function moveLedgerEntry(entry: LedgerEntry, { occurrence }: StartRequest): LedgerEntry {
  // Times of one format compare as text; a state that is read late must not set the entry back.
  // Reporters write whole seconds, so two states may have one time: then the count orders them.
  const isLater =
    occurrence.happenedAt === entry.lastHappenedAt
      ? occurrence.count > entry.lastCount
      : occurrence.happenedAt > entry.lastHappenedAt;
  return {
    ...entry,
    // A life that was ruled a repetition stays one: silence within it starts nothing.
    life: occurrence.bucket,
    path: occurrence.path,
    eventKey: occurrence.key,
    lastHappenedAt: isLater ? occurrence.happenedAt : entry.lastHappenedAt,
    lastCount: isLater ? occurrence.count : entry.lastCount,
  };
}

/** Decision of a stage on a request. */
export interface Ruling {
  readonly disposition: Disposition;
  /** Reason, for people. */
  readonly why: string;
  /** Of a repeat: id of the delivery in the ledger, if it is not the request's own. */
  readonly id?: string;
}
