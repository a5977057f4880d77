// Promises of packed deliveries in lib/stores/memory-deliveries.ts: any Event is unpacked unchanged.

import { expect } from 'chai';
import type { EventObject } from '../../lib/core/occurrence.ts';
import { pack, unpack, withChanges } from '../../lib/stores/memory-deliveries.ts';
import { aDelivery } from '../support/builders.ts';

const EVENTS: Readonly<Record<string, EventObject>> = {
  'an empty Event': {},
  'control characters': { message: '\u0000\u001b[31m\u2028\u202e' },
  'a lone surrogate': { message: '\ud800' },
  'a key that every object inherits': JSON.parse(
    '{"__proto__":{"a":1},"constructor":2}',
  ) as EventObject,
  'nested lists': { a: [[], [null, { b: [1.5, -1e21] }]] },
};

function holding(event: EventObject) {
  return aDelivery({ event });
}

describe('a packed delivery', () => {
  for (const [what, event] of Object.entries(EVENTS)) {
    it(`round-trips ${what}`, () => {
      const delivery = holding(event);
      expect(unpack(pack(delivery))).to.deep.equal(delivery);
      const { occurrences } = unpack(pack(delivery));
      expect(JSON.stringify(occurrences)).to.equal(JSON.stringify(delivery.occurrences));
    });
  }

  it('applies changes and keeps all other fields', () => {
    const before = pack(holding({ message: 'x' }));
    const after = unpack(withChanges(before, { state: 'dead', dead: 'expired', dueAt: 7 }));
    const expected = { ...unpack(before), state: 'dead', dead: 'expired', dueAt: 7 };
    expect(after).to.deep.equal(expected);
  });

  it('is frozen for readers', () => {
    const kept = pack(holding({ message: 'x' }));
    Object.assign(unpack(kept).occurrences[0].event, { message: 'y' });
    expect(unpack(kept).occurrences[0].event).to.deep.equal({ message: 'x' });
  });

  it('keeps parsed occurrences only while it is running', () => {
    const waiting = pack(holding({ message: 'x' }));
    const running = withChanges(waiting, { state: 'running' });
    expect([waiting, running].map(({ occurrences }) => occurrences !== null)).to.deep.equal([
      false,
      true,
    ]);
    expect(withChanges(running, { state: 'delivered' }).occurrences).to.equal(null);
  });
});
