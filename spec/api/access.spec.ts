// Who may ask: the rules as a function, each row one promise.

import { expect } from 'chai';
import {
  type AccessRules,
  type Caller,
  strayRefusal,
  type TokenCheck,
  tokenRefusal,
} from '../../lib/api/access.ts';

const HERE: Caller = {
  remoteAddress: '127.0.0.1',
  localAddress: '127.0.0.1',
  hosts: ['127.0.0.1:8081'],
  origin: undefined,
  fetchSite: undefined,
  fetchMode: undefined,
};
const OUTSIDE: Caller = {
  ...HERE,
  remoteAddress: '10.0.0.9',
  localAddress: '10.0.0.7',
  hosts: ['10.0.0.7:8081'],
};
const LOOPBACK: AccessRules = {
  listenHost: '127.0.0.1',
  hosts: new Set(['sluice.svc']),
  requireToken: false,
};
const ANYWHERE: AccessRules = { ...LOOPBACK, listenHost: '0.0.0.0' };
const STRICT: AccessRules = { ...LOOPBACK, requireToken: true };

describe('the Host and Origin of a request', () => {
  const hosts: readonly (readonly [hosts: readonly string[], status: number | null])[] = [
    [['localhost'], null],
    [['LOCALHOST:9'], null],
    [['127.0.0.1:8081'], null],
    [['[::1]:8081'], null],
    [['sluice.svc'], null],
    [['SLUICE.svc:80'], null],
    [['evil.example'], 421],
    [['127.0.0.1.evil.example'], 421],
    [['localhost.evil.example:8081'], 421],
    [['10.0.0.7'], 421],
    [[], 400],
    [['localhost', 'evil.example'], 400],
    [['user@localhost'], 400],
    [['localhost:port'], 400],
    [['[::1'], 400],
    [[''], 400],
  ];
  for (const [names, status] of hosts) {
    it(`answers Host ${JSON.stringify(names)} with ${status ?? 'what was asked for'}`, () => {
      expect(strayRefusal({ ...HERE, hosts: names }, LOOPBACK)?.status ?? null).to.equal(status);
    });
  }

  it('takes the address that was connected to, as no name can be made to be it', () => {
    expect(strayRefusal(OUTSIDE, ANYWHERE)).to.equal(null);
    expect(strayRefusal({ ...OUTSIDE, localAddress: '::ffff:10.0.0.7' }, ANYWHERE)).to.equal(null);
    expect(strayRefusal({ ...OUTSIDE, hosts: ['10.0.0.8'] }, ANYWHERE)?.status).to.equal(421);
  });

  const origins: readonly (readonly [host: string, origin: string, status: number | null])[] = [
    ['localhost:8081', 'http://localhost:8081', null],
    ['localhost:8081', 'HTTP://LOCALHOST:8081', null],
    ['sluice.svc', 'https://sluice.svc', null],
    ['sluice.svc:443', 'https://sluice.svc', null],
    ['localhost:8081', 'http://localhost:8082', 403],
    ['localhost:8081', 'http://localhost', 403],
    ['localhost:8081', 'http://evil.example', 403],
    ['localhost:8081', 'http://localhost:8081@evil.example', 403],
    ['localhost:8081', 'file://localhost:8081', 403],
    ['localhost:8081', 'null', 403],
    ['localhost:8081', '', 403],
  ];
  for (const [host, origin, status] of origins) {
    it(`answers Origin ${origin} at ${host} with ${status ?? 'what was asked for'}`, () => {
      const caller = { ...HERE, hosts: [host], origin };
      expect(strayRefusal(caller, LOOPBACK)?.status ?? null).to.equal(status);
    });
  }

  const fetches: readonly (readonly [site: string, mode: string, status: number | null])[] = [
    ['same-origin', 'cors', null],
    ['none', 'navigate', null],
    ['cross-site', 'navigate', null],
    ['cross-site', 'no-cors', 403],
    ['same-site', 'cors', 403],
  ];
  for (const [fetchSite, fetchMode, status] of fetches) {
    it(`answers a ${fetchSite} ${fetchMode} fetch with ${status ?? 'what was asked for'}`, () => {
      const caller = { ...HERE, fetchSite, fetchMode };
      expect(strayRefusal(caller, LOOPBACK)?.status ?? null).to.equal(status);
    });
  }
});

describe('the token of a request', () => {
  type Row = readonly [
    what: string,
    Caller,
    AccessRules,
    [read: number | null, write: number | null],
  ];
  const rows: Readonly<Record<TokenCheck, readonly Row[]>> = {
    right: [
      ['from loopback', HERE, LOOPBACK, [null, null]],
      ['from outside', OUTSIDE, ANYWHERE, [null, null]],
      ['from loopback where it is required', HERE, STRICT, [null, null]],
    ],
    wrong: [
      ['from loopback', HERE, LOOPBACK, [401, 401]],
      ['from outside', OUTSIDE, ANYWHERE, [401, 401]],
    ],
    absent: [
      ['from loopback', HERE, LOOPBACK, [null, 401]],
      ['from loopback on a listener for all', HERE, ANYWHERE, [401, 401]],
      ['from outside', OUTSIDE, ANYWHERE, [401, 401]],
      ['under a name of http.hosts', { ...HERE, hosts: ['sluice.svc'] }, LOOPBACK, [401, 401]],
      ['from loopback where it is required', HERE, STRICT, [401, 401]],
    ],
    unset: [
      ['from loopback', HERE, LOOPBACK, [null, 503]],
      ['from loopback on a listener for all', HERE, ANYWHERE, [503, 503]],
      ['from outside', OUTSIDE, ANYWHERE, [503, 503]],
      ['under a name of http.hosts', { ...HERE, hosts: ['sluice.svc'] }, LOOPBACK, [503, 503]],
      ['from loopback where it is required', HERE, STRICT, [503, 503]],
    ],
  };
  for (const check of ['right', 'wrong', 'absent', 'unset'] as const) {
    for (const [what, caller, rules, [read, write]] of rows[check]) {
      it(`that is ${check}, ${what}: reads ${read ?? 'pass'}, writes ${write ?? 'pass'}`, () => {
        const status = (isRead: boolean): number | null =>
          tokenRefusal(caller, { isRead, check, rules })?.status ?? null;
        expect([status(true), status(false)]).to.deep.equal([read, write]);
      });
    }
  }

  it('is described as needed for every request if it is required', () => {
    const detail = (check: TokenCheck): string =>
      tokenRefusal(HERE, { isRead: true, check, rules: STRICT })?.detail ?? '';
    expect(detail('absent')).to.match(/^every request to this listener needs the header Auth/);
    expect(detail('unset')).to.include('requires a token and has no usable token');
  });

  it('is asked for with a challenge', () => {
    const headers = (check: TokenCheck): unknown =>
      tokenRefusal(OUTSIDE, { isRead: true, check, rules: ANYWHERE })?.headers;
    expect(headers('absent')).to.deep.equal({ 'WWW-Authenticate': 'Bearer realm="sluice"' });
    expect(headers('wrong')).to.deep.equal({
      'WWW-Authenticate': 'Bearer realm="sluice", error="invalid_token"',
    });
  });
});
