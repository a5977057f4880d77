// Promises of lib/core/occurrence.ts: Events of both APIs get one shape, and nothing throws.

import { expect } from 'chai';
import fc from 'fast-check';
import { isJsonObject, type Json } from '../../lib/core/json-object.ts';
import { type EventObject, toOccurrence } from '../../lib/core/occurrence.ts';
import { anEvent, anOccurrence } from '../support/builders.ts';

const created = { name: 'e', namespace: 'shop', creationTimestamp: '2026-01-31T10:00:00Z' };

/** As events.k8s.io writes it and core/v1 shows it: null times and count, reporting fields, series. */
const newStyle: EventObject = {
  metadata: created,
  involvedObject: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
  reason: 'FailedScheduling',
  message: '0/1 nodes are available',
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  count: null,
  type: 'Warning',
  eventTime: '2026-01-31T10:00:00.123456Z',
  series: { count: 5, lastObservedTime: '2026-01-31T10:04:00.654321Z' },
  reportingComponent: 'default-scheduler',
  reportingInstance: 'scheduler-0',
};

describe('toOccurrence', () => {
  it('normalises an Event of a legacy writer', () => {
    const { identity, key, bucket, firstTime, happenedAt, count, object, fields, ...rest } =
      anOccurrence();
    expect(firstTime).to.equal('2026-01-31T11:58:00.000000Z');
    expect(identity).to.deep.equal(['shop', 'web-1.17f1e2d3c4b5a697', firstTime]);
    expect(rest).to.include({ namespace: 'shop', name: 'web-1.17f1e2d3c4b5a697' });
    expect(key).to.equal('shop/web-1.17f1e2d3c4b5a697');
    expect(bucket).to.equal('2026-01-31T11:58:00Z');
    expect(happenedAt).to.equal('2026-01-31T11:59:30.000000Z');
    expect(count).to.equal(3);
    expect(object).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web-1',
      uid: '0b7c2f9e-5d3a-4e64-8f21-7c9d1e2f3a4b',
    });
    expect(fields).to.deep.equal({
      fieldPath: 'spec.containers{web}',
      reason: 'BackOff',
      type: 'Warning',
      message: 'Back-off restarting failed container web in pod web-1',
      component: 'kubelet',
      host: 'node-1',
    });
    expect(rest).to.include({ source: 'shop', from: 'watch', resourceVersion: '1201' });
  });

  it('normalises an Event of an events.k8s.io writer to the same shape', () => {
    const { firstTime, happenedAt, count, fields } = anOccurrence({ event: newStyle });
    expect(firstTime).to.equal('2026-01-31T10:00:00.123456Z');
    expect(happenedAt).to.equal('2026-01-31T10:04:00.654321Z');
    expect(count).to.equal(5);
    expect(fields).to.include({ component: 'default-scheduler', host: 'scheduler-0' });
  });

  it('gives empty strings and a count of 1 for an empty Event', () => {
    const { identity, key, uid, resourceVersion, bucket, happenedAt, count, object, fields } =
      anOccurrence({
        event: {},
      });
    expect(identity).to.deep.equal(['', '', '']);
    expect({ key, uid, resourceVersion, bucket, happenedAt, count }).to.deep.equal({
      key: '/',
      uid: '',
      resourceVersion: '',
      bucket: '',
      happenedAt: '',
      count: 1,
    });
    expect(new Set(Object.values({ ...fields, ...object }))).to.deep.equal(new Set(['']));
  });

  const t = (digit: number): string => `2026-01-31T10:00:0${digit}Z`;
  const u = (digit: number): string => `2026-01-31T10:00:0${digit}.000000Z`;
  const times: readonly { what: string; event: EventObject; first: string; happened: string }[] = [
    {
      what: 'every time is set',
      event: {
        metadata: { creationTimestamp: t(1) },
        firstTimestamp: t(2),
        eventTime: t(3),
        lastTimestamp: t(4),
        series: { lastObservedTime: t(5) },
      },
      first: u(3),
      happened: u(5),
    },
    {
      what: 'there is no series',
      event: { firstTimestamp: t(2), eventTime: t(3), lastTimestamp: t(4) },
      first: u(3),
      happened: u(4),
    },
    {
      what: 'there is no last time',
      event: { firstTimestamp: t(2), eventTime: t(3) },
      first: u(3),
      happened: u(3),
    },
    {
      what: 'there is only the first time',
      event: { metadata: { creationTimestamp: t(1) }, firstTimestamp: t(2) },
      first: u(2),
      happened: u(2),
    },
    {
      what: 'only the creation is known',
      event: { metadata: { creationTimestamp: t(1) }, eventTime: null, firstTimestamp: null },
      first: u(1),
      happened: u(1),
    },
    {
      what: 'a time does not parse',
      event: { firstTimestamp: t(2), eventTime: 'yesterday', lastTimestamp: 17 },
      first: u(2),
      happened: u(2),
    },
    {
      what: 'a time has an offset',
      event: { eventTime: '2026-01-31T12:00:03+02:00' },
      first: u(3),
      happened: u(3),
    },
  ];
  for (const { what, event, first, happened } of times) {
    it(`picks first time and happenedAt if ${what}`, () => {
      const { firstTime, happenedAt } = anOccurrence({ event });
      expect({ first: firstTime, happened: happenedAt }).to.deep.equal({ first, happened });
    });
  }

  const counts: readonly (readonly [EventObject, number])[] = [
    [{ count: 7, series: { count: 9 } }, 7],
    [{ count: null, series: { count: 9 } }, 9],
    [{ count: 0, series: { count: 9 } }, 9],
    [{ count: '7' }, 1],
    [{ count: -3 }, 1],
    [{ count: 2.5 }, 1],
    [{ series: null }, 1],
  ];
  for (const [event, count] of counts) {
    it(`counts ${JSON.stringify(event)} as ${count}`, () => {
      expect(anOccurrence({ event }).count).to.equal(count);
    });
  }

  it('prefers the source over the reporting fields', () => {
    const event = { ...newStyle, source: { component: 'kubelet', host: 'node-1' } };
    expect(anOccurrence({ event }).fields).to.include({ component: 'kubelet', host: 'node-1' });
  });

  it('drops metadata.managedFields and does not change the given Event', () => {
    const metadata = { ...created, managedFields: [{ manager: 'kubelet' }] };
    const event = Object.freeze(anEvent({ metadata }));
    const occurrence = anOccurrence({ event });
    expect(occurrence.event['metadata']).to.deep.equal(created);
    expect(event['metadata']).to.equal(metadata);
    expect(occurrence.event['reason']).to.equal('BackOff');
  });

  it('gives the same series for every state of one life', () => {
    const first = anOccurrence({ event: anEvent({ count: 1 }) });
    const later = anOccurrence({ event: anEvent({ count: 8, lastTimestamp: t(9) }) });
    expect(later.identity).to.deep.equal(first.identity);
  });

  it('is frozen', () => {
    const occurrence = anOccurrence();
    expect(occurrence).to.be.frozen;
    expect(occurrence.identity).to.be.frozen;
    expect(occurrence.fields).to.be.frozen;
    expect(occurrence.object).to.be.frozen;
  });

  it('never throws for any JSON in any field', () => {
    const fields = [
      'metadata',
      'involvedObject',
      'source',
      'series',
      'count',
      'reason',
      'eventTime',
    ];
    const events = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue());
    fc.assert(
      fc.property(events, (value) => {
        const event: Json = JSON.parse(JSON.stringify(value)) as Json;
        if (!isJsonObject(event)) return;
        const read = { source: 's', path: '/p', from: 'list', readAt: 0 } as const;
        const { object, fields: found, count } = toOccurrence(event, read);
        for (const text of Object.values({ ...object, ...found })) expect(text).to.be.a('string');
        expect(count).to.be.at.least(1);
      }),
    );
  });
});
