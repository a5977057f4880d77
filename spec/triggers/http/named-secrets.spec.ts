// Secrets by name, and URLs that are secrets: their places in requests, reading them again after a
// rotation, and that no outcome has them, also if a receiver echoes them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HttpRequest } from '../../../lib/net/http-client.ts';
import { loadPlan } from '../../../lib/plan/load-plan.ts';
import { neededSecrets } from '../../../lib/triggers/http/request-credentials.ts';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { createHttpTrigger, httpKind } from '../../../lib/triggers/http.ts';
import { aDelivery } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import { VALIDATORS } from '../../support/validators.ts';
import { CONTEXT, someParts } from '../support/parts.ts';
import { aFailure, anAnswer, bodyOf, FakeReceiver } from './support/fake-receiver.ts';

const PLANNED = {
  namespace: 'a',
  buildNamespace: 'a',
  exec: 'refused',
  validators: VALIDATORS,
} as const;

const PATH = '/services/T00/B00/s3cr3ts3cr3t';
const WEBHOOK = `https://hooks.example.test:8443${PATH}?token=tok3n%20x`;
const TOKEN = 's3cr3t/"é\\ ~!x';

/** A trigger of exactly this section, which may have no `url`. */
function triggerOf(receiver: FakeReceiver, section: HttpSection, parts = {}) {
  return createHttpTrigger(section, someParts(parts), receiver.create);
}

async function fired(receiver: FakeReceiver, section: HttpSection, environment = {}) {
  return (await triggerOf(receiver, section, { environment }).fire([aDelivery()], NEVER))[0];
}

const NAMED: HttpSection = {
  url: 'https://h.test/a/${secret:T}/x-${secret:T}?reason=${event.reason}&t=${secret:T}',
  headers: { 'X-Api-Key': 'key ${secret:H}', Authorization: 'GenieKey ${secret:H}' },
  body: { t: '${secret:T}', said: 'x${secret:T}y', reason: '${event.reason}' },
  secrets: { T: { env: 'T' }, H: { env: 'H' } },
};

describe('a secret by name', () => {
  it('is sent in path, query, headers and body, with the escapes of each', async () => {
    const receiver = new FakeReceiver();
    await fired(receiver, NAMED, { T: `${TOKEN}\n`, H: 'p4ss%w0rd' });
    const [request] = receiver.requests;
    const encoded = encodeURIComponent(TOKEN);
    expect(request?.url.href).to.equal(
      `https://h.test/a/${encoded}/x-${encoded}?reason=BackOff&t=${encoded}`,
    );
    expect(request?.headers).to.include({
      'x-api-key': 'key p4ss%w0rd',
      authorization: 'GenieKey p4ss%w0rd',
    });
    expect(JSON.parse(bodyOf(request))).to.deep.equal({
      ...{ t: TOKEN, said: `x${TOKEN}y`, reason: 'BackOff' },
    });
  });

  it('is sent with a batch too', async () => {
    const receiver = new FakeReceiver();
    const { secrets } = NAMED;
    const section = { url: 'https://h.test/${secret:T}', secrets: secrets ?? {}, batch: {} };
    await fired(receiver, section, { T: 'abc', H: 'def' });
    expect(receiver.requests[0]?.url.href).to.equal('https://h.test/abc');
  });

  it('cannot move the path', async () => {
    const receiver = new FakeReceiver();
    const section: HttpSection = {
      url: 'https://h.test/a/${secret:T}',
      secrets: { T: { env: 'T' } },
    };
    expect(await fired(receiver, section, { T: '..' })).to.include({ reason: 'not-renderable' });
    expect(receiver.requests).to.deep.equal([]);
  });

  const missing: readonly (readonly [string, Record<string, string>, string])[] = [
    ['not set', { H: 'h' }, 'POST https://h.test: variable "T": not set'],
    [
      'no header value',
      { T: 't', H: 'h\nx: y' },
      'POST https://h.test: variable "H": holds a character that headers do not allow (expected one line of ASCII)',
    ],
    [
      'endless',
      { T: 'x'.repeat(16_385), H: 'h' },
      'POST https://h.test: variable "T": holds more than 16 Ki characters (expected fewer)',
    ],
  ];
  for (const [what, environment, detail] of missing) {
    it(`is reported as missing if it is ${what}`, async () => {
      expect(await fired(new FakeReceiver(), NAMED, environment)).to.deep.equal({
        ...{ outcome: 'retry', reason: 'secret-missing', detail },
      });
    });
  }

  it('is listed by the kind, with its key', () => {
    const secrets = { T: { env: 'T' }, 'U-2': { file: 'u' } };
    const needed = Object.values(neededSecrets({ urlFile: 'url', secrets }));
    expect(needed.map(({ path, ref }) => [path, ref])).to.deep.equal([
      ['/urlFile', { file: 'url' }],
      ['/secrets/T/env', { env: 'T' }],
      ['/secrets/U-2/file', { file: 'u' }],
    ]);
  });

  const unknown: readonly (readonly [Partial<HttpSection>, string])[] = [
    [{ url: 'https://h.test/${secret:NO}' }, '/url'],
    [{ url: 'https://h.test/', headers: { 'X-A': '${secret:t}' } }, '/headers/X-A'],
    [{ url: 'https://h.test/', body: { a: ['${secret:}'] } }, '/body/a/0'],
    [{ url: 'https://h.test/', body: '${secret:T x}' }, '/body'],
  ];
  for (const [section, path] of unknown) {
    it(`is an error if secrets: does not have the name: ${path}`, () => {
      const whole = { ...section, secrets: { T: { env: 'T' } } };
      const [finding, ...others] = httpKind.check?.(whole, CONTEXT) ?? [];
      expect(others).to.deep.equal([]);
      expect(finding).to.include({ severity: 'error', code: 'bad-template', path });
      expect(finding?.message).to.match(/names no secret \(expected the name of one: one of T\)$/);
      expect(finding?.hint).to.include('secrets:');
    });
  }

  it('is reported with its place in the file if the name is unknown', () => {
    const text =
      'version: 1\nfilters: [{ action: accept }]\ntriggers:\n  hook:\n    http:\n      url: https://h.test\n      body: { a: [1, "${secret:NO}"] }\n';
    const loaded = loadPlan({ ...PLANNED, text });
    expect(loaded.problems.map(({ code, line, column }) => [code, line, column])).to.deep.equal([
      ['bad-template', 7, 22],
    ]);
  });

  it('is not allowed in a manifest', () => {
    const text =
      'version: 1\nfilters: [{ action: accept }]\ntriggers:\n  job:\n    kubernetes:\n      manifest: { apiVersion: v1, kind: ConfigMap, data: { a: "${secret:A}" } }\n';
    const loaded = loadPlan({ ...PLANNED, text });
    expect(loaded.problems.map(({ code, message }) => [code, message])).to.deep.include([
      'bad-template',
      'found ${secret:A} (expected no secret here)',
    ]);
  });
});

