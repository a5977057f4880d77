// From `http:` to planned listeners: addresses, their defaults, the token.

import { expect } from 'chai';
import { codes, plan, TRIGGERS } from './plans.ts';

describe('the listeners of a plan', () => {
  it('takes the token file and further names of the API as they are written', () => {
    const { http } = plan(
      'version: 1\nhttp: { api: "0.0.0.0:81", tokenFile: t, hosts: [a.svc, B] }',
    );
    expect(http).to.deep.include({ api: { host: '0.0.0.0', port: 81 }, tokenFile: 't' });
    expect(http.hosts).to.deep.equal(['a.svc', 'B']);
    for (const host of ['a:81', 'http://a', 'a/b', '"*"', "''"]) {
      expect(codes(`version: 1\nhttp: { hosts: [${host}] }`).map(([, path]) => path)).to.deep.equal(
        ['/http/hosts/0'],
      );
    }
  });

  const NO_PATHS = { live: null, ready: null, health: null, metrics: '/metrics' };
  for (const [text, expected] of [
    [
      '"0.0.0.0:90"',
      { probes: { host: '0.0.0.0', port: 90 }, probePaths: NO_PATHS, heartbeat: null },
    ],
    ['{ address: off }', { probes: null, probePaths: NO_PATHS, heartbeat: null }],
    [
      '{ paths: { live: /live, health: /__/health, metrics: /__/metrics } }',
      { probePaths: { ...NO_PATHS, live: '/live', health: '/__/health', metrics: '/__/metrics' } },
    ],
    ['{ heartbeat: {} }', { heartbeat: { file: 'heartbeat', everyMs: 10_000 } }],
    ['{ heartbeat: { file: /x/y, every: 5s } }', { heartbeat: { file: '/x/y', everyMs: 5_000 } }],
  ] as const) {
    it(`reads the probes ${text}`, () => {
      expect(plan(`version: 1\nhttp: { probes: ${text} }`).http).to.deep.include(expected);
    });
  }

  for (const [text, code, path] of [
    ['{ address: nowhere }', 'wrong-value', '/http/probes/address'],
    ['{ paths: { live: live } }', 'wrong-value', '/http/probes/paths/live'],
    ['{ paths: { live: "/a?b" } }', 'wrong-value', '/http/probes/paths/live'],
    ['{ paths: { live: /:any } }', 'wrong-value', '/http/probes/paths/live'],
    ['{ paths: { live: /a, ready: /a } }', 'wrong-value', '/http/probes/paths/ready'],
    ['{ paths: { ready: /healthz } }', 'wrong-value', '/http/probes/paths/ready'],
    // Requests do not distinguish upper and lower case.
    ['{ paths: { live: /a, ready: /A } }', 'wrong-value', '/http/probes/paths/ready'],
    ['{ paths: { ready: /Healthz } }', 'wrong-value', '/http/probes/paths/ready'],
    ['{ paths: { health: /metrics } }', 'wrong-value', '/http/probes/paths/health'],
    ['{ paths: { metrics: /a, live: /a } }', 'wrong-value', '/http/probes/paths/live'],
    ['{ path: { live: /a } }', 'unknown-key', '/http/probes/path'],
    ['{ heartbeat: { every: 10ms } }', 'wrong-value', '/http/probes/heartbeat/every'],
  ] as const) {
    it(`refuses the probes ${text}`, () => {
      expect(codes(`version: 1\nhttp: { probes: ${text} }`)).to.deep.equal([[code, path]]);
    });
  }

  const apis: readonly (readonly [text: string, api: object | null, requireToken: boolean])[] = [
    ['127.0.0.1:81', { host: '127.0.0.1', port: 81 }, false],
    ['{ requireToken: true }', { host: '127.0.0.1', port: 8081 }, true],
    ['{ address: "0.0.0.0:81" }', { host: '0.0.0.0', port: 81 }, false],
    ['{ address: "[::1]:81", requireToken: true }', { host: '::1', port: 81 }, true],
    ['{ address: off }', null, false],
    ['{}', { host: '127.0.0.1', port: 8081 }, false],
  ];
  for (const [text, api, requireToken] of apis) {
    it(`reads the API listener ${text}`, () => {
      const { http } = plan(`version: 1\nhttp: { api: ${text} }`);
      expect(http).to.deep.include({ api, requireToken });
    });
  }

  const badApis = [
    ['{ address: nowhere }', 'wrong-value', '/http/api/address'],
    ['{ requireTokens: true }', 'unknown-key', '/http/api/requireTokens'],
    ['{ requireToken: yes please }', 'wrong-type', '/http/api/requireToken'],
    ['true', 'wrong-type', '/http/api'],
  ] as const;
  for (const [text, code, path] of badApis) {
    it(`refuses the API listener ${text}`, () => {
      expect(codes(`version: 1\nhttp: { api: ${text} }`)).to.deep.include([code, path]);
    });
  }

  for (const [runsIn, host, port] of [
    ['pod', '0.0.0.0', 8080],
    ['machine', '127.0.0.1', 8082],
  ] as const) {
    it(`listens for probes on ${host}:${port} by default where it runs in a ${runsIn}`, () => {
      for (const text of [null, TRIGGERS, '{"project":"org/repo","filters":[]}']) {
        const { http } = plan(text, { runsIn });
        expect(http.probes).to.deep.equal({ host, port });
        expect(http.api).to.deep.equal({ host: '127.0.0.1', port: 8081 });
      }
      const named = plan('version: 1\nhttp: { probes: ":9" }', { runsIn });
      expect(named.http.probes).to.deep.equal({ host: '0.0.0.0', port: 9 });
    });
  }

  const addresses: readonly (readonly [text: string, host: string, port: number])[] = [
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['"[::1]:9090"', '::1', 9090],
    ['":8080"', '0.0.0.0', 8080],
    ['localhost:65535', 'localhost', 65_535],
    ['9090', '0.0.0.0', 9090],
    ['"9090"', '0.0.0.0', 9090],
    ['0', '0.0.0.0', 0],
  ];
  for (const [text, host, port] of addresses) {
    it(`reads the address ${text}`, () => {
      expect(plan(`version: 1\nhttp: { probes: ${text} }`).http.probes).to.deep.equal({
        host,
        port,
      });
    });
  }
  it('keeps the API on loopback if only its port is written', () => {
    const { api } = plan('version: 1\nhttp: { api: 9091 }').http;
    expect(api).to.deep.equal({ host: '127.0.0.1', port: 9091 });
  });

  for (const text of [
    '65536',
    '-1',
    '"65536"',
    'localhost',
    '"1:2:3"',
    'localhost:65536',
    '"http://a:1"',
    '"[::1]"',
  ]) {
    it(`refuses the address ${text}`, () => {
      const found = codes(`version: 1\nhttp: { probes: ${text}, api: ${text} }`);
      expect(found).to.deep.include(['wrong-value', '/http/probes']);
      expect(found).to.deep.include(['wrong-value', '/http/api']);
    });
  }
});
