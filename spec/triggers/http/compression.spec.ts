// Compressed bodies: their bytes, their signatures, and receivers that do not accept them.

import { createHmac } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { toDocument } from '../../../lib/core/delivery.ts';
import type { HttpRequest } from '../../../lib/net/http-client.ts';
import { aDelivery } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import { anAnswer, bodyOf, FakeReceiver, SIGNING_SECRET } from './support/fake-receiver.ts';

const GZIP = { compression: 'gzip' } as const;

function unpacked({ body }: HttpRequest): string {
  return gunzipSync(Buffer.from(body ?? '')).toString('utf8');
}

function encodings(receiver: FakeReceiver): readonly (string | undefined)[] {
  return receiver.requests.map(({ headers }) => headers['content-encoding']);
}

/** A receiver that does not accept compressed bodies. */
function refusing(): FakeReceiver {
  const receiver = new FakeReceiver();
  receiver.script = ({ headers }) =>
    anAnswer({ status: headers['content-encoding'] === undefined ? 202 : 415 });
  return receiver;
}

describe('compression', () => {
  const document = JSON.stringify(toDocument(aDelivery()));
  const cases = [
    ['a document', GZIP, document],
    ['a body', { ...GZIP, body: { a: '${event.reason}' } }, '{"a":"BackOff"}'],
    ['an empty body', { ...GZIP, body: '' }, ''],
    ['a batch', { ...GZIP, batch: {} }, `[${document}]`],
  ] as const;
  for (const [what, section, wanted] of cases) {
    it(`sends ${what} as gzip with content-encoding`, async () => {
      const receiver = new FakeReceiver();
      await receiver.trigger(section).fire([aDelivery()], NEVER);
      const [request] = receiver.requests;
      expect(request?.headers).to.have.property('content-encoding', 'gzip');
      expect(request === undefined ? '' : unpacked(request)).to.equal(wanted);
    });
  }

  it('signs the bytes that are sent', async () => {
    const receiver = refusing();
    const section = { ...GZIP, signing: { secretEnv: 'S' } };
    await receiver
      .trigger(section, { environment: { S: SIGNING_SECRET } })
      .fire([aDelivery()], NEVER);
    const key = Buffer.alloc(32, 7);
    for (const { headers, body } of receiver.requests) {
      const hmac = createHmac('sha256', key)
        .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
        .update(body ?? '');
      expect(headers['webhook-signature']).to.equal(`v1,${hmac.digest('base64')}`);
    }
    expect(receiver.requests).to.have.length(2);
  });

  it('is not used after a 415, in the same attempt and for an hour, at that URL', async () => {
    const clock = new FakeClock();
    const receiver = refusing();
    const trigger = receiver.trigger({ ...GZIP, url: 'https://h.test/${id}' }, { clock });
    const other = aDelivery({ id: '01kg9ynja0ffffffffffffffff' });
    const fire = async (delivery = aDelivery()): Promise<unknown> =>
      (await trigger.fire([delivery], NEVER))[0]?.outcome;
    expect(await fire()).to.equal('delivered');
    expect(encodings(receiver)).to.deep.equal(['gzip', undefined]);
    expect(bodyOf(receiver.requests[1])).to.equal(document);
    expect(receiver.requests[1]?.headers['idempotency-key']).to.equal(aDelivery().id);
    await fire();
    expect(encodings(receiver).slice(2)).to.deep.equal([undefined]);
    await fire(other);
    expect(encodings(receiver).slice(3)).to.deep.equal(['gzip', undefined]);
    await clock.advance(3_600_000);
    await fire();
    expect(encodings(receiver).slice(5)).to.deep.equal(['gzip', undefined]);
  });

  it('is used again if the receiver refused the body without it too', async () => {
    const receiver = new FakeReceiver();
    receiver.script = () => anAnswer({ status: 415 });
    const trigger = receiver.trigger(GZIP);
    const [outcome] = await trigger.fire([aDelivery()], NEVER);
    expect(outcome).to.include({ outcome: 'refused', reason: 'invalid' });
    await trigger.fire([aDelivery()], NEVER);
    expect(encodings(receiver)).to.deep.equal(['gzip', undefined, 'gzip', undefined]);
  });

  it('repeats no request after any other answer', async () => {
    for (const status of [200, 400, 409, 500, 503]) {
      const receiver = new FakeReceiver();
      receiver.script = () => anAnswer({ status });
      await receiver.trigger(GZIP).fire([aDelivery()], NEVER);
      expect(encodings(receiver), String(status)).to.deep.equal(['gzip']);
    }
  });
});
