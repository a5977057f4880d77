// Answers that count as delivered by `expect:`, and the meaning of all other answers. If a receiver that
// acted can give an answer, it is a lost answer.

import { expect } from 'chai';
import type { Outcome } from '../../../lib/core/delivery.ts';
import type { HttpAnswered } from '../../../lib/net/http-client.ts';
import { compileExpectation, outcomeOf } from '../../../lib/triggers/http/answer-table.ts';
import type { ExpectSection } from '../../../lib/triggers/http/section.ts';
import { httpKind } from '../../../lib/triggers/http.ts';
import { setUp, stateOf } from '../../delivery/lane-bench.ts';
import { aDelivery, deliveries } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { CONTEXT } from '../support/parts.ts';
import { anAnswer, FakeReceiver, URL_OF_SPECS } from './support/fake-receiver.ts';

const TRIED = { doing: 'POST https://ci.example.test', now: 0, redact: (text: string) => text };

function judged(section: ExpectSection, answer: Partial<HttpAnswered>): Outcome {
  return outcomeOf(anAnswer(answer), { ...TRIED, expects: compileExpectation(section) });
}

function words(outcome: Outcome): string {
  return 'reason' in outcome ? `${outcome.outcome} ${outcome.reason}` : outcome.outcome;
}

const OK = { json: { path: 'ok', value: true } } as const;

