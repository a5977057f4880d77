// Events of events.k8s.io, translated as an API server does.

import { expect } from 'chai';
import type { JsonObject } from '../../lib/core/json-object.ts';
import { toOccurrence } from '../../lib/core/occurrence.ts';
import { toCoreEvent } from '../../lib/sources/given-events.ts';

const METADATA = { name: 'web-1.17', namespace: 'shop', creationTimestamp: '2026-05-04T10:00:00Z' };
const REGARDING = { kind: 'Pod', namespace: 'shop', name: 'web-1', apiVersion: 'v1' };

const NEW_STYLE: JsonObject = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: METADATA,
  eventTime: '2026-05-04T10:00:00.123456Z',
  series: { count: 9, lastObservedTime: '2026-05-04T10:30:00.000000Z', state: 'Ongoing' },
  reportingController: 'default-scheduler',
  reportingInstance: 'default-scheduler-x',
  action: 'Scheduling',
  reason: 'FailedScheduling',
  regarding: REGARDING,
  related: { kind: 'Node', name: 'node-a' },
  note: '0/3 nodes are available',
  type: 'Warning',
};

const LEGACY: JsonObject = {
  apiVersion: 'events.k8s.io/v1beta1',
  kind: 'Event',
  metadata: METADATA,
  eventTime: null,
  reason: 'BackOff',
  regarding: REGARDING,
  note: 'Back-off',
  type: 'Warning',
  deprecatedSource: { component: 'kubelet', host: 'node-a' },
  deprecatedFirstTimestamp: '2026-05-04T10:00:00Z',
  deprecatedLastTimestamp: '2026-05-04T10:05:00Z',
  deprecatedCount: 7,
};

describe('an Event of events.k8s.io as one of core/v1', () => {
  it('has every field under the name that core/v1 has for it, in its order', () => {
    const event = toCoreEvent(NEW_STYLE);
    expect(JSON.stringify(event)).to.equal(
      JSON.stringify({
        kind: 'Event',
        apiVersion: 'v1',
        metadata: METADATA,
        involvedObject: REGARDING,
        reason: 'FailedScheduling',
        message: '0/3 nodes are available',
        source: {},
        firstTimestamp: null,
        lastTimestamp: null,
        type: 'Warning',
        eventTime: '2026-05-04T10:00:00.123456Z',
        series: { count: 9, lastObservedTime: '2026-05-04T10:30:00.000000Z' },
        action: 'Scheduling',
        related: { kind: 'Node', name: 'node-a' },
        reportingComponent: 'default-scheduler',
        reportingInstance: 'default-scheduler-x',
      }),
    );
  });

  it('keeps the fields of a legacy writer', () => {
    expect(toCoreEvent(LEGACY)).to.deep.equal({
      kind: 'Event',
      apiVersion: 'v1',
      metadata: METADATA,
      involvedObject: REGARDING,
      reason: 'BackOff',
      message: 'Back-off',
      source: { component: 'kubelet', host: 'node-a' },
      firstTimestamp: '2026-05-04T10:00:00Z',
      lastTimestamp: '2026-05-04T10:05:00Z',
      count: 7,
      type: 'Warning',
      eventTime: null,
      reportingComponent: '',
      reportingInstance: '',
    });
  });

  it('gives the same occurrence as the core/v1 view', () => {
    const read = { source: 's', path: '', from: 'list', readAt: 0 } as const;
    const { object, fields, count, happenedAt, firstTime } = toOccurrence(
      toCoreEvent(NEW_STYLE),
      read,
    );
    expect({ count, happenedAt, firstTime }).to.deep.equal({
      count: 9,
      happenedAt: '2026-05-04T10:30:00.000000Z',
      firstTime: '2026-05-04T10:00:00.123456Z',
    });
    expect(object).to.include({ kind: 'Pod', name: 'web-1' });
    expect(fields).to.include({
      message: '0/3 nodes are available',
      component: 'default-scheduler',
      host: 'default-scheduler-x',
    });
  });

  it('accepts odd types and an empty object', () => {
    const odd = { regarding: 7, note: [], series: 'x', deprecatedCount: 'many', metadata: null };
    expect(toCoreEvent(odd)).to.include({ involvedObject: 7, series: 'x', count: 'many' });
    expect(toCoreEvent({})).to.deep.include({ involvedObject: {}, source: {}, eventTime: null });
  });
});
