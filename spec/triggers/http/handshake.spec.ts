// The handshake of the CloudEvents webhook profile: one for each URL, and nothing is sent before the
// receiver gave permission.

import { expect } from 'chai';
import type { HttpResult } from '../../../lib/net/http-client.ts';
import { aDelivery } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import { until } from '../../support/until.ts';
import { aFailure, anAnswer, FakeReceiver, URL_OF_SPECS } from './support/fake-receiver.ts';

const ORIGIN = 'sluice.example.test';
const SECTION = { handshake: { origin: ORIGIN, rate: 120 } };

function answering(result: HttpResult): FakeReceiver {
  const receiver = new FakeReceiver();
  receiver.script = ({ method }) => (method === 'OPTIONS' ? result : anAnswer());
  return receiver;
}

const allowed = (origin: string): HttpResult =>
  anAnswer({ headers: { 'webhook-allowed-origin': origin } });

describe('the handshake', () => {
  it('asks before the first delivery, with origin, rate and credentials', async () => {
    const receiver = answering(allowed(ORIGIN));
    const section = { ...SECTION, auth: { bearer: { tokenEnv: 'T' } } };
    const trigger = receiver.trigger(section, { environment: { T: 'x' } });
    await trigger.fire([aDelivery()], NEVER);
    await trigger.fire([aDelivery()], NEVER);
    expect(receiver.requests.map(({ method }) => method)).to.deep.equal([
      'OPTIONS',
      'POST',
      'POST',
    ]);
    expect(receiver.requests[0]).to.deep.include({
      url: new URL(URL_OF_SPECS),
      body: null,
      headers: {
        'webhook-request-origin': ORIGIN,
        'webhook-request-rate': '120',
        authorization: 'Bearer x',
      },
    });
  });

  it('shows no credentials that the receiver echoes as the allowed origin', async () => {
    const receiver = answering(allowed('Bearer a-secret-token'));
    const section = { ...SECTION, auth: { bearer: { tokenEnv: 'T' } } };
    const trigger = receiver.trigger(section, { environment: { T: 'a-secret-token' } });
    const [outcome] = await trigger.fire([aDelivery()], NEVER);
    expect(outcome).to.have.property('detail').that.includes('[redacted]');
    expect(outcome).to.have.property('detail').that.does.not.include('secret-token');
  });

  it('is not made if it is not configured', async () => {
    const receiver = new FakeReceiver();
    await receiver.trigger().fire([aDelivery()], NEVER);
    expect(receiver.requests.map(({ method }) => method)).to.deep.equal(['POST']);
  });

  for (const origin of ['*', ORIGIN.toUpperCase(), ` ${ORIGIN} `]) {
    it(`permits deliveries with the origin ${JSON.stringify(origin)}`, async () => {
      const trigger = answering(allowed(origin)).trigger(SECTION);
      const [outcome] = await trigger.fire([aDelivery()], NEVER);
      expect(outcome).to.include({ outcome: 'delivered' });
    });
  }

  const refusals = [
    ['another origin', allowed('other.example.test'), 'not-permitted'],
    ['no header', anAnswer(), 'not-permitted'],
    ['405', anAnswer({ status: 405 }), 'not-permitted'],
    ['410', anAnswer({ status: 410 }), 'not-permitted'],
    ['a redirect', anAnswer({ status: 302 }), 'redirected'],
    ['401', anAnswer({ status: 401 }), 'unauthorized'],
    ['429', anAnswer({ status: 429 }), 'throttled'],
    ['500', anAnswer({ status: 500 }), 'unavailable'],
    ['a cut connection', aFailure(), 'unreachable'],
    ['no connection', aFailure({ reached: 'never', failure: 'refused' }), 'unreachable'],
  ] as const;
  for (const [what, result, reason] of refusals) {
    it(`permits nothing with ${what}: nothing is sent, and the next attempt asks again`, async () => {
      const receiver = answering(result);
      const trigger = receiver.trigger(SECTION);
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        const [outcome] = await trigger.fire([aDelivery()], NEVER);
        expect(outcome).to.include({ outcome: 'retry', reason });
        expect(outcome).to.have.property('detail').that.includes(`OPTIONS ${URL_OF_SPECS}: `);
        expect(receiver.requests.map(({ method }) => method)).to.deep.equal(
          Array(attempt).fill('OPTIONS'),
        );
      }
    });
  }

  for (const status of [303, 403, 410, 429, 500]) {
    it(`keeps the pause that the receiver asks for, also with ${status}`, async () => {
      const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' };
      const trigger = answering(anAnswer({ status, headers })).trigger(SECTION);
      const [outcome] = await trigger.fire([aDelivery()], NEVER);
      expect(outcome).to.include({ outcome: 'retry', pauseMs: 60_000 });
    });
  }

  it('is made again after a day, for another path, and after a refused delivery', async () => {
    const clock = new FakeClock();
    const receiver = answering(allowed('*'));
    const url = 'https://ci.example.test/${event.reason}?x=${id}';
    const trigger = receiver.trigger({ ...SECTION, url }, { clock });
    const handshakes = (): number => receiver.requests.length - receiver.sent.length;
    const failed = aDelivery({ event: { reason: 'Failed' } });

    await trigger.fire([aDelivery()], NEVER);
    await trigger.fire([aDelivery({ id: '01kg9ynja0ffffffffffffffff' })], NEVER);
    expect(handshakes()).to.equal(1);
    await trigger.fire([failed], NEVER);
    expect(handshakes()).to.equal(2);
    await clock.advance(86_400_000);
    await trigger.fire([aDelivery()], NEVER);
    expect(handshakes()).to.equal(3);
    receiver.script = ({ method }) =>
      method === 'OPTIONS' ? allowed('*') : anAnswer({ status: 410 });
    await trigger.fire([aDelivery()], NEVER);
    await trigger.fire([aDelivery()], NEVER);
    expect(handshakes()).to.equal(4);
  });

  it('is one request for attempts at the same time, and each can be aborted', async () => {
    const receiver = new FakeReceiver();
    receiver.silent = true;
    const trigger = receiver.trigger(SECTION);
    const stops = [new AbortController(), new AbortController()] as const;
    const attempts = stops.map(({ signal }) => trigger.fire([aDelivery()], signal));
    await until(() => receiver.requests.length === 1, 'the handshake');
    stops[1].abort();
    expect((await attempts[1])?.[0]).to.include({ outcome: 'retry', reason: 'unavailable' });
    stops[0].abort(new DOMException('time is up', 'TimeoutError'));
    expect((await attempts[0])?.[0]).to.include({ outcome: 'retry', reason: 'unreachable' });
    expect(receiver.requests).to.have.length(1);
  });
});