describe('a URL from a file or a variable', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is the target of the request, and is read again after a rotation', async () => {
    const clock = new FakeClock();
    const receiver = new FakeReceiver();
    const trigger = triggerOf(receiver, { urlFile: 'url' }, { folder, clock });
    const hrefs = (): readonly string[] => receiver.requests.map(({ url }) => url.href);
    writeFileSync(join(folder, 'url'), `${WEBHOOK}\n`);
    await trigger.fire([aDelivery()], NEVER);
    writeFileSync(join(folder, 'url'), 'https://other.example.test/x');
    await clock.advance(10_000);
    await trigger.fire([aDelivery()], NEVER);
    expect(hrefs()).to.deep.equal([WEBHOOK, 'https://other.example.test/x']);
  });

  it('carries batches', async () => {
    const receiver = new FakeReceiver();
    await fired(receiver, { urlEnv: 'U', batch: {} }, { U: WEBHOOK });
    expect(receiver.requests[0]?.url.href).to.equal(WEBHOOK);
  });

  const bad: readonly (readonly [string, string])[] = [
    ['ftp://h.test/s3cr3t', 'no URL of http: or https:'],
    ['s3cr3t', 'no URL of http: or https:'],
    ['https://me:s3cr3t@h.test/', 'credentials'],
    ['https://h.test/#s3cr3t', 'a fragment'],
    ['https://h.test/s3cr3t/${id}', 'a template'],
    ['https://h.test/s3cr3t\nhttps://h.test/', 'a space'],
    ['https://h.test:99999/s3cr3t', 'an invalid host or port'],
    [
      'http://169.254.169.254/s3cr3t',
      'the address 169.254.169.254, which is link-local, unspecified or a metadata service of a cloud (expected another host)',
    ],
  ];
  for (const [text, why] of bad) {
    it(`is refused and not shown: ${why}`, async () => {
      const receiver = new FakeReceiver();
      const outcome = await fired(receiver, { urlEnv: 'U' }, { U: text });
      expect(outcome).to.include({ outcome: 'retry', reason: 'secret-missing' });
      expect(JSON.stringify(outcome)).to.include(`holds ${why}`).and.not.include('s3cr3t');
      expect(receiver.requests).to.deep.equal([]);
    });
  }

  const inline: readonly string[] = [
    `urlFile: ${WEBHOOK}`,
    `urlEnv: ${WEBHOOK}`,
    `url: https://h.test\n      secrets: { S: { file: "${WEBHOOK}" } }`,
    `url: https://h.test\n      secrets: { S: s3cr3ts3cr3t }`,
  ];
  for (const section of inline) {
    it(`is refused and not shown if it replaces the name of its place: ${section.slice(0, 12)}`, () => {
      const text = `version: 1\nfilters: [{ action: accept }]\ntriggers:\n  hook:\n    http:\n      ${section}\n`;
      const loaded = loadPlan({ ...PLANNED, text });
      expect(loaded.problems.map(({ severity }) => severity)).to.include('error');
      expect(JSON.stringify(loaded.problems)).to.not.include('s3cr3t');
    });
  }
});

