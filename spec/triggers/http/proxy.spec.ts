// The proxy of a trigger: its own, none, or that of the environment; and the observation of it.

import { expect } from 'chai';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { httpKind } from '../../../lib/triggers/http.ts';
import { aDelivery } from '../../support/builders.ts';
import { recordingObserve } from '../../support/doubles/observe.ts';
import { NEVER } from '../../support/never.ts';
import { someParts } from '../support/parts.ts';
import { FakeReceiver } from './support/fake-receiver.ts';
import { listen } from './support/real-receiver.ts';

const PROXY = 'http://proxy.example.test:3128';
const ENVIRONMENT = {
  HTTP_PROXY: 'http://me:s3cret@proxy.example.test:3128',
  NO_PROXY: '.here.test',
};

describe('the proxy of an http trigger', () => {
  type Row = readonly [
    what: string,
    section: Partial<HttpSection>,
    setting: unknown,
    from: string | null,
  ];
  const rows: readonly Row[] = [
    [
      'that of the environment',
      { url: 'http://ci.test/${event.reason}' },
      'environment',
      'HTTP_PROXY',
    ],
    ['none for hosts in NO_PROXY', { url: 'http://ci.here.test/' }, 'environment', null],
    ['none for loopback', { url: 'http://127.0.0.1:9000/' }, 'environment', null],
    ['none for https without its variable', { url: 'https://ci.test/' }, 'environment', null],
    ['none by proxy: none', { url: 'http://ci.test/', proxy: 'none' }, null, null],
    [
      'its own, whatever the environment says',
      { url: 'http://ci.here.test/', proxy: { url: PROXY } },
      { url: new URL(PROXY) },
      'proxy',
    ],
  ];
  for (const [what, section, setting, from] of rows) {
    it(`is ${what}, and is reported when the trigger is created`, async () => {
      const { observe, of } = recordingObserve();
      const receiver = new FakeReceiver();
      const trigger = receiver.trigger(section, { observe, environment: ENVIRONMENT });
      const said = { kind: 'proxy-used', trigger: 'diagnose', proxy: PROXY, from };
      expect(of('proxy-used')).to.deep.equal(from === null ? [] : [said]);
      await trigger.fire([aDelivery()], NEVER);
      await trigger.fire([aDelivery()], NEVER);
      expect(receiver.clients.map(({ proxy }) => proxy)).to.deep.equal([setting]);
      expect(of('proxy-used')).to.have.length(from === null ? 0 : 1);
    });
  }

  it('gets requests in absolute form, and none of a trigger without a proxy', async () => {
    await using proxy = await listen();
    const environment = { http_proxy: proxy.origin };
    const fired = async (section: HttpSection) => {
      const trigger = httpKind.create(section, someParts({ environment }));
      const outcomes = await trigger.fire([aDelivery()], NEVER);
      await trigger[Symbol.asyncDispose]?.();
      return outcomes[0]?.outcome;
    };
    const url = 'http://ci.example.invalid/hook';
    expect(await fired({ url })).to.equal('delivered');
    expect(proxy.arrived.map(({ target }) => target)).to.deep.equal([url]);
    // The name resolves nowhere.
    expect(await fired({ url, proxy: 'none' })).to.equal('retry');
    expect(proxy.arrived).to.have.length(1);
  });

  const receivers: readonly (readonly [section: HttpSection, receiver: string | null])[] = [
    [{ url: 'https://ci.test:8443/a/${id}?x=${id}' }, 'https://ci.test:8443/'],
    [{ url: 'http://[2001:db8::1]?x' }, 'http://[2001:db8::1]/'],
    [{ url: 'https://ci.test/', proxy: 'none' }, null],
    [{ url: 'https://ci.test/', proxy: { url: PROXY } }, null],
    [{ url: 'nonsense' }, null],
  ];
  for (const [section, receiver] of receivers) {
    it(`of the environment is chosen for ${receiver ?? 'no receiver'} if the URL is ${section.url}`, () => {
      expect(httpKind.receiver?.(section)?.href ?? null).to.equal(receiver);
    });
  }
});
