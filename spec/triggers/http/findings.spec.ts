// Mistakes in a section: refused at load with the key and a hint, and without secrets. Mistakes that the
// schema finds are tested with whole configurations.

import { expect } from 'chai';
import { loadPlan } from '../../../lib/plan/load-plan.ts';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { httpKind } from '../../../lib/triggers/http.ts';
import { VALIDATORS } from '../../support/validators.ts';
import { CONTEXT } from '../support/parts.ts';
import { URL_OF_SPECS } from './support/fake-receiver.ts';

const PLANNED = {
  namespace: 'a',
  buildNamespace: 'a',
  exec: 'refused',
  validators: VALIDATORS,
} as const;

function found(section: Partial<HttpSection>): readonly string[] {
  const findings = httpKind.check?.({ url: URL_OF_SPECS, ...section }, CONTEXT) ?? [];
  for (const { message, hint } of findings) {
    expect(message).to.match(/^found .*\(expected /);
    expect(hint).not.to.equal('');
    expect(message + hint).not.to.include('hunter2');
  }
  return findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

describe('a mistake in an http section', () => {
  const cases: readonly (readonly [string, Partial<HttpSection>, readonly string[]])[] = [
    ['nothing', {}, []],
    [
      'nothing with everything',
      {
        url: 'https://h.test/${event.reason}?id=${id}',
        headers: { 'X-Kind': '${event.involvedObject.kind}' },
        auth: { header: { name: 'X-Api-Key', valueFile: 'k' } },
        tls: { certFile: 'c', keyFile: 'k' },
        proxy: { url: 'http://p.test:3128', username: 'me', passwordEnv: 'P' },
        handshake: { origin: 'sluice.example.test' },
      },
      [],
    ],
    [
      'a bad URL and a bad header at once',
      { url: 'x', headers: { Host: 'y' } },
      ['error wrong-value /url', 'error wrong-value /headers/Host'],
    ],
    [
      'a colon in a user name',
      { auth: { basic: { username: 'a:b', passwordEnv: 'P' } } },
      ['error wrong-value /auth/basic/username'],
    ],
    [
      'an API key in a header of ours',
      { auth: { header: { name: 'Webhook-Id', valueEnv: 'K' } } },
      ['error wrong-value /auth/header/name'],
    ],
    [
      'nothing with an API key in authorization',
      { auth: { header: { name: 'Authorization', valueEnv: 'K' } } },
      [],
    ],
    [
      'a header twice',
      { auth: { header: { name: 'X-Key', valueEnv: 'K' } }, headers: { 'x-key': '1' } },
      ['error wrong-value /auth/header/name'],
    ],
    ['a certificate without its key', { tls: { certFile: 'c' } }, ['error missing-key /tls']],
    ['a key without its certificate', { tls: { keyFile: 'c' } }, ['error missing-key /tls']],
    [
      'tls beside http',
      { url: 'http://h.test', tls: { caFile: 'c' } },
      ['warning wrong-value /tls'],
    ],
    ['nothing with a proxy of https', { proxy: { url: 'https://p.test' } }, []],
    ['nothing with no proxy', { proxy: 'none' }, []],
    ['a SOCKS proxy', { proxy: { url: 'socks5://p.test' } }, ['error wrong-value /proxy/url']],
    [
      'a proxy on a metadata address',
      { proxy: { url: 'http://169.254.169.254:3128' } },
      ['error wrong-value /proxy/url'],
    ],
    [
      'credentials in a proxy',
      { proxy: { url: 'http://me:hunter2@p.test' } },
      ['error wrong-value /proxy/url'],
    ],
    [
      'a proxy user without a password',
      { proxy: { url: 'http://p.test', username: 'me' } },
      ['error missing-key /proxy'],
    ],
    [
      'a proxy password without a user',
      { proxy: { url: 'http://p.test', passwordEnv: 'P' } },
      ['error missing-key /proxy'],
    ],
    [
      'two proxy passwords',
      { proxy: { url: 'http://p.test', username: 'me', passwordEnv: 'P', passwordFile: 'p' } },
      ['error wrong-value /proxy'],
    ],
    ['a batch of Events', { batch: {}, format: 'event' }, ['error wrong-value /format']],
    [
      'a batch in binary mode',
      { batch: {}, format: 'cloudevents-binary' },
      ['error wrong-value /format'],
    ],
    [
      'an Event in the URL of a batch',
      { batch: {}, url: 'https://h.test/${event.reason}' },
      ['error bad-template /url'],
    ],
    [
      'an Event in a header of a batch',
      { batch: {}, headers: { 'X-A': '${event.reason}' } },
      ['error bad-template /headers/X-A'],
    ],
    ['a batch of a few bytes', { batch: { size: '10' } }, ['error wrong-value /batch/size']],
    [
      'a batch that waits for an hour',
      { batch: { wait: '1h' } },
      ['error wrong-value /batch/wait'],
    ],
    ['a connect timeout of zero', { connectTimeout: '0s' }, ['error wrong-value /connectTimeout']],
    [
      'an origin that headers do not allow',
      { handshake: { origin: 'a b' } },
      ['error wrong-value /handshake/origin'],
    ],
  ];
  for (const [what, section, wanted] of cases) {
    it(`is found: ${what}`, () => {
      expect(found(section)).to.deep.equal(wanted);
    });
  }

  const refused: readonly (readonly [string, string, string])[] = [
    ['no URL', 'method: PUT', 'missing-key /triggers/hook/http'],
    [
      'another method',
      'url: https://h.test\n      method: GET',
      'wrong-value /triggers/hook/http/method',
    ],
    [
      'a token in the file',
      'url: https://h.test\n      auth: { bearer: { token: x } }',
      'unknown-key /triggers/hook/http/auth/bearer/token',
    ],
    [
      'two kinds of credentials',
      'url: https://h.test\n      auth: { bearer: { tokenEnv: A }, header: { name: X, valueEnv: B } }',
      'wrong-value /triggers/hook/http/auth',
    ],
    [
      'a wrong word for no proxy',
      'url: https://h.test\n      proxy: off',
      'wrong-value /triggers/hook/http/proxy',
    ],
    [
      'a proxy without a URL',
      'url: https://h.test\n      proxy: { username: me }',
      'missing-key /triggers/hook/http/proxy',
    ],
    [
      'a secret twice',
      'url: https://h.test\n      signing: { secretEnv: A, secretFile: b }',
      'wrong-value /triggers/hook/http/signing',
    ],
  ];
  for (const [what, section, wanted] of refused) {
    it(`is refused by the schema: ${what}`, () => {
      const text = `version: 1\nfilters: [{ action: accept }]\ntriggers:\n  hook:\n    http:\n      ${section}\n`;
      const { problems } = loadPlan({ ...PLANNED, text });
      expect(problems.map(({ code, path }) => `${code} ${path}`)).to.include(wanted);
    });
  }

  it('gets the hint to keep one of two keys with the same meaning', () => {
    const text =
      'version: 1\nfilters: [{ action: accept }]\ntriggers:\n  hook:\n    http: { url: "https://h.test", urlEnv: URL }\n';
    const { problems } = loadPlan({ ...PLANNED, text });
    expect(problems.map(({ message, hint }) => [message, hint])).to.deep.equal([
      ['found url and urlEnv, expected exactly one of url, urlFile or urlEnv', 'keep one of them'],
    ]);
  });

  const inline = [
    'signing: whsec_QUJD',
    'signing: { secretFile: whsec_QUJD }',
    'signing: { secretEnv: whsec_QUJD }',
    'auth: { bearer: whsec_QUJD }',
    'proxy: http://me:QUJD@p.test:3128',
  ];
  for (const section of inline) {
    it(`is refused and not shown: ${section}`, () => {
      const text = `version: 1\nfilters: [{ action: accept }]\ntriggers:\n  hook:\n    http:\n      url: https://h.test\n      ${section}\n`;
      const loaded = loadPlan({ ...PLANNED, text });
      expect(loaded.problems.map(({ severity }) => severity)).to.include('error');
      expect(JSON.stringify(loaded.problems)).to.not.include('QUJD');
    });
  }
});

describe('the plan of an http trigger', () => {
  it('lists its secrets with their places in the file', () => {
    const text =
      'version: 1\nfilters: [{ action: accept }]\ntriggers:\n  hook:\n    http:\n      url: https://h.test\n      signing: { secretFile: s }\n';
    const { secrets, problems } = loadPlan({ ...PLANNED, text });
    expect(problems).to.deep.equal([]);
    expect(secrets.map(({ path, line, column }) => [path, line, column])).to.deep.equal([
      ['/triggers/hook/http/signing/secretFile', 7, 30],
    ]);
  });

  it('repeats lost answers by default, and creates no objects', () => {
    const text =
      'version: 1\nfilters: [{ action: accept }]\ntriggers: { hook: { http: { url: "https://h.test" } } }\n';
    const { plan } = loadPlan({ ...PLANNED, text });
    expect(plan?.triggers[0]).to.deep.include({
      ...{ kind: 'http', onLostAnswer: 'atLeastOnce', usesCluster: false, buildNamespaces: [] },
    });
  });
});