describe('a request with a secret', () => {
  /** Echoes of receivers in different languages. */
  const echoes: Readonly<Record<string, (request: HttpRequest) => string>> = {
    'the target': ({ url }) => `no_service for ${url.pathname}${url.search}`,
    'the URL': ({ url }) => `<a href="${url.href.replaceAll('&', '&amp;')}">`,
    'the URL decoded': ({ url }) => decodeURIComponent(url.href),
    'the path alone': ({ url }) => url.pathname,
    'the last segment': ({ url }) => `no webhook ${url.pathname.split('/').at(-1)}`,
    'the query as JSON': ({ url }) => JSON.stringify(Object.fromEntries(url.searchParams)),
    'the query as a form': ({ url }) => new URLSearchParams(url.searchParams).toString(),
    'the headers': ({ headers }) => JSON.stringify(headers),
    'the body': (request) => bodyOf(request),
    'the body in JSON': (request) => JSON.stringify({ got: bodyOf(request) }),
  };
  const sections: Readonly<Record<string, HttpSection>> = {
    'a URL from a variable': { urlEnv: 'U' },
    'a URL from a variable, in batches': { urlEnv: 'U', batch: {} },
    'names in every place': NAMED,
    'a form': {
      url: 'https://hooks.example.test:8443/x',
      body: { t: '${secret:T}', u: '${secret:U}' },
      contentType: 'application/x-www-form-urlencoded',
      secrets: { T: { env: 'T' }, U: { env: 'U' } },
    },
    // Only their place shows that these are secrets.
    'a webhook in clear': { url: WEBHOOK },
    'a query and a header in clear': {
      url: 'https://h.test/x?private_token=s3cr3ts3cr3t',
      headers: { 'PRIVATE-TOKEN': 's3cr3ts3cr3t' },
    },
  };
  const environment = { U: WEBHOOK, T: TOKEN, H: 'p4ss-s3cr3t' };
  const hidden = /s3cr3t|tok3n|T00\/B00/;
  for (const [what, section] of Object.entries(sections)) {
    for (const [how, echo] of Object.entries(echoes)) {
      it(`has an outcome without the secret: ${what}, echoed as ${how}`, async () => {
        for (const status of [200, 302, 400, 401, 404, 429, 500]) {
          const receiver = new FakeReceiver();
          receiver.script = (request) => {
            const location = `${request.url.pathname}/done`;
            return anAnswer({ status, excerpt: echo(request), headers: { location } });
          };
          const started = { started: { header: 'Location' } };
          const outcome = await fired(receiver, { ...section, ...started }, environment);
          expect(receiver.requests).to.have.length(1);
          expect(JSON.stringify(outcome), String(status)).not.to.match(hidden);
        }
      });
    }

    it(`has a failure and a handshake without the secret: ${what}`, async () => {
      const receiver = new FakeReceiver();
      receiver.script = ({ url }) => aFailure({ detail: `cannot reach ${url.href}` });
      expect(JSON.stringify(await fired(receiver, section, environment))).not.to.match(hidden);
      const asking = { ...section, handshake: { origin: 'me' } };
      expect(JSON.stringify(await fired(receiver, asking, environment))).not.to.match(hidden);
    });
  }

  it('shows scheme, host and port of its URL only', async () => {
    const receiver = new FakeReceiver();
    receiver.script = () => anAnswer({ status: 404 });
    const detail = 'POST https://hooks.example.test:8443: not found, 404';
    expect(await fired(receiver, { urlEnv: 'U' }, environment)).to.have.property('detail', detail);
    expect(await fired(receiver, { url: WEBHOOK })).to.have.property('detail', detail);
  });
});
