// `sluice deliveries show` of a delivery with an answer: the answer on one line, without control
// characters, over a running gateway and over a file.

import { expect } from 'chai';
import { quoted } from '../../lib/kit/text/printable.ts';
import { idOf, numbered } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  aFileWorld,
  aGatewayWorld,
  type DeliveriesWorld,
  finished,
  HOSTILE,
} from './deliveries-world.ts';

const worlds = { 'a running gateway': aGatewayWorld, 'a file': aFileWorld };
for (const [what, open] of Object.entries(worlds)) {
  describe(`the answers of receivers over ${what}`, () => {
    let world: DeliveriesWorld;
    beforeEach(async () => void (world = await open()));
    afterEach(() => world[Symbol.asyncDispose]());

    it('are shown, also of an accepted delivery', async () => {
      const started = { kind: 'build', namespace: '', name: '7', url: 'https://ci.test/7' };
      const answer = { status: 201, text: `{"id":7}${HOSTILE}` };
      const detail = 'POST https://ci.test: refused, 422: "no"';
      const short = { outcome: 'refused', reason: 'invalid', detail } as const;
      await world.commit([
        numbered(1, {
          ...{ state: 'delivered', started },
          attempts: [
            finished(1, { ...short, answer: { status: 422, text: 'no' } }),
            finished(2, { ...short, answer: { status: 422, text: 'no, as this is longer' } }),
            finished(3, { outcome: 'delivered', started, answer }),
          ],
        }),
      ]);
      const { out } = await world.run(['show', idOf(1)], { clock: new FakeClock() });
      const lines = out.split('\n');
      expect(lines).to.include('  started  build 7 https://ci.test/7');
      const from = lines.indexOf('attempts') + 1;
      expect(
        lines.slice(from, from + 5).map((line) => line.replace(/^.*ago\): /, '')),
      ).to.deep.equal([
        `refused, invalid: ${detail} after 1s201ms`,
        `refused, invalid: ${detail} after 1s201ms`,
        '     answered 422: "no, as this is longer"',
        'delivered after 1s201ms',
        `     answered 201: ${quoted(answer.text)}`,
      ]);
      const { out: json } = await world.run(['show', idOf(1), '--format', 'json']);
      expect(JSON.parse(json))
        .to.have.nested.property('attempts[2].outcome.answer')
        .deep.equal(answer);
    });
  });
}
