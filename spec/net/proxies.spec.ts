// The proxy that the variables of an environment choose for an address, and the faults of variables
// that cannot be used.

import { expect } from 'chai';
import { targetOf } from '../../lib/net/address.ts';
import { type EnvironmentRoute, environmentProxies, parseProxy } from '../../lib/net/proxies.ts';

const PROXY = 'http://proxy.example.test:3128';
const OTHER = 'http://other.example.test:3128';

type Variables = Readonly<Record<string, string>>;

function routeTo(url: string, environment: Variables): EnvironmentRoute {
  return environmentProxies(environment).routeTo(targetOf(new URL(url)));
}

/** The proxy and the variable that names it; else how the place is reached. */
function shown(route: EnvironmentRoute): string {
  if (route.kind === 'proxy') return `${route.proxy.url.origin} by ${route.variable}`;
  return route.kind;
}

describe('the proxy that the environment chooses', () => {
  const rows: readonly (readonly [url: string, environment: Variables, expected: string])[] = [
    ['http://ci.test/', {}, 'direct'],
    ['http://ci.test/', { HTTP_PROXY: PROXY }, `${PROXY} by HTTP_PROXY`],
    ['http://ci.test/', { http_proxy: PROXY }, `${PROXY} by http_proxy`],
    ['http://ci.test/', { http_proxy: PROXY, HTTP_PROXY: OTHER }, `${PROXY} by http_proxy`],
    ['http://ci.test/', { http_proxy: '', HTTP_PROXY: PROXY }, `${PROXY} by HTTP_PROXY`],
    ['http://ci.test/', { HTTP_PROXY: '' }, 'direct'],
    ['http://ci.test/', { HTTPS_PROXY: PROXY }, 'direct'],
    ['https://ci.test/', { HTTPS_PROXY: PROXY }, `${PROXY} by HTTPS_PROXY`],
    ['https://ci.test/', { https_proxy: PROXY }, `${PROXY} by https_proxy`],
    ['https://ci.test/', { HTTP_PROXY: PROXY }, 'direct'],
    ['https://ci.test/', { ALL_PROXY: PROXY }, 'direct'],
    ['http://ci.test/', { HTTP_PROXY: 'proxy.example.test:3128' }, `${PROXY} by HTTP_PROXY`],
    ['http://ci.test/', { HTTP_PROXY: `${PROXY}/path?x#y` }, `${PROXY} by HTTP_PROXY`],
    ['http://ci.test/', { HTTP_PROXY: PROXY, REQUEST_METHOD: 'GET' }, 'direct'],
    [
      'http://ci.test/',
      { http_proxy: PROXY, HTTP_PROXY: OTHER, REQUEST_METHOD: 'GET' },
      `${PROXY} by http_proxy`,
    ],
    ['https://ci.test/', { HTTPS_PROXY: PROXY, REQUEST_METHOD: 'GET' }, `${PROXY} by HTTPS_PROXY`],
  ];
  for (const [url, environment, expected] of rows) {
    it(`for ${url} by ${JSON.stringify(environment)}: ${expected}`, () => {
      expect(shown(routeTo(url, environment))).to.equal(expected);
    });
  }

  const loopback = [
    'http://localhost/',
    'http://LOCALHOST:8080/',
    'http://localhost./',
    'http://ci.localhost/',
    'http://127.0.0.1/',
    'http://127.9.9.9:9000/',
    'http://2130706433/',
    'http://[::1]:9000/',
    'http://[::ffff:127.0.0.1]/',
    'https://localhost/',
  ];
  for (const url of loopback) {
    it(`is none for ${url}`, () => {
      expect(shown(routeTo(url, { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY }))).to.equal('direct');
    });
  }

  const exceptions: readonly (readonly [noProxy: string, url: string, isExcepted: boolean])[] = [
    ['*', 'http://ci.test/', true],
    ['a.test,*', 'http://10.0.0.1/', true],
    ['ci.test', 'http://ci.test/', true],
    ['ci.test', 'http://CI.TEST/', true],
    ['CI.test', 'http://ci.test./', true],
    ['ci.test', 'http://a.ci.test/', true],
    ['ci.test', 'http://bci.test/', false],
    ['ci.test', 'http://ci.test.evil/', false],
    ['.ci.test', 'http://a.ci.test/', true],
    ['.ci.test', 'http://ci.test/', false],
    ['*.ci.test', 'http://a.b.ci.test/', true],
    ['*.ci.test', 'http://ci.test/', false],
    ['ci.test.', 'http://ci.test/', true],
    ['bücher.test', 'http://xn--bcher-kva.test/', true],
    [' a.test , ci.test ', 'http://ci.test/', true],
    ['a.test ci.test', 'http://ci.test/', true],
    ['ci.test:8080', 'http://ci.test:8080/', true],
    ['ci.test:8080', 'http://ci.test/', false],
    ['ci.test:80', 'http://ci.test/', true],
    ['ci.test:443', 'https://ci.test/', true],
    ['.ci.test:443', 'https://a.ci.test/', true],
    ['10.0.0.1', 'http://10.0.0.1/', true],
    ['10.0.0.1', 'http://10.0.0.2/', false],
    ['10.0.0.1', 'http://[::ffff:10.0.0.1]/', true],
    ['10.0.0.1:9000', 'http://10.0.0.1:9000/', true],
    ['10.0.0.1:9000', 'http://10.0.0.1/', false],
    ['10.0.0.0/8', 'http://10.255.0.1/', true],
    ['10.0.0.0/8', 'http://11.0.0.1/', false],
    ['10.1.2.3/8', 'http://10.9.9.9/', true],
    ['10.0.0.0/8', 'http://ten.test/', false],
    ['0.0.0.0/0', 'http://8.8.8.8/', true],
    ['2001:db8::1', 'http://[2001:db8::1]/', true],
    ['[2001:db8::1]', 'http://[2001:db8:0:0::1]/', true],
    ['[2001:db8::1]:9000', 'http://[2001:db8::1]:9000/', true],
    ['[2001:db8::1]:9000', 'http://[2001:db8::1]/', false],
    ['2001:db8::/32', 'http://[2001:db8:1::1]/', true],
    ['[2001:db8::]/32', 'http://[2001:db8:1::1]/', true],
    ['2001:db8::/32', 'http://[2001:db9::1]/', false],
    ['a.test', 'http://ci.test/', false],
  ];
  for (const [noProxy, url, isExcepted] of exceptions) {
    it(`is ${isExcepted ? 'none' : 'used'} for ${url} by NO_PROXY=${noProxy}`, () => {
      const environment = { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, NO_PROXY: noProxy };
      expect(routeTo(url, environment).kind).to.equal(isExcepted ? 'direct' : 'proxy');
      expect(environmentProxies(environment).faults).to.deep.equal([]);
    });
  }

  it('follows no_proxy before NO_PROXY', () => {
    const environment = { HTTP_PROXY: PROXY, no_proxy: 'a.test', NO_PROXY: 'ci.test' };
    expect(routeTo('http://ci.test/', environment).kind).to.equal('proxy');
    expect(routeTo('http://a.test/', environment).kind).to.equal('direct');
  });

  it('has the decoded credentials of its URL and lists them as secrets', () => {
    const environment = { HTTP_PROXY: 'http://me%40x:p%2Fw@proxy.example.test:3128' };
    const route = routeTo('http://ci.test/', environment);
    expect(route).to.deep.include({
      proxy: { url: new URL(PROXY), credentials: { username: 'me@x', password: 'p/w' } },
    });
    const pair = Buffer.from('me@x:p/w').toString('base64');
    expect(environmentProxies(environment).secrets).to.deep.equal(['p/w', pair]);
  });
});

