// CloudEvents, read by the official package, also for hostile Events.

import { expect } from 'chai';
import { type CloudEvent, HTTP } from 'cloudevents';
import { type Delivery, toDocument } from '../../../lib/core/delivery.ts';
import {
  toAttributes,
  toAttributeText,
  toCloudEventHeader,
} from '../../../lib/triggers/http/body.ts';
import type { HttpFormat } from '../../../lib/triggers/http/section.ts';
import { aDelivery, anEvent } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { HOSTILE_EVENTS } from '../support/hostile-events.ts';
import { bodyOf, FakeReceiver } from './support/fake-receiver.ts';

async function readBack(deliveries: readonly Delivery[], format: HttpFormat, batch = {}) {
  const receiver = new FakeReceiver();
  await receiver.trigger({ format, ...batch }).fire(deliveries, NEVER);
  const [request] = receiver.sent;
  return HTTP.toEvent({ headers: { ...request?.headers }, body: bodyOf(request) });
}

describe('a CloudEvent', () => {
  const formats = ['cloudevents', 'cloudevents-binary'] as const;
  for (const format of formats) {
    it(`is valid and complete for the official package as ${format}`, async () => {
      const read = (await readBack([aDelivery()], format)) as CloudEvent<unknown>;
      expect(read.validate()).to.equal(true);
      expect(read.data).to.deep.equal(toDocument(aDelivery()));
      for (const [name, wanted] of Object.entries(toAttributes(aDelivery()))) {
        // Headers have no types, and the package formats times again.
        if (name !== 'time') expect(String(read[name]), name).to.equal(String(wanted));
      }
      expect(new Date(read.time ?? '').getTime()).to.equal(Date.UTC(2026, 0, 31, 11, 59, 30));
    });

    for (const [what, event] of Object.entries(HOSTILE_EVENTS)) {
      it(`is valid as ${format} for an Event with ${what}`, async () => {
        const delivery = aDelivery({ event });
        const read = (await readBack([delivery], format)) as CloudEvent<unknown>;
        expect(read.validate()).to.equal(true);
        const { subject } = toAttributes(delivery);
        // The package does not decode the percent-encoding of headers.
        const isEncoded = format === 'cloudevents-binary';
        const decoded = isEncoded ? decodeURIComponent(read.subject ?? '') : (read.subject ?? '');
        expect(decoded).to.equal(subject ?? '');
        expect(String(subject)).not.to.match(/[\u0000-\u001f\u007f-\u009f\p{Cs}]/u);
      });
    }
  }

  it('is in a batch that the official package reads', async () => {
    const ids = ['01kg9ynja097rx6z4zzrz6frr7', '01kg9ynja0ffffffffffffffff'];
    const deliveries = ids.map((id) => aDelivery({ id }));
    const read = (await readBack(deliveries, 'cloudevents', {
      batch: {},
    })) as CloudEvent<unknown>[];
    expect(read.map(({ id }) => id)).to.deep.equal(ids);
    expect(read.map((one) => one.validate())).to.deep.equal([true, true]);
  });
});

describe('the attributes of a CloudEvent', () => {
  it('are absent if they are empty', () => {
    const attributes = toAttributes({
      ...aDelivery({ event: {} }),
      rule: { index: 0, name: null, identity: '' },
    });
    expect(Object.keys(attributes)).to.deep.equal([
      ...['specversion', 'id', 'source', 'type', 'datacontenttype', 'sluicecount', 'traceparent'],
    ]);
  });

  it('keep their place for an object without a namespace', () => {
    const event = anEvent({ involvedObject: { kind: 'Node', name: 'n1' } });
    expect(toAttributes(aDelivery({ event }))).to.have.property('subject', 'Node//n1');
  });

  it('have a count that is a valid Integer', () => {
    const event = anEvent({ count: Number.MAX_SAFE_INTEGER });
    expect(toAttributes(aDelivery({ event }))).to.have.property('sluicecount', 2_147_483_647);
  });

  const texts = [
    ['a\u0000b\u001fc\u007fd\u009fe', 'abcde'],
    ['\uD800a\uDC00', 'a'],
    ['\uFDD0\uFFFEx\u{1FFFF}', 'x'],
    ['é😀', 'é😀'],
  ] as const;
  for (const [text, wanted] of texts) {
    it(`${JSON.stringify(text)} becomes ${JSON.stringify(wanted)}`, () => {
      expect(toAttributeText(text)).to.equal(wanted);
    });
  }

  const values = [
    ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
    ['"100%"', '%22100%25%22'],
    ['Pod/shop/web-1', 'Pod/shop/web-1'],
    ["!#$&'()*~", "!#$&'()*~"],
  ] as const;
  for (const [text, wanted] of values) {
    it(`${text} is the header ${wanted}`, () => {
      expect(toCloudEventHeader(text)).to.equal(wanted);
    });
  }
});
