// Promises of lib/core/delivery-id.ts. The three worked examples were computed by an independent
// program (Python's hashlib and integers); a user's own implementation must give the same ids.

import { expect } from 'chai';
import fc from 'fast-check';
import {
  type DeliveryKey,
  deliveryId,
  idBits,
  isDeliveryId,
  ledgerKey,
} from '../../lib/core/delivery-id.ts';
import { objectName } from '../../lib/triggers/trigger-kind.ts';

const FIRST_TIME = '2026-01-31T23:59:59.123456Z';

const key: DeliveryKey = {
  clusterId: 'f2a1c3d4-0000-4000-8000-000000000001',
  ruleIdentity: 'crash-loop',
  triggerIdentity: 'build',
  identity: ['shop', 'web-1.17f1e2d3c4b5a697', FIRST_TIME],
};
const life = '2026-01-31T23:59:59Z';

const keys: fc.Arbitrary<DeliveryKey> = fc.record({
  clusterId: fc.string(),
  ruleIdentity: fc.string(),
  triggerIdentity: fc.string(),
  identity: fc.tuple(fc.string(), fc.string(), fc.oneof(fc.string(), fc.constant(FIRST_TIME))),
});

describe('deliveryId', () => {
  const examples = [
    {
      what: 'a rule with a name',
      key,
      bucket: life,
      id: '01kgb7zj4kx82027jwcspwdc0t',
      bits: '019c167fc893ea04011e5c666dc6b01a',
    },
    {
      what: 'a rerun under an unnamed rule',
      key: { ...key, ruleIdentity: '', triggerIdentity: 'brigade' },
      bucket: `${life}/rerun-1`,
      id: '01kgb7zj4kbkx3shn0ptaa81q7',
      bits: '019c167fc8935cfa3cc6a0b694a406e7',
    },
    {
      what: 'an Event without name or time, and names that JSON escapes',
      key: {
        clusterId: 'c1',
        ruleIdentity: '"größe"',
        triggerIdentity: '日本 \\ /',
        identity: ['', '', ''],
      },
      bucket: '',
      id: '00000000005xx8mjntm1cy6rhk',
      bits: '0000000000002f7a8a4abaa059e36233',
    },
  ];
  for (const example of examples) {
    it(`is ${example.id} for ${example.what}`, () => {
      expect(deliveryId(example.key, example.bucket)).to.equal(example.id);
      expect(idBits(example.id)).to.equal(example.bits);
    });
  }

  it('has a time part of 0 if the first time exceeds 48 bits or is before 1970', () => {
    for (const firstTime of ['1969-12-31T23:59:59.000000Z', 'never']) {
      expect(
        deliveryId({ ...key, identity: ['shop', 'web-1', firstTime] }, life).slice(0, 10),
      ).to.equal('0000000000');
    }
  });

  it('is a valid id, object name and label value for any key', () => {
    fc.assert(
      fc.property(keys, fc.string(), (any, bucket) => {
        const id = deliveryId(any, bucket);
        expect(isDeliveryId(id)).to.equal(true);
        expect(objectName('diagnose', id)).to.match(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
        expect(idBits(id)).to.match(/^[0-9a-f]{32}$/);
      }),
    );
  });

  it('differs if any of the seven strings differs', () => {
    const ids = new Set([deliveryId(key, life), deliveryId(key, '')]);
    const { identity, ...others } = key;
    for (const name of Object.keys(others)) ids.add(deliveryId({ ...key, [name]: 'other' }, life));
    for (const place of identity.keys()) {
      ids.add(deliveryId({ ...key, identity: identity.with(place, 'other') }, life));
    }
    expect(ids.size).to.equal(8);
  });

  it('keeps the borders between its parts', () => {
    const shifted = { ...key, ruleIdentity: 'crash-loopb', triggerIdentity: 'uild' };
    expect(deliveryId(shifted, life)).to.not.equal(deliveryId(key, life));
  });

  it('sorts by first time', () => {
    const later = { ...key, identity: key.identity.with(2, '2026-02-01T00:00:00.000000Z') };
    expect(deliveryId(key, life) < deliveryId(later, life)).to.equal(true);
  });
});

describe('ledgerKey', () => {
  it('is the input of the id without the bucket', () => {
    expect(JSON.parse(ledgerKey(key))).to.deep.equal(Object.values(key).flat());
  });
});

describe('isDeliveryId', () => {
  const id = '01kgb7zj4kx82027jwcspwdc0t';
  const others = [
    '',
    id.slice(1),
    `${id}0`,
    id.toUpperCase(),
    `8${id.slice(1)}`,
    `${id.slice(1)}u`,
  ];
  for (const text of others) {
    it(`rejects ${JSON.stringify(text)}`, () => expect(isDeliveryId(text)).to.equal(false));
  }
});
