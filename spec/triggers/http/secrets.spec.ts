// Secrets of http: read when needed, read again after a rotation, reported by name if missing, and in no
// outcome, whatever a receiver sends back.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Outcome } from '../../../lib/core/delivery.ts';
import { neededSecrets } from '../../../lib/triggers/http/request-credentials.ts';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { aDelivery } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import {
  aFailure,
  anAnswer,
  FakeReceiver,
  SIGNING_SECRET,
  URL_OF_SPECS,
} from './support/fake-receiver.ts';

const BEARER = { auth: { bearer: { tokenFile: 'token' } } } as const;

describe('the secrets of http', () => {
  let folder = '';
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fired = async (receiver: FakeReceiver, section: Partial<HttpSection>, environment = {}) => {
    const trigger = receiver.trigger(section, { folder, environment });
    return (await trigger.fire([aDelivery()], NEVER))[0];
  };

  it('are not read before they are needed', () => {
    expect(() => new FakeReceiver().trigger(BEARER, { folder })).not.to.throw();
  });

  const ways = [
    { auth: { bearer: { tokenEnv: 'S' } }, header: 'authorization', wanted: 'Bearer p4ss' },
    {
      auth: { basic: { username: 'me', passwordEnv: 'S' } },
      header: 'authorization',
      wanted: `Basic ${Buffer.from('me:p4ss').toString('base64')}`,
    },
    { auth: { header: { name: 'X-Api-Key', valueEnv: 'S' } }, header: 'x-api-key', wanted: 'p4ss' },
  ] as const;
  for (const { auth, header, wanted } of ways) {
    it(`authenticate requests by ${Object.keys(auth).join('')}`, async () => {
      const receiver = new FakeReceiver();
      await fired(receiver, { auth }, { S: 'p4ss\n' });
      expect(receiver.requests[0]?.headers).to.have.property(header, wanted);
    });
  }

  const missing = [
    {
      what: 'no such file',
      prepare: () => undefined,
      section: BEARER,
      why: 'file "token": no such file',
    },
    {
      what: 'a folder',
      prepare: () => undefined,
      section: { auth: { bearer: { tokenFile: '.' } } },
      why: 'file ".": not a regular file',
    },
    {
      what: 'an empty file',
      prepare: () => write('token', ' \n'),
      section: BEARER,
      why: 'file "token": empty',
    },
    {
      what: 'two lines',
      prepare: () => write('token', 'hunter2\nhunter3'),
      section: BEARER,
      why: 'file "token": holds a character that headers do not allow (expected one word of ASCII)',
    },
    {
      what: 'no such variable',
      prepare: () => undefined,
      section: { signing: { secretEnv: 'NO' } },
      why: 'variable "NO": not set',
    },
    {
      what: 'no signing secret',
      prepare: () => write('s', 'hunter2'),
      section: { signing: { secretFile: 's' } },
      why: 'file "s": holds no signing secret (expected whsec_ and base64 of 24 to 64 bytes, or up to 8 of them, separated by white space)',
    },
    {
      what: 'no certificate',
      prepare: () => write('ca', 'hunter2'),
      section: { tls: { caFile: 'ca' } },
      why: 'file "ca": holds no certificate (expected PEM)',
    },
  ];
  for (const { what, prepare, section, why } of missing) {
    it(`are reported by name and without their text if missing: ${what}`, async () => {
      prepare();
      const receiver = new FakeReceiver();
      expect(await fired(receiver, section)).to.deep.equal({
        ...{ outcome: 'retry', reason: 'secret-missing' },
        detail: `POST ${URL_OF_SPECS}: ${why}`,
      });
      expect(receiver.requests).to.deep.equal([]);
    });
  }

  it('are read again after ten seconds, and at once after a 401 or if one was missing', async () => {
    const clock = new FakeClock();
    const receiver = new FakeReceiver();
    const trigger = receiver.trigger(BEARER, { folder, clock });
    const attempt = async (): Promise<Outcome['outcome'] | undefined> =>
      (await trigger.fire([aDelivery()], NEVER))[0]?.outcome;
    const token = (): string | undefined => receiver.requests.at(-1)?.headers['authorization'];

    expect(await attempt()).to.equal('retry');
    write('token', 'one');
    expect(await attempt()).to.equal('delivered');
    write('token', 'two');
    await attempt();
    expect(token()).to.equal('Bearer one');
    await clock.advance(10_000);
    await attempt();
    expect(token()).to.equal('Bearer two');

    write('token', 'three');
    receiver.script = ({ headers }) =>
      anAnswer({ status: headers['authorization'] === 'Bearer three' ? 200 : 401 });
    expect(await attempt()).to.equal('retry');
    expect(token()).to.equal('Bearer two');
    expect(await attempt()).to.equal('delivered');
  });

  it('are compared after a refusal: only changed ones are worth another attempt', async () => {
    const clock = new FakeClock();
    const receiver = new FakeReceiver();
    const trigger = receiver.trigger(BEARER, { folder, clock });
    const isRenewed = async (): Promise<boolean | undefined> => {
      await clock.advance(10_000);
      return trigger.isRenewed?.();
    };
    write('token', 'one');
    await trigger.fire([aDelivery()], NEVER);
    write('token', 'two');
    expect(await isRenewed(), 'nothing was refused').to.equal(false);
    receiver.script = () => anAnswer({ status: 401 });
    await trigger.fire([aDelivery()], NEVER);
    expect(await isRenewed(), 'the same').to.equal(false);
    write('token', 'two\n');
    expect(await isRenewed(), 'the same text').to.equal(false);
    rmSync(join(folder, 'token'));
    expect(await isRenewed(), 'none').to.equal(false);
    write('token', 'three');
    expect(await isRenewed(), 'another').to.equal(true);
  });

  for (const [what, status, section] of [
    ['a proxy', 407, { proxy: { url: 'http://p:1', username: 'u', passwordFile: 'token' } }],
    ['a handshake', 401, { ...BEARER, handshake: { origin: 'me' } }],
  ] as const) {
    it(`are compared after a refusal by ${what}`, async () => {
      const clock = new FakeClock();
      const receiver = new FakeReceiver();
      receiver.script = () => anAnswer({ status });
      const trigger = receiver.trigger(section, { folder, clock });
      write('token', 'one');
      await trigger.fire([aDelivery()], NEVER);
      write('token', 'two');
      await clock.advance(10_000);
      expect(await trigger.isRenewed?.()).to.equal(true);
    });
  }

  it('open a new connection only if a certificate changed', async () => {
    const clock = new FakeClock();
    const receiver = new FakeReceiver();
    const section = { ...BEARER, tls: { caFile: 'ca', serverName: 'ci' }, connectTimeout: '3s' };
    const trigger = receiver.trigger(section, { folder, clock });
    const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}`;
    write('ca', pem('one'));
    write('token', 'one');
    await trigger.fire([aDelivery()], NEVER);
    write('token', 'two');
    await clock.advance(10_000);
    await trigger.fire([aDelivery()], NEVER);
    expect(receiver.clients).to.have.length(1);
    write('ca', pem('two'));
    await clock.advance(10_000);
    await trigger.fire([aDelivery()], NEVER);
    expect(receiver.clients).to.deep.equal(
      ['one', 'two'].map((text) => ({
        connectTimeoutMs: 3000,
        tls: { ca: pem(text), serverName: 'ci' },
        proxy: 'environment',
      })),
    );
    expect(receiver.closed).to.equal(1);
    await trigger[Symbol.asyncDispose]?.();
    await trigger[Symbol.asyncDispose]?.();
    expect(receiver.closed).to.equal(2);
  });

  it('of a proxy are passed to the client only', async () => {
    const receiver = new FakeReceiver();
    const proxy = { url: 'http://proxy.example.test:3128', username: 'me', passwordEnv: 'P' };
    await fired(receiver, { proxy }, { P: 'p4ss' });
    expect(receiver.clients[0]?.proxy).to.deep.equal({
      url: new URL(proxy.url),
      credentials: { username: 'me', password: 'p4ss' },
    });
    expect(JSON.stringify(receiver.requests)).not.to.include('p4ss');
  });

  it('are all listed by the kind, each with its key', () => {
    const section: HttpSection = {
      url: URL_OF_SPECS,
      auth: { basic: { username: 'me', passwordFile: 'a' } },
      signing: { secretEnv: 'B' },
      tls: { caFile: 'c', certFile: 'd', keyFile: 'e' },
      proxy: { url: 'http://proxy.example.test', username: 'me', passwordFile: 'f' },
    };
    const needed = Object.values(neededSecrets(section)).map(({ path, ref }) => [path, ref]);
    expect(needed).to.deep.equal([
      ['/auth/basic/passwordFile', { file: 'a' }],
      ['/signing/secretEnv', { env: 'B' }],
      ['/proxy/passwordFile', { file: 'f' }],
      ['/tls/caFile', { file: 'c' }],
      ['/tls/certFile', { file: 'd' }],
      ['/tls/keyFile', { file: 'e' }],
    ]);
  });
});

describe('a receiver that echoes everything', () => {
  const PASSWORD = 'hunter2 "é" %';
  const TOKEN = 'tok-3n-tok-3n';
  const TEAM = 'the-team-of-specs';
  const ways = [
    {
      auth: { basic: { username: 'me', passwordEnv: 'P' } },
      hidden: [PASSWORD, Buffer.from(`me:${PASSWORD}`).toString('base64')],
    },
    { auth: { bearer: { tokenEnv: 'T' } }, hidden: [TOKEN] },
    { auth: { header: { name: 'X-Api-Key', valueEnv: 'T' } }, hidden: [TOKEN] },
  ];
  const proxyWays = [
    {
      section: {},
      environment: { HTTPS_PROXY: `http://me:${encodeURIComponent(PASSWORD)}@p.test:3128` },
    },
    {
      section: { proxy: { url: 'http://p.test:3128', username: 'me', passwordEnv: 'P' } },
      environment: { P: PASSWORD },
    },
  ];
  for (const { section, environment } of proxyWays) {
    const [variable = ''] = Object.keys(environment);
    it(`puts no password of a proxy into an outcome: ${variable}`, async () => {
      const receiver = new FakeReceiver();
      const pair = Buffer.from(`me:${PASSWORD}`).toString('base64');
      receiver.script = () => anAnswer({ status: 500, excerpt: `Basic ${pair} ${PASSWORD}` });
      const [outcome] = await receiver.trigger(section, { environment }).fire([aDelivery()], NEVER);
      const said = JSON.stringify(outcome);
      expect(said).to.include('[redacted]').and.not.include(pair).and.not.include('hunter2');
    });
  }

  const forms = [String, JSON.stringify, encodeURIComponent] as const;
  for (const { auth, hidden } of ways) {
    it(`puts no secret into an outcome: ${Object.keys(auth).join('')}`, async () => {
      const receiver = new FakeReceiver();
      const section = { auth, headers: { 'X-Team': TEAM }, signing: { secretEnv: 'S' } };
      const environment = { P: PASSWORD, T: TOKEN, S: SIGNING_SECRET };
      const trigger = receiver.trigger(section, { environment });
      const secrets = [...hidden, TEAM, SIGNING_SECRET, SIGNING_SECRET.slice(6)];
      for (const form of forms) {
        for (const status of [301, 400, 401, 404, 410, 429, 500, 503]) {
          receiver.script = ({ headers }) => {
            const echo = ['authorization', 'x-api-key', 'webhook-signature', 'x-team'];
            const values = [...hidden, ...echo.flatMap((name) => headers[name] ?? []), ...secrets];
            return anAnswer({ status, excerpt: form(values.join(' ')) });
          };
          const [outcome] = await trigger.fire([aDelivery()], NEVER);
          const said = outcome !== undefined && 'detail' in outcome ? outcome.detail : '';
          expect(said).to.include('[redacted]').and.not.include('v1,');
          const shown = secrets.flatMap((secret) => forms.map((one) => one(secret)));
          expect(shown.filter((secret) => said.includes(secret))).to.deep.equal([]);
        }
      }
      receiver.script = () => aFailure({ detail: `the proxy said ${SIGNING_SECRET}` });
      expect(JSON.stringify(await trigger.fire([aDelivery()], NEVER))).not.to.include('whsec_');
    });
  }
});