describe('variables that cannot be used', () => {
  const SECRET = 'hunter2';
  const urls: readonly (readonly [what: string, value: string, found: string])[] = [
    ['no URL', `http://me:${SECRET}@proxy:none`, 'found no http or https URL'],
    ['SOCKS', `socks5://me:${SECRET}@proxy.example.test`, 'found no http or https URL'],
    ['a space', `http://me:${SECRET}@pro xy`, 'found no http or https URL'],
    ['a wrong escape', `http://me:%zz${SECRET}@proxy.example.test`, 'found a % in the user name'],
  ];
  for (const [what, value, found] of urls) {
    for (const variable of ['HTTP_PROXY', 'https_proxy']) {
      it(`make requests fail and are named, not quoted: ${variable} with ${what}`, () => {
        const environment = { [variable]: value };
        const scheme = variable === 'HTTP_PROXY' ? 'http' : 'https';
        const route = routeTo(`${scheme}://ci.test/`, environment);
        expect(route).to.include({ kind: 'unusable', variable });
        const { faults } = environmentProxies(environment);
        expect(faults).to.have.length(1);
        expect(faults[0]?.fault).to.include(found).and.include('(expected ');
        expect(JSON.stringify([route, faults])).to.not.include(SECRET);
      });
    }
  }

  it('do not matter for an address that NO_PROXY excepts', () => {
    const environment = { HTTP_PROXY: 'socks5://x', NO_PROXY: 'ci.test' };
    expect(routeTo('http://ci.test/', environment).kind).to.equal('direct');
    expect(environmentProxies(environment).faults).to.have.length(1);
  });

  const entries = [
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/',
    '10.0.0/8',
    '192.168.',
    '10.',
    'http://ci.test',
    'ci.test/path',
    '*ci.test',
    'ci.*.test',
    '192.168.*',
    ':8080',
    'ci.test:port',
    '[2001:db8::1',
    '.',
    `me:${SECRET}@ci.test`,
  ];
  for (const entry of entries) {
    it(`are those of NO_PROXY with the entry ${entry}, by its number`, () => {
      const { faults } = environmentProxies({ no_proxy: `a.test, ${entry}` });
      expect(faults).to.have.length(1);
      expect(faults[0]).to.include({ variable: 'no_proxy' });
      expect(faults[0]?.fault).to.match(/^found no host in entry 2 \(expected /);
      expect(faults[0]?.fault).to.not.include(SECRET);
    });
  }
});

describe('the URL of a proxy', () => {
  it('may be https, and is http if it names no scheme', () => {
    const urls = ['https://proxy.example.test', 'proxy.example.test', '10.0.0.1:3128', '[::1]:1'];
    const origins = urls.map((url) => {
      const parsed = parseProxy(url);
      return parsed.ok ? parsed.proxy.url.origin : parsed.fault;
    });
    expect(origins).to.deep.equal([
      'https://proxy.example.test',
      'http://proxy.example.test',
      'http://10.0.0.1:3128',
      'http://[::1]:1',
    ]);
  });
});
