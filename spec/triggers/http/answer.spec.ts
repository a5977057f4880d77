// Kept parts of an answer: status, the beginning of the body, and the URL of the started build, from a
// receiver that is not trusted.

import { expect } from 'chai';
import type { HttpAnswered } from '../../../lib/net/http-client.ts';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { httpKind } from '../../../lib/triggers/http.ts';
import { setUp } from '../../delivery/lane-bench.ts';
import { aDelivery, deliveries } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { CONTEXT } from '../support/parts.ts';
import { aFailure, anAnswer, FakeReceiver, URL_OF_SPECS } from './support/fake-receiver.ts';

async function outcomeWith(answer: Partial<HttpAnswered>, section: Partial<HttpSection> = {}) {
  const receiver = new FakeReceiver();
  receiver.script = () => anAnswer(answer);
  return (await receiver.trigger(section).fire([aDelivery()], NEVER))[0];
}

describe('an answer', () => {
  for (const status of [200, 204, 303, 302, 400, 404, 429, 500]) {
    it(`is kept with its status and the beginning of its body: ${status}`, async () => {
      const text = '{"message":\n"\u001b[31mno\u0007"}';
      const outcome = await outcomeWith({ status, excerpt: ` ${text}\n` });
      expect(outcome).to.deep.include({ answer: { status, text } });
    });
  }

  it('is kept short, without a divided character', async () => {
    const answer = (excerpt: string) => outcomeWith({ excerpt });
    expect(await answer('x'.repeat(512))).to.have.nested.property('answer.text', 'x'.repeat(512));
    expect(await answer('x'.repeat(513))).to.have.nested.property(
      'answer.text',
      `${'x'.repeat(511)}…`,
    );
    const emoji = `${'x'.repeat(510)}😀😀`;
    expect(await answer(emoji)).to.have.nested.property('answer.text', `${'x'.repeat(510)}…`);
  });

  it('is not kept if there was none', async () => {
    const receiver = new FakeReceiver();
    receiver.script = () => aFailure();
    expect((await receiver.trigger().fire([aDelivery()], NEVER))[0]).not.to.have.property('answer');
  });

  it('is stored with the attempt', async () => {
    const receiver = new FakeReceiver();
    receiver.script = () =>
      anAnswer({ status: 201, excerpt: 'taken', headers: { location: '/7' } });
    const trigger = receiver.trigger({ started: { header: 'Location' } });
    const { add, clock, store, stop, running } = setUp({}, trigger);
    await add(deliveries(1));
    await clock.advance(1_000);
    const [id = ''] = deliveries(1).map((one) => one.id);
    const stored = await store.archive.get(id);
    const started = { kind: 'build', namespace: '', name: '7', url: 'https://ci.example.test/7' };
    expect(stored?.attempts[0]?.outcome).to.deep.equal({
      ...{ outcome: 'delivered', started, answer: { status: 201, text: 'taken' } },
    });
    expect(stored?.started).to.deep.equal(started);
    stop.abort();
    await running;
  });
});

describe('the URL of the started build', () => {
  const header = { started: { header: 'Location' } } as const;
  const json = { started: { json: 'build.web_url' } } as const;
  const urlOf = async (answer: Partial<HttpAnswered>, section: Partial<HttpSection>) => {
    const outcome = await outcomeWith({ status: 201, ...answer }, section);
    return outcome?.outcome === 'delivered' ? outcome.started : undefined;
  };

  const locations: readonly (readonly [string, string, string])[] = [
    ['https://jenkins.test/queue/item/42/', 'https://jenkins.test/queue/item/42/', '42'],
    ['/queue/item/42', 'https://ci.example.test/queue/item/42', '42'],
    ['../42?x=1', 'https://ci.example.test/42?x=1', '42'],
    ['//other.test', 'https://other.test/', 'other.test'],
    [' https://h.test/a b\u0007c ', 'https://h.test/a%20b%07c', 'a%20b%07c'],
    ['https://h.test/\u202Eé', 'https://h.test/%E2%80%AE%C3%A9', '%E2%80%AE%C3%A9'],
  ];
  for (const [location, url, name] of locations) {
    it(`is ${url} for the header ${JSON.stringify(location)}`, async () => {
      const wanted = { kind: 'build', namespace: '', name, url };
      expect(await urlOf({ headers: { location } }, header)).to.deep.equal(wanted);
      const excerpt = JSON.stringify({ build: { web_url: location } });
      expect(await urlOf({ excerpt }, json)).to.deep.equal(wanted);
    });
  }

  const none = [
    'javascript:alert(1)',
    'ftp://h.test/x',
    'file:///etc/passwd',
    'data:text/html,x',
    'https://me:hunter2@h.test/',
    'https://',
    'https://[',
    `https://h.test/${'x'.repeat(2_048)}`,
    'x'.repeat(100_000),
  ];
  for (const location of none) {
    it(`is not kept if it is ${JSON.stringify(location.slice(0, 60))}`, async () => {
      expect(await urlOf({ headers: { location } }, header)).to.equal(undefined);
      const excerpt = JSON.stringify({ build: { web_url: location } });
      expect(await urlOf({ excerpt }, json)).to.equal(undefined);
    });
  }

  it('is not kept without such a header, value or JSON, or without a delivery', async () => {
    expect(await urlOf({}, header)).to.equal(undefined);
    for (const excerpt of ['', 'x', '{"build":{"web_url":7}}', '{"build":[]}', '{"build":{"we']) {
      expect(await urlOf({ excerpt }, json), excerpt).to.equal(undefined);
    }
    const failed = await outcomeWith({ status: 302, headers: { location: '/1' } }, header);
    expect(failed).not.to.have.property('started');
    expect(await urlOf({ headers: { location: '/1' } }, {})).to.equal(undefined);
  });

  it('is found by a header in any letter case', async () => {
    const section = { started: { header: 'X-BUILD-Url' } } as const;
    const started = await urlOf({ headers: { 'x-build-url': '/9' } }, section);
    expect(started).to.have.property('url', 'https://ci.example.test/9');
  });

  it('is checked at load', () => {
    const pathsOf = (started: HttpSection['started'] & object) =>
      (httpKind.check?.({ url: URL_OF_SPECS, started }, CONTEXT) ?? []).map(({ path }) => path);
    expect(pathsOf({ header: 'Lo cation' })).to.deep.equal(['/started/header']);
    expect(pathsOf({ json: '$.web_url' })).to.deep.equal(['/started/json']);
    expect(pathsOf({ json: 'web_url' })).to.deep.equal([]);
  });
});