describe('expect', () => {
  const statuses: readonly (readonly [readonly number[], number, string])[] = [
    [[200, 201], 201, 'delivered'],
    [[200, 201], 202, 'unknown unexpected-answer'],
    [[200, 201], 204, 'unknown unexpected-answer'],
    [[201], 303, 'unknown unexpected-answer'],
    [[301, 302], 301, 'delivered'],
    [[302], 302, 'delivered'],
    [[303], 303, 'delivered'],
    [[409], 409, 'delivered'],
    [[404], 404, 'delivered'],
    [[500], 500, 'delivered'],
    // Other statuses that are not a success keep their meaning in the table.
    [[200], 301, 'unknown redirected'],
    [[200], 307, 'retry redirected'],
    [[200], 401, 'retry unauthorized'],
    [[200], 404, 'retry not-found'],
    [[200], 409, 'unknown conflict'],
    [[200], 422, 'refused invalid'],
    [[200], 500, 'unknown server-error'],
  ];
  for (const [status, answered, wanted] of statuses) {
    it(`of ${status.join(' and ')} makes ${answered} ${wanted}`, () => {
      expect(words(judged({ status }, { status: answered }))).to.equal(wanted);
    });
  }

  it('adds no note to an answer that counts', () => {
    expect(judged({ status: [303] }, { status: 303 })).to.deep.equal({ outcome: 'delivered' });
    const json = { path: 'ok', value: null };
    expect(judged({ json }, { status: 202, excerpt: '{}' })).to.deep.equal({
      outcome: 'delivered',
    });
  });

  const values: readonly (readonly [ExpectSection, string, string])[] = [
    [OK, '{"ok":true}', 'delivered'],
    [OK, '\uFEFF{"ok":true,"x":1}', 'delivered'],
    // The receiver refuses.
    [OK, '{"ok":false,"error":"channel_not_found"}', 'refused invalid'],
    [{ json: { path: 'error', value: false } }, '{"error":true}', 'refused invalid'],
    // The receiver may have acted.
    [OK, '{"ok":"true"}', 'unknown unexpected-answer'],
    [OK, '{"ok":1}', 'unknown unexpected-answer'],
    [OK, '{"ok":null}', 'unknown unexpected-answer'],
    [OK, '{"okay":true}', 'unknown unexpected-answer'],
    [OK, '[]', 'unknown unexpected-answer'],
    [OK, 'null', 'unknown unexpected-answer'],
    [OK, '', 'unknown unexpected-answer'],
    [OK, '<html>ok</html>', 'unknown unexpected-answer'],
    [OK, '{"ok":tr', 'unknown unexpected-answer'],
    [{ json: { path: 'a[1].b', value: 'x' } }, '{"a":[0,{"b":"x"}]}', 'delivered'],
    [{ json: { path: 'a[1].b', value: 'x' } }, '{"a":[0,{"b":"y"}]}', 'unknown unexpected-answer'],
    [{ json: { path: 'n', value: 0 } }, '{"n":0}', 'delivered'],
    [{ json: { path: 'error', value: null } }, '{"error":null}', 'delivered'],
    [{ json: { path: 'error', value: null } }, '{"x":1}', 'delivered'],
    [{ json: { path: 'error', value: null } }, '{"error":"no"}', 'unknown unexpected-answer'],
    [{ json: { path: 'constructor', value: null } }, '{}', 'delivered'],
  ];
  for (const [section, excerpt, wanted] of values) {
    it(`of ${JSON.stringify(section.json)} makes 200 with ${JSON.stringify(excerpt)} ${wanted}`, () => {
      expect(words(judged(section, { excerpt }))).to.equal(wanted);
    });
  }

  it('checks the body of every status that counts, and of no other', () => {
    const both = { status: [200, 409], ...OK };
    expect(words(judged(both, { status: 409, excerpt: '{"ok":true}' }))).to.equal('delivered');
    expect(words(judged(both, { status: 409, excerpt: '{}' }))).to.equal(
      'unknown unexpected-answer',
    );
    expect(words(judged(both, { status: 500, excerpt: '{"ok":true}' }))).to.equal(
      'unknown server-error',
    );
    expect(words(judged(OK, { status: 303, excerpt: '{"ok":false}' }))).to.equal('refused invalid');
  });

  it('shows the expectation and the beginning of the answer', () => {
    expect(judged(OK, { excerpt: '{"ok":false}' })).to.have.property(
      'detail',
      'POST https://ci.example.test: an answer without ok: true, 200: "{\\"ok\\":false}"',
    );
    expect(judged({ status: [201] }, { status: 200 })).to.have.property(
      'detail',
      'POST https://ci.example.test: a status that expect: does not list, 200',
    );
  });

  it('keeps a wait that the receiver asked for', () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' };
    expect(judged(OK, { headers, excerpt: '{"ok":false}' })).to.have.property('pauseMs', 60_000);
  });

  it('applies to attempts, and not to the handshake', async () => {
    const receiver = new FakeReceiver();
    receiver.script = ({ method }) =>
      method === 'OPTIONS'
        ? anAnswer({ headers: { 'webhook-allowed-origin': '*' } })
        : anAnswer({ excerpt: '{"ok":false}' });
    const section = { expect: OK, handshake: { origin: 'me' } };
    const [outcome] = await receiver.trigger(section).fire([aDelivery()], NEVER);
    expect(outcome).to.include({ outcome: 'refused', reason: 'invalid' });
    expect(receiver.sent).to.have.length(1);
  });

  for (const [what, excerpt, state] of [
    ['says no', '{"ok":false}', 'refused'],
    ['says something else', '{"ok":"queued"}', 'unknown'],
    ['says yes', '{"ok":true}', 'delivered'],
  ] as const) {
    it(`sends each delivery once by atMostOnce to a receiver that ${what}`, async () => {
      const receiver = new FakeReceiver();
      receiver.script = () => anAnswer({ excerpt });
      const trigger = receiver.trigger({ expect: OK });
      const { add, clock, store, stop, running } = setUp({ onLostAnswer: 'atMostOnce' }, trigger);
      await add(deliveries(3));
      await clock.advance(86_400_000);
      expect(receiver.requests).to.have.length(3);
      const states = await Promise.all(deliveries(3).map((one) => stateOf(store, one)));
      expect([...new Set(states)]).to.deep.equal([state]);
      stop.abort();
      await running;
    });
  }

  const wrong: readonly (readonly [ExpectSection, readonly string[]])[] = [
    [{ status: [200, 401, 429] }, ['/expect/status/1', '/expect/status/2']],
    [{ json: { path: 'a..b', value: 1 } }, ['/expect/json/path']],
    [{ status: [301, 500], json: { path: 'a["b c"][0]', value: 'x' } }, []],
  ];
  for (const [section, paths] of wrong) {
    it(`is checked at load: ${JSON.stringify(section)}`, () => {
      const findings = httpKind.check?.({ url: URL_OF_SPECS, expect: section }, CONTEXT) ?? [];
      expect(findings.map(({ path }) => path)).to.deep.equal(paths);
    });
  }
});
