// Previews of every kind: the request of the first attempt, and never a secret.

import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import { stringAt } from '../../lib/core/json-object.ts';
import type { Preview } from '../../lib/core/ports/trigger.ts';
import { brigadeKind } from '../../lib/triggers/brigade.ts';
import { execKind } from '../../lib/triggers/exec.ts';
import type { HttpSection } from '../../lib/triggers/http/section.ts';
import { httpKind } from '../../lib/triggers/http.ts';
import { kubernetesKind } from '../../lib/triggers/kubernetes.ts';
import { triggerKinds } from '../../lib/triggers/registry.ts';
import { aDelivery, anAttempt, anEvent } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';
import { bodyOf, FakeReceiver, SIGNING_SECRET } from './http/support/fake-receiver.ts';
import { FakeApi } from './support/fake-api.ts';
import { JOB, PIPELINE_RUN, someParts, WORKFLOW } from './support/parts.ts';

const FIRST: Delivery = aDelivery({
  attempts: [anAttempt()],
});
const textOf = (preview: Preview | undefined): string =>
  preview === undefined ? 'no preview' : preview.ok ? preview.text : preview.why;

describe('a preview', () => {
  it('is shown by every kind', () => {
    for (const [name, kind] of Object.entries(triggerKinds)) {
      expect(kind, name).to.have.property('preview').that.is.a('function');
    }
  });

  for (const [what, section] of Object.entries({ JOB, PIPELINE_RUN, WORKFLOW })) {
    it(`of kubernetes is the object that is created: ${what}`, async () => {
      const api = new FakeApi();
      const parts = someParts({ api });
      await kubernetesKind.create(section, parts).fire([FIRST], NEVER);
      const [head, object = ''] = textOf(kubernetesKind.preview?.(section, parts, FIRST)).split(
        '\n\n',
      );
      expect(head).to.equal(`POST ${String(api.calls[0]?.path)}`);
      expect(JSON.parse(object)).to.deep.equal(api.calls[0]?.body);
    });
  }

  it('of kubernetes explains why nothing would be created', () => {
    const metadata = { name: 'a', namespace: 'shop' };
    const args = ['${event.message}'];
    const container = { name: 'a', image: 'b', command: ['c'], args };
    const manifest = {
      ...{ apiVersion: 'batch/v1', kind: 'Job' },
      spec: { template: { spec: { containers: [container] } } },
    };
    const event = anEvent({ metadata, message: '--option' });
    const delivery = aDelivery({ attempts: FIRST.attempts, event });
    const preview = kubernetesKind.preview?.({ manifest }, someParts(), delivery);
    expect(preview).to.include({ ok: false });
    expect(textOf(preview)).to.match(/^create Job ci\/diagnose-.* is "--option"/);
  });

  it('of brigade is the Secret that is created, its data as text', async () => {
    const api = new FakeApi();
    const parts = someParts({ api, prefix: 'brigade-worker' });
    const section = { project: 'org/repo', script: 'console.log("hi")' };
    await brigadeKind.create(section, parts).fire([FIRST], NEVER);
    const [head, object = ''] = textOf(brigadeKind.preview?.(section, parts, FIRST)).split('\n\n');
    expect(head).to.equal(`POST ${String(api.calls[0]?.path)}`);
    const created = api.calls[0]?.body as { data: Record<string, string>; stringData: object };
    const { data, stringData, ...secret } = created;
    const texts = Object.entries(data).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]);
    const decoded: unknown = { ...stringData, ...Object.fromEntries(texts) };
    expect(JSON.parse(object)).to.deep.equal({ ...secret, stringData: decoded });
  });

  it('of brigade explains why nothing would be created', () => {
    const event = anEvent({ message: 'x'.repeat(2_000_000) });
    const delivery = aDelivery({ attempts: FIRST.attempts, event });
    const section = { project: 'org/repo', tooLarge: 'refuse' } as const;
    expect(textOf(brigadeKind.preview?.(section, someParts(), delivery))).to.match(
      /^create Secret ci\/.*: the Event has 2\d{6} bytes/,
    );
  });

  const BASE = { url: 'https://ci.example.test/${cluster.name}', headers: { 'X-Team': 'shop' } };
  const ways: readonly (readonly [string, Partial<HttpSection>])[] = [
    ['a bearer token', { auth: { bearer: { tokenEnv: 'S' } } }],
    ['a password', { auth: { basic: { username: 'me', passwordEnv: 'S' } } }],
    ['a secret header', { auth: { header: { name: 'X-Api-Key', valueEnv: 'S' } } }],
    ['a signature', { signing: { secretEnv: 'S' } }],
    [
      'a template of the Event',
      { url: 'https://ci.example.test/a?b=${event.reason}', method: 'PUT' },
    ],
    ['the bare Event', { format: 'event' }],
    ['a CloudEvent', { format: 'cloudevents' }],
    ['a binary CloudEvent', { format: 'cloudevents-binary' }],
    ['a batch', { batch: {} }],
    ['a batch of CloudEvents', { format: 'cloudevents', batch: {} }],
  ];
  for (const [what, more] of ways) {
    it(`of http is the request that is sent, with ${what}`, async () => {
      const section: HttpSection = { ...BASE, ...more };
      const receiver = new FakeReceiver();
      const secret = SIGNING_SECRET;
      const parts = { environment: { S: secret }, clock: new FakeClock() };
      await receiver.trigger(section, parts).fire([FIRST], NEVER);
      const [sent] = receiver.requests;
      if (sent === undefined) throw new Error('nothing was sent');
      const text = textOf(httpKind.preview?.(section, someParts(), FIRST));
      const [head = '', body] = text.split('\n\n');
      const [request, ...headers] = head.split('\n');
      expect(request).to.equal(`${sent.method} ${sent.url.href}`);
      expect(headers.map((header) => header.split(': ')[0])).to.deep.equal(
        Object.keys(sent.headers),
      );
      for (const header of headers.filter((one) => !one.includes('<'))) {
        const [name = '', value] = header.split(': ');
        expect(sent.headers[name]).to.equal(value);
      }
      expect(body).to.equal(bodyOf(sent));
      expect(text).not.to.include(secret);
    });
  }

  it('of http shows the place of a secret', () => {
    const shown = (auth: NonNullable<HttpSection['auth']>): string =>
      textOf(httpKind.preview?.({ ...BASE, auth }, someParts(), FIRST));
    expect(shown({ bearer: { tokenFile: '/t' } })).to.include(
      'authorization: Bearer <file "/t">\n',
    );
    expect(shown({ basic: { username: 'me', passwordEnv: 'P' } })).to.include(
      'authorization: Basic <user "me", password of variable "P">\n',
    );
    expect(shown({ header: { name: 'X-Key', valueEnv: 'K' } })).to.include(
      'x-key: <variable "K">\n',
    );
  });

  it('of http has the body of the section, with names instead of its secrets', () => {
    const section: HttpSection = {
      url: 'https://ci.example.test/${secret:PATH_KEY}/${event.reason}',
      headers: { 'X-Token': '${secret:TOKEN}' },
      body: { why: '${event.reason}', token: '${secret:TOKEN}' },
      compression: 'gzip',
      secrets: { TOKEN: { env: 'T' }, PATH_KEY: { file: '/k' } },
    };
    const text = textOf(httpKind.preview?.(section, someParts(), FIRST));
    const reason = stringAt(FIRST.occurrences[0].event, 'reason');
    const [head = '', body] = text.split('\n\n');
    const lines = head.split('\n');
    expect(lines[0]).to.equal(`POST https://ci.example.test/<secret PATH_KEY>/${reason}`);
    expect(lines.slice(1, 3)).to.deep.equal([
      'content-type: application/json',
      'content-encoding: gzip',
    ]);
    expect(lines).to.include('x-token: <secret TOKEN>');
    expect(JSON.parse(body ?? '')).to.deep.equal({ why: reason, token: '<secret TOKEN>' });
  });

  it('of http shows the source of a secret URL, and hides a literal secret', () => {
    const byVariable = textOf(httpKind.preview?.({ urlEnv: 'HOOK' }, someParts(), FIRST));
    expect(byVariable).to.match(/^POST <the URL of variable "HOOK">\n/);
    const url = 'https://hooks.slack.com/services/T00000000/B00000000/s3cr3ts3cr3ts3cr3t';
    const clear = textOf(httpKind.preview?.({ url }, someParts(), FIRST));
    expect(clear)
      .to.match(/^POST https:\/\/hooks\.slack\.com/)
      .and.not.include('s3cr3t');
  });

  it('of exec is the command, its own variables, and its input', () => {
    const parts = someParts({ folder: '/etc/sluice', environment: { API_KEY: 'hidden' } });
    const section = {
      command: ['./a', 'b c'],
      passEnv: ['API_KEY'],
      env: { MODE: 'x\ny' },
    } as const;
    const text = textOf(execKind.preview?.(section, parts, FIRST));
    const [head = '', input = ''] = text.split('\n\n');
    expect(head.split('\n').slice(0, 3)).to.deep.equal([
      'run ["./a","b c"] in /etc/sluice',
      'inherited variables: PATH, HOME, USER, LOGNAME, SHELL, LANG, TZ, TMPDIR, LC_*, API_KEY',
      'MODE=x\\ny',
    ]);
    expect(head).to.include(`\nSLUICE_ID=${FIRST.id}\n`);
    expect(JSON.parse(input)).to.have.property('id', FIRST.id);
    expect(text).not.to.include('hidden');
  });
});
