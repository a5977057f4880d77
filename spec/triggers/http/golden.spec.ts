// Every format against its golden file: the request line, the headers in their order and the body, byte
// for byte, as the kind passes them to the client.

import { expect } from 'chai';
import type { Delivery } from '../../../lib/core/delivery.ts';
import type { HttpRequest } from '../../../lib/net/http-client.ts';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { aDelivery, anAttempt } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { expectGolden } from '../../support/golden.ts';
import { NEVER } from '../../support/never.ts';
import { bodyOf, FakeReceiver, SIGNING_SECRET } from './support/fake-receiver.ts';

// A second attempt: its number must be in a header and nowhere else.
const DELIVERY: Delivery = aDelivery({
  trigger: 'hook',
  attempts: [1, 2].map((number) => anAttempt({ number, at: Date.UTC(2026, 0, 31, 12, number) })),
});

const SECTION: Partial<HttpSection> = {
  url: 'https://ci.example.test/hooks/${event.involvedObject.namespace}?reason=${event.reason}',
  headers: { 'X-Team': 'shop', 'X-Message': '${event.message}' },
  auth: { bearer: { tokenEnv: 'TOKEN' } },
  signing: { secretEnv: 'SIGNING' },
};

const WITHOUT_EVENT: Partial<HttpSection> = {
  ...SECTION,
  url: 'https://ci.example.test/hooks/${cluster.name}',
  headers: { 'X-Team': 'shop' },
};

function rendered(sent: HttpRequest): string {
  const { method, url, headers } = sent;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  const request = `${method} ${url.pathname}${url.search} HTTP/1.1\nhost: ${url.host}\n`;
  return `${request}${lines.join('')}\n${bodyOf(sent)}`;
}

describe('golden requests', () => {
  const cases = [
    { file: 'http-document.txt', section: SECTION, deliveries: [DELIVERY] },
    { file: 'http-event.txt', section: { ...SECTION, format: 'event' }, deliveries: [DELIVERY] },
    {
      file: 'http-cloudevents.txt',
      section: { ...SECTION, format: 'cloudevents' },
      deliveries: [DELIVERY],
    },
    {
      file: 'http-cloudevents-binary.txt',
      section: { ...SECTION, format: 'cloudevents-binary' },
      deliveries: [DELIVERY],
    },
    {
      file: 'http-batch.txt',
      section: { ...WITHOUT_EVENT, batch: {} },
      deliveries: [DELIVERY, aDelivery({ id: '01kg9ynja0ffffffffffffffff' })],
    },
    {
      file: 'http-cloudevents-batch.txt',
      section: { ...WITHOUT_EVENT, format: 'cloudevents', batch: {} },
      deliveries: [DELIVERY, aDelivery({ id: '01kg9ynja0ffffffffffffffff' })],
    },
  ] as const;
  for (const { file, section, deliveries } of cases) {
    it(`match ${file}`, async () => {
      const receiver = new FakeReceiver();
      const environment = { TOKEN: 'a-token', SIGNING: SIGNING_SECRET };
      const parts = { environment, clock: new FakeClock(), random: () => 0.5 };
      const outcomes = await receiver.trigger(section, parts).fire(deliveries, NEVER);
      expect(outcomes.every(({ outcome }) => outcome === 'delivered')).to.equal(true);
      expectGolden(file, `${receiver.requests.map(rendered).join('\n\n')}\n`);
    });
  }
});
