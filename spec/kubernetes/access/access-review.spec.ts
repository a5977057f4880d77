// Access reviews against a scripted API server: requests, answers, bounds.

import { expect } from 'chai';
import { parseYaml } from '../../../lib/config/parse-yaml.ts';
import { type JsonObject, jsonAt } from '../../../lib/core/json-object.ts';
import type { Permission } from '../../../lib/core/ports/kind.ts';
import {
  questionsOf,
  type ReviewedAccess,
  reviewAccess,
} from '../../../lib/kubernetes/access/access-review.ts';
import { connect } from '../../../lib/kubernetes/client/connection.ts';
import { recordingObserve } from '../../support/doubles/observe.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import type { ParkedRequest } from '../../support/parked-request.ts';
import { ScriptedApiServer } from '../../support/scripted-api-server.ts';
import { until } from '../../support/until.ts';

const READ: Permission = {
  ...{ namespace: 'shop', group: '', resource: 'events', verbs: ['list', 'watch'], why: 'reads' },
};
const CREATE: Permission = {
  ...{ namespace: null, group: 'batch', resource: 'jobs', verbs: ['create'], why: 'creates' },
};
const NAMED: Permission = { ...READ, resource: 'namespaces', verbs: ['get'], names: ['own'] };

async function openBench() {
  const server = await ScriptedApiServer.start();
  const clock = new FakeClock();
  const { observe } = recordingObserve();
  const api = await connect({ master: server.url }, { clock, observe, environment: {}, parseYaml });
  const dispose = async (): Promise<void> => {
    await api[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  };
  const review = (
    permissions: readonly Permission[],
    signal: AbortSignal = NEVER,
  ): Promise<readonly ReviewedAccess[]> =>
    reviewAccess(api, questionsOf(permissions), { clock, signal });
  return { server, clock, review, [Symbol.asyncDispose]: dispose };
}

const bodyOf = (request: ParkedRequest): JsonObject => JSON.parse(request.body) as JsonObject;

const attributesOf = (request: ParkedRequest): unknown =>
  jsonAt(bodyOf(request), 'spec', 'resourceAttributes');

describe('an access review', () => {
  it('asks for each verb, namespace and name, and allows what the server allows', async () => {
    await using bench = await openBench();
    bench.server.answerBy((request) => {
      request.answer(201, { ...bodyOf(request), status: { allowed: true } });
      return true;
    });
    const answers = await bench.review([READ, CREATE, NAMED]);
    expect(answers.map(({ answer }) => answer)).to.deep.equal(Array(4).fill('allowed'));
    for (const { method, path } of bench.server.log) {
      expect(method).to.equal('POST');
      expect(path).to.match(/^\/apis\/authorization\.k8s\.io\/v1\/selfsubjectaccessreviews/);
    }
    expect(bench.server.log.map(attributesOf)).to.have.deep.members([
      { namespace: 'shop', verb: 'list', group: '', resource: 'events' },
      { namespace: 'shop', verb: 'watch', group: '', resource: 'events' },
      { verb: 'create', group: 'batch', resource: 'jobs' },
      { namespace: 'shop', name: 'own', verb: 'get', group: '', resource: 'namespaces' },
    ]);
  });

  const denied = { answer: 'denied', isCertain: true } as const;
  const cases = [
    ['a denial', 201, { status: { allowed: false } }, { ...denied, why: '' }],
    [
      'a denial with a reason',
      201,
      { status: { allowed: false, denied: true, reason: 'by\u0000policy' } },
      { ...denied, why: 'by\\u0000policy' },
    ],
    [
      'a denial with an error',
      201,
      { status: { allowed: false, evaluationError: 'role "x" not found' } },
      { ...denied, why: 'role "x" not found', isCertain: false },
    ],
    [
      'a denial in spite of an error',
      201,
      { status: { allowed: false, denied: true, evaluationError: 'webhook: timeout' } },
      { ...denied, why: 'webhook: timeout' },
    ],
    [
      'a forbidden review',
      403,
      { kind: 'Status', message: 'no' },
      { answer: 'unknown', why: 'status 403: no', isFinal: true },
    ],
    [
      'a server without reviews',
      404,
      null,
      { answer: 'unknown', why: 'status 404', isFinal: true },
    ],
    ['an expired token', 401, null, { answer: 'unknown', why: 'status 401', isFinal: false }],
    [
      'a review that timed out',
      408,
      null,
      { answer: 'unknown', why: 'status 408', isFinal: false },
    ],
    ['a throttled review', 429, null, { answer: 'unknown', why: 'status 429', isFinal: false }],
    ['a failing server', 500, null, { answer: 'unknown', why: 'status 500', isFinal: false }],
    ['another answer', 200, { a: 1 }, { answer: 'unknown', why: 'status 200', isFinal: false }],
  ] as const;
  for (const [what, status, body, wanted] of cases) {
    it(`understands ${what}`, async () => {
      await using bench = await openBench();
      bench.server.answerBy((request) => {
        request.answer(status, body);
        return true;
      });
      const [answer] = await bench.review([CREATE]);
      expect(answer).to.deep.equal({ permission: CREATE, verb: 'create', name: null, ...wanted });
    });
  }

  it('asks nothing more if the first question has no answer', async () => {
    await using bench = await openBench();
    bench.server.answerBy((request) => {
      request.answer(401, null);
      return true;
    });
    const answers = await bench.review([READ, CREATE]);
    expect(answers.map(({ verb }) => verb)).to.deep.equal(['list', 'watch', 'create']);
    for (const one of answers) expect(one).to.include({ answer: 'unknown', why: 'status 401' });
    expect(bench.server.log).to.have.length(1);
  });

  it('has at most four further questions at once, and keeps the order', async () => {
    await using bench = await openBench();
    const names = ['first', 'a', 'b', 'c', 'd', 'e', 'f'];
    const reviewed = bench.review([{ ...NAMED, names }]);
    const first = await until(() => bench.server.parked[0], 'the first question');
    first.answer(201, { status: { allowed: true } });
    await until(() => bench.server.log.length === 5, 'four questions');
    expect(bench.server.log).to.have.length(5);
    const parked = bench.server.parked.slice(-4);
    bench.server.answerBy((request) => {
      request.answer(201, { status: { allowed: true } });
      return true;
    });
    for (const request of parked) request.answer(201, { status: { allowed: false } });
    const answers = await reviewed;
    expect(answers.map(({ name }) => name)).to.deep.equal(names);
    expect(answers.map(({ answer }) => answer)).to.deep.equal([
      ...['allowed', 'denied', 'denied', 'denied', 'denied'],
      ...['allowed', 'allowed'],
    ]);
  });

  it('is over after ten seconds if the server hangs', async () => {
    await using bench = await openBench();
    const names = Array.from({ length: 40 }, (_, index) => String(index));
    const reviewed = bench.review([{ ...NAMED, names }]);
    const first = await until(() => bench.server.parked[0], 'the first question');
    first.answer(201, { status: { allowed: true } });
    await until(() => bench.server.log.length === 5, 'four questions');
    await bench.clock.advance(5_000);
    await until(() => bench.server.log.length === 9, 'four more questions');
    await bench.clock.advance(5_000);
    const [allowed, ...answers] = await reviewed;
    expect(allowed).to.include({ answer: 'allowed' });
    expect(answers).to.have.length(39);
    for (const one of answers) expect(one).to.include({ answer: 'unknown', isFinal: false });
    expect(bench.server.log).to.have.length(9);
  });

  it('is over after an abort', async () => {
    await using bench = await openBench();
    const stop = new AbortController();
    const reviewed = bench.review([READ], stop.signal);
    await until(() => bench.server.parked.length === 1, 'the question');
    stop.abort();
    const answers = (await reviewed).map(({ verb, answer }) => `${verb} ${answer}`);
    expect(answers).to.deep.equal(['list unknown', 'watch unknown']);
  });
});
