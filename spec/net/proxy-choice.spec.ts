// A request through a proxy that the environment names, and through one to which TLS is spoken,
// over real sockets.

import type { LookupFunction } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect } from 'chai';
import type { HttpClientOptions, HttpProxy } from '../../lib/net/undici-client.ts';
import { Authority, type Pair } from '../support/certificates.ts';
import { NEVER } from '../support/never.ts';
import { BASIC, CREDENTIALS, type Proxy, proxyTo } from './support/proxy.ts';
import { aClient, aRequest, httpReceiver, httpsReceiver } from './support/receiver.ts';

describe('a proxy', () => {
  let authority: Authority;
  let pair: Pair;
  before(() => {
    authority = new Authority();
    pair = authority.sign('receiver', 2, ['ci.example.test']);
  });
  after(() => authority[Symbol.dispose]());

  function trusting(proxy: HttpProxy): Partial<HttpClientOptions> {
    return { proxy, tls: { ca: authority.cert } };
  }

  describe('that the environment names', () => {
    const environmentOf = (proxy: Proxy, more: Record<string, string> = {}) => {
      const { host } = proxy.url('/');
      const url = `http://sluice:se%3Acret@${host}`;
      return { HTTP_PROXY: url, HTTPS_PROXY: url, ...more };
    };

    it('is used with the credentials of the variable', async () => {
      await using target = await httpsReceiver(pair);
      await using proxy = await proxyTo(target.port);
      const environment = environmentOf(proxy);
      const options = { proxy: 'environment', tls: { ca: authority.cert } } as const;
      await using client = aClient(options, { environment });
      for (const url of ['http://ci.example.test/hook', 'https://ci.example.test/hook']) {
        expect(await client.send(aRequest(new URL(url)), NEVER)).to.include({ status: 200 });
      }
      expect(proxy.asked).to.deep.equal([
        'POST http://ci.example.test/hook ci.example.test',
        'CONNECT ci.example.test:443 ci.example.test:443',
      ]);
      expect(proxy.authorizations).to.deep.equal([BASIC, BASIC]);
    });

    it('is bypassed for loopback and the entries of NO_PROXY, by the same client', async () => {
      await using target = await httpReceiver((_request, response) => response.end('straight'));
      await using proxy = await proxyTo(0);
      const lookup: LookupFunction = (_name, _options, callback) =>
        callback(null, [{ address: '127.0.0.1', family: 4 }]);
      const environment = environmentOf(proxy, { NO_PROXY: '.direct.test' });
      await using client = aClient({ proxy: 'environment' }, { environment, lookup });
      for (const [host, excerpt] of [
        ['127.0.0.1', 'straight'],
        ['ci.direct.test', 'straight'],
        ['ci.example.test', 'by the proxy'],
      ] as const) {
        const result = await client.send(aRequest(target.url('/', host)), NEVER);
        expect(result, host).to.include({ answered: true, excerpt });
      }
      expect(proxy.asked).to.have.length(1);
    });

    it('is ignored unless the settings request it', async () => {
      await using target = await httpReceiver((_request, response) => response.end('straight'));
      await using proxy = await proxyTo(0);
      const lookup: LookupFunction = (_name, _options, callback) =>
        callback(null, [{ address: '127.0.0.1', family: 4 }]);
      await using client = aClient({ proxy: null }, { environment: environmentOf(proxy), lookup });
      const request = aRequest(target.url('/', 'ci.example.test'));
      expect(await client.send(request, NEVER)).to.include({ excerpt: 'straight' });
      expect(proxy.asked).to.deep.equal([]);
    });

    for (const url of ['http://ci.example.test/', 'https://ci.example.test/']) {
      it(`never arrives at ${url} if the variable cannot be used, rather than without it`, async () => {
        const variables = {
          HTTP_PROXY: 'socks5://me:s3cret@x',
          HTTPS_PROXY: 'socks5://me:s3cret@x',
        };
        const lookup: LookupFunction = () => expect.fail('it went straight there');
        await using client = aClient({ proxy: 'environment' }, { environment: variables, lookup });
        const result = await client.send(aRequest(new URL(url)), NEVER);
        expect(result).to.include({ answered: false, reached: 'never', failure: 'proxy' });
        const { protocol } = new URL(url);
        const variable = protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
        expect(JSON.stringify(result)).to.include(
          `variable ${variable}: found no http or https URL`,
        );
        expect(JSON.stringify(result)).to.not.include('s3cret');
      });
    }
  });

  describe('to which TLS is spoken', () => {
    /** Runs with this authority among those that Node trusts. */
    const trustingEverywhere = async (use: () => Promise<void>): Promise<void> => {
      const before = getCACertificates('default');
      setDefaultCACertificates([...before, authority.cert]);
      try {
        await use();
      } finally {
        setDefaultCACertificates(before);
      }
    };

    it('goes to receivers of https and of http, with TLS inside TLS for the first', () =>
      trustingEverywhere(async () => {
        await using target = await httpsReceiver(pair);
        await using proxy = await proxyTo(target.port, { pair: authority.sign('proxy') });
        const url = new URL(`https://127.0.0.1:${proxy.port}`);
        await using client = aClient(trusting({ url, credentials: CREDENTIALS }));
        const secured = aRequest(new URL('https://ci.example.test/hook'));
        expect(await client.send(secured, NEVER)).to.include({ answered: true, status: 200 });
        const plain = aRequest(new URL('http://ci.example.test/hook'));
        expect(await client.send(plain, NEVER)).to.include({ excerpt: 'by the proxy' });
        expect(proxy.asked).to.deep.equal([
          'CONNECT ci.example.test:443 ci.example.test:443',
          'POST http://ci.example.test/hook ci.example.test',
        ]);
        expect(proxy.authorizations).to.deep.equal([BASIC, BASIC]);
      }));

    for (const url of ['http://ci.example.test/', 'https://ci.example.test/']) {
      it(`never arrives at ${url} if its certificate is not good, and names the proxy`, async () => {
        await using proxy = await proxyTo(0, { pair: authority.sign('proxy') });
        const settings = { url: new URL(`https://127.0.0.1:${proxy.port}`) };
        await using client = aClient(trusting(settings));
        const result = await client.send(aRequest(new URL(url)), NEVER);
        expect(result).to.include({ answered: false, reached: 'never', failure: 'proxy' });
        expect(result)
          .to.have.property('detail')
          .that.includes(`proxy 127.0.0.1:${proxy.port}: UNABLE_TO_VERIFY_LEAF_SIGNATURE`);
        expect(proxy.asked).to.deep.equal([]);
      });
    }

    it('is not made to a proxy of https at a forbidden address', async () => {
      await using client = aClient({ proxy: { url: new URL('https://[2002:a9fe:a9fe::1]') } });
      const result = await client.send(aRequest(new URL('https://ci.example.test/')), NEVER);
      expect(result).to.include({ reached: 'never', failure: 'forbidden-address' });
    });
  });
});
