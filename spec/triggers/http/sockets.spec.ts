// The kind http over real sockets: the bytes that arrive are the bytes that were signed, also for
// hostile Events; and the outcomes of receivers that misbehave.

import { expect } from 'chai';
import { Webhook } from 'standardwebhooks';
import type { Delivery } from '../../../lib/core/delivery.ts';
import type { EventObject } from '../../../lib/core/occurrence.ts';
import { userAgent } from '../../../lib/kit/version.ts';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { httpKind } from '../../../lib/triggers/http.ts';
import { aDelivery, anEvent } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { until } from '../../support/until.ts';
import { HOSTILE_EVENTS, NASTY } from '../support/hostile-events.ts';
import { someParts } from '../support/parts.ts';
import { SIGNING_SECRET } from './support/fake-receiver.ts';
import { type Arrived, listen } from './support/real-receiver.ts';

const ENVIRONMENT = { S: SIGNING_SECRET, T: 'a-t0ken' };

async function fire(section: HttpSection, delivery: Delivery, signal: AbortSignal = NEVER) {
  const trigger = httpKind.create(section, someParts({ environment: ENVIRONMENT }));
  try {
    return (await trigger.fire([delivery], signal))[0];
  } finally {
    await trigger[Symbol.asyncDispose]?.();
  }
}

/** Verifies a request with the official package, and returns its body. */
function verified({ headers, body }: Arrived): unknown {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return new Webhook(SIGNING_SECRET).verify(body, Object.fromEntries(texts));
}

describe('http over sockets', () => {
  it('sends a request with its headers, which the official package verifies', async () => {
    await using receiver = await listen();
    const section: HttpSection = {
      url: `${receiver.origin}/hooks/\${event.involvedObject.name}?reason=\${event.reason}`,
      headers: { 'X-Team': 'shop' },
      auth: { bearer: { tokenEnv: 'T' } },
      signing: { secretEnv: 'S' },
    };
    expect(await fire(section, aDelivery())).to.include({ outcome: 'delivered' });
    const [request] = receiver.arrived;
    expect(request).to.include({ method: 'POST', target: '/hooks/web-1?reason=BackOff' });
    expect(request?.headers).to.include({
      'idempotency-key': aDelivery().id,
      'webhook-id': aDelivery().id,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(request?.body ?? '')),
      authorization: 'Bearer a-t0ken',
      'x-team': 'shop',
      'user-agent': userAgent(),
    });
    expect(request && verified(request)).to.deep.include({ id: aDelivery().id });
  });

  const hostile: Readonly<Record<string, EventObject>> = {
    ...HOSTILE_EVENTS,
    'steps in every name': anEvent({
      involvedObject: { kind: '../..', namespace: '..', name: '.' },
      reason: '../../admin?x=1#y',
    }),
    'line breaks for headers': anEvent({ reason: 'x\r\nX-Evil: 1\r\n\r\nPOST / HTTP/1.1' }),
    'a host instead of a path': anEvent({ reason: '//evil.example.test/' }),
  };
  for (const [what, event] of Object.entries(hostile)) {
    it(`keeps values in their places and verifies: an Event with ${what}`, async () => {
      await using receiver = await listen();
      const section: HttpSection = {
        url: `${receiver.origin}/a/r-\${event.reason}/b?k=\${event.involvedObject.kind}&n=1`,
        headers: { 'X-Reason': '${event.reason}', 'X-Event': '${event}' },
        format: 'cloudevents-binary',
        signing: { secretEnv: 'S' },
      };
      expect(await fire(section, aDelivery({ event }))).to.include({ outcome: 'delivered' });
      expect(receiver.arrived).to.have.length(1);
      const [request] = receiver.arrived;
      expect(request?.target).to.match(/^\/a\/r-[^/?#]*\/b\?k=[^&#?]*&n=1$/);
      expect(request?.headers).not.to.have.property('x-evil');
      expect(request && verified(request)).to.be.an('object');
    });
  }

  it('refuses values that would move the path, without a request', async () => {
    await using receiver = await listen();
    const url = `${receiver.origin}/a/\${event.reason}/b`;
    for (const reason of ['.', '..', '']) {
      const outcome = await fire({ url }, aDelivery({ event: anEvent({ reason }) }));
      expect(outcome).to.include({ outcome: 'refused', reason: 'not-renderable' });
    }
    expect(receiver.arrived).to.deep.equal([]);
  });

  it('follows no redirect, and reports the host of it', async () => {
    await using other = await listen();
    await using receiver = await listen((_request, response) => {
      response.writeHead(307, { location: `${other.origin}/x?token=y` }).end();
    });
    const outcome = await fire(
      { url: receiver.origin, auth: { bearer: { tokenEnv: 'T' } } },
      aDelivery(),
    );
    expect(outcome).to.include({ outcome: 'retry', reason: 'redirected' });
    expect(outcome).to.have.property('detail').that.includes(new URL(other.origin).host);
    expect(JSON.stringify(outcome)).not.to.include('token=');
    expect(other.arrived).to.deep.equal([]);
  });

  it('shows no secret if the receiver echoes all headers and the body', async () => {
    await using receiver = await listen(({ headers, body }, response) => {
      response.writeHead(400).end(JSON.stringify({ headers, body }));
    });
    const section: HttpSection = {
      url: `${receiver.origin}/x?key=in-the-query`,
      headers: { 'X-Team': 'the-team-of-specs' },
      auth: { bearer: { tokenEnv: 'T' } },
      signing: { secretEnv: 'S' },
    };
    const said = JSON.stringify(await fire(section, aDelivery()));
    expect(said).to.include('bad request, 400');
    for (const secret of ['a-t0ken', SIGNING_SECRET, 'the-team-of-specs', 'in-the-query']) {
      expect(said).not.to.include(secret);
    }
  });

  it('has an unknown outcome if the connection was cut after the request', async () => {
    await using receiver = await listen((_request, response) => {
      response.destroy();
    });
    expect(await fire({ url: receiver.origin }, aDelivery())).to.include({
      ...{ outcome: 'unknown', reason: 'connection-lost' },
    });
  });

  it('has a retry if the connection was refused', async () => {
    const receiver = await listen();
    await receiver[Symbol.asyncDispose]();
    expect(await fire({ url: receiver.origin }, aDelivery())).to.include({
      ...{ outcome: 'retry', reason: 'unreachable' },
    });
  });

  it('distinguishes a stop from a timeout after the request was sent', async () => {
    await using receiver = await listen(() => undefined);
    const cases = [
      [new DOMException('time is up', 'TimeoutError'), 'timeout'],
      [new Error('the gateway stops'), 'stopped'],
    ] as const;
    for (const [place, [why, reason]] of cases.entries()) {
      const stop = new AbortController();
      const firing = fire({ url: receiver.origin }, aDelivery(), stop.signal);
      await until(() => receiver.arrived.length > place, 'the request');
      stop.abort(why);
      expect(await firing).to.include({ outcome: 'unknown', reason });
    }
  });

  it('shows no control characters of a receiver', async () => {
    await using receiver = await listen((_request, response) => {
      response.writeHead(422, { 'content-type': 'text/plain; charset=utf-8' }).end(NASTY);
    });
    const outcome = await fire({ url: receiver.origin }, aDelivery());
    expect(outcome)
      .to.have.property('detail')
      .that.matches(/^[^\p{Cc}\p{Cf}\p{Cs}]*$/u);
  });
});
