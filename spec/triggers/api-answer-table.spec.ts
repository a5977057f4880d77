// Walks the whole table of answers: every row has a case, every status an outcome, and no
// classification looks at a message.

import { expect } from 'chai';
import { isJsonObject } from '../../lib/core/json-object.ts';
import type { ApiAnswer } from '../../lib/kubernetes/client/kubernetes-api.ts';
import {
  ANSWER_ROWS,
  type CreateAttempt,
  FAILURE_ROWS,
  outcomeOf,
} from '../../lib/triggers/api-answer-table.ts';
import { aFailure, anAnswer, aStatus } from './support/fake-api.ts';

const NOW = Date.UTC(2026, 0, 31, 12);
const NAME = 'diagnose-01kg9ynja097rx6z4zzrz6frr7';
const TRIED: CreateAttempt = {
  doing: `create Job ci/${NAME}`,
  name: NAME,
  needs: 'create on jobs in ci',
  now: NOW,
};

const TERMINATING = {
  details: { name: NAME, kind: 'jobs', causes: [{ reason: 'NamespaceTerminating' }] },
};

/** Answer of a validating or mutating webhook, as the server passes it on. */
function denied(code: number, reason?: string): ApiAnswer {
  const message = 'admission webhook "a.example.test" denied the request: no';
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
  return anAnswer({ ...status, message, code, ...(reason !== undefined && { reason }) }, code);
}

/** Answer of a ValidatingAdmissionPolicy: a cause with only a message. */
function byPolicy(code: number, reason: string): ApiAnswer {
  const message = "ValidatingAdmissionPolicy 'a' with binding 'b' denied request: no";
  const details = { name: NAME, group: 'batch', kind: 'jobs', causes: [{ message }] };
  return aStatus(code, reason, { message, details });
}

const NAMED = { details: { name: NAME, group: 'batch', kind: 'jobs' } };

interface Case {
  readonly what: string;
  readonly answer: ApiAnswer;
  /** `outcome` or `outcome reason`. */
  readonly wanted: string;
}

/** One case at least for each row of both tables; the last `it` here counts them. */
const CASES: readonly Case[] = [
  { what: 'a creation', answer: anAnswer({}, 201), wanted: 'created' },
  { what: 'an accepted request', answer: anAnswer({}, 202), wanted: 'created' },
  { what: 'a bad request', answer: aStatus(400, 'BadRequest'), wanted: 'refused invalid' },
  { what: 'bad credentials', answer: aStatus(401, 'Unauthorized'), wanted: 'retry unauthorized' },
  {
    what: 'a missing permission, which cannot name the object',
    answer: aStatus(403, 'Forbidden', { details: { group: 'batch', kind: 'jobs' } }),
    wanted: 'retry forbidden',
  },
  {
    what: 'a namespace that goes',
    answer: aStatus(403, 'Forbidden', TERMINATING),
    wanted: 'retry namespace-terminating',
  },
  {
    what: 'an exceeded quota, which names the object',
    answer: aStatus(403, 'Forbidden', NAMED),
    wanted: 'retry quota',
  },
  {
    what: 'a Pod that quota or PodSecurity denies',
    answer: aStatus(403, 'Forbidden', { details: { name: NAME, kind: 'pods' } }),
    wanted: 'retry admission',
  },
  {
    what: 'a custom resource named pods in a quota',
    answer: aStatus(403, 'Forbidden', {
      details: { name: NAME, group: 'example.test', kind: 'pods' },
    }),
    wanted: 'retry quota',
  },
  ...(
    [
      [401, 'Unauthorized'],
      [403, 'Forbidden'],
      [413, 'RequestEntityTooLarge'],
      [422, 'Invalid'],
    ] as const
  ).map(([code, reason]) => ({
    what: `a policy of the server that denies with ${code}`,
    answer: byPolicy(code, reason),
    wanted: 'refused admission',
  })),
  ...[400, 401, 403, 404, 405, 408, 409, 413, 418, 422, 429, 451].map((code) => ({
    what: `a webhook that denies with ${code}`,
    answer: denied(code),
    wanted: 'refused admission',
  })),
  ...(
    [
      [403, 'Forbidden'],
      [409, 'Conflict'],
      [400, 'NotAllowedHere'],
      [500, 'NotAllowedHere'],
      [503, 'NotAllowedHere'],
    ] as const
  ).map(([code, reason]) => ({
    what: `a webhook that denies with ${code} and the reason ${reason}`,
    answer: denied(code, reason),
    wanted: 'refused admission',
  })),
  {
    what: 'a webhook that denies a creation with details of its own',
    answer: aStatus(403, 'Forbidden', { details: { name: 'other', kind: 'policies' } }),
    wanted: 'refused admission',
  },
  {
    what: 'a webhook that says what the server says about a malformed object',
    answer: denied(400, 'BadRequest'),
    wanted: 'refused invalid',
  },
  // An error of the server's store looks the same, and then the object may exist.
  { what: 'a webhook that denies with 500', answer: denied(500), wanted: 'unknown server-error' },
  {
    what: 'a webhook that cannot be called',
    answer: aStatus(500, 'InternalError', {
      details: { causes: [{ message: 'failed calling webhook "a.example.test"' }] },
    }),
    wanted: 'unknown server-error',
  },
  { what: 'a 403 of a proxy', answer: anAnswer(null, 403), wanted: 'retry forbidden' },
  { what: 'a missing kind', answer: anAnswer(null, 404), wanted: 'refused not-found' },
  {
    what: 'a missing kind of a group that is served',
    answer: aStatus(404, 'NotFound', { details: {} }),
    wanted: 'refused not-found',
  },
  {
    what: 'a missing namespace',
    answer: aStatus(404, 'NotFound', { details: { name: 'ci', kind: 'namespaces' } }),
    wanted: 'refused not-found',
  },
  { what: 'an unknown method', answer: anAnswer(null, 405), wanted: 'refused invalid' },
  {
    what: 'a request that took too long',
    answer: anAnswer(null, 408),
    wanted: 'unknown timeout',
  },
  { what: 'a taken name', answer: aStatus(409, 'AlreadyExists'), wanted: 'exists' },
  {
    what: 'a conflict on a quota',
    answer: aStatus(409, 'Conflict', { details: { name: 'a', kind: 'resourcequotas' } }),
    wanted: 'retry unavailable',
  },
  {
    what: 'a conflict that no API server tells',
    answer: anAnswer(null, 409),
    wanted: 'unknown conflict',
  },
  { what: 'too much', answer: anAnswer(null, 413), wanted: 'refused too-large' },
  {
    what: 'an invalid object',
    answer: aStatus(422, 'Invalid', {
      details: {
        name: NAME,
        kind: 'Job',
        causes: [{ reason: 'FieldValueInvalid', field: 'spec', message: 'no' }],
      },
    }),
    wanted: 'refused invalid',
  },
  { what: 'too many requests', answer: aStatus(429, 'TooManyRequests'), wanted: 'retry throttled' },
  { what: 'an inner error', answer: aStatus(500, 'InternalError'), wanted: 'unknown server-error' },
  { what: 'a verb not supported', answer: anAnswer(null, 501), wanted: 'refused invalid' },
  { what: 'a bad gateway', answer: anAnswer(null, 502), wanted: 'unknown server-error' },
  {
    what: 'a 503 of the server itself',
    answer: aStatus(503, 'ServiceUnavailable'),
    wanted: 'retry unavailable',
  },
  {
    what: 'a 503 of a proxy with Retry-After',
    answer: anAnswer(null, 503, { 'retry-after': '7' }),
    wanted: 'unknown server-error',
  },
  { what: 'a bare 503 of a proxy', answer: anAnswer(null, 503), wanted: 'unknown server-error' },
  { what: 'a timeout of the server', answer: aStatus(504, 'Timeout'), wanted: 'unknown timeout' },
  { what: 'a redirect', answer: anAnswer(null, 302), wanted: 'unknown redirected' },
  { what: 'what is no status', answer: anAnswer(null, 700), wanted: 'unknown server-error' },
  { what: 'no connection', answer: aFailure('never', 'ECONNREFUSED'), wanted: 'retry unreachable' },
  { what: 'a timeout', answer: aFailure('perhaps', 'timeout'), wanted: 'unknown timeout' },
  { what: 'an abort', answer: aFailure('perhaps', 'aborted'), wanted: 'unknown timeout' },
  {
    what: 'a reset',
    answer: aFailure('perhaps', 'ECONNRESET'),
    wanted: 'unknown connection-lost',
  },
  {
    what: 'an answer too large to read',
    answer: aFailure('answered', 'too-large'),
    wanted: 'unknown server-error',
  },
];

function shown(answer: ApiAnswer): string {
  const outcome = outcomeOf(answer, TRIED);
  return 'reason' in outcome ? `${outcome.outcome} ${outcome.reason}` : outcome.outcome;
}

describe('outcomeOf', () => {
  for (const { what, answer, wanted } of CASES) {
    it(`takes ${what} as ${wanted}`, () => {
      expect(shown(answer)).to.equal(wanted);
    });
  }

  it('has a case for every row of both tables', () => {
    const answerRows = CASES.flatMap(({ answer }) => {
      if (!answer.ok) return [];
      const place = ANSWER_ROWS.findIndex(
        ({ status: [from, to], when }) =>
          answer.status >= from && answer.status <= to && (when?.(answer, NAME) ?? true),
      );
      return [place];
    });
    const failureRows = CASES.flatMap(({ answer }) => {
      if (answer.ok) return [];
      return [
        FAILURE_ROWS.findIndex(
          ({ reached, code }) =>
            reached === answer.reached && (code === undefined || code === answer.code),
        ),
      ];
    });
    expect([...new Set(answerRows)].toSorted((a, b) => a - b)).to.deep.equal([
      ...ANSWER_ROWS.keys(),
    ]);
    expect([...new Set(failureRows)].toSorted((a, b) => a - b)).to.deep.equal([
      ...FAILURE_ROWS.keys(),
    ]);
  });

  it('has an outcome for every status there can be', () => {
    for (let status = 100; status < 600; status += 1) {
      expect(outcomeOf(anAnswer(null, status), TRIED), String(status)).to.have.property('outcome');
    }
  });

  it('retries only if certainly nothing was created', () => {
    // By status only: a proxy in front of an API server answers without a Status.
    const retried = Array.from({ length: 500 }, (_, place) => place + 100).filter((status) =>
      shown(anAnswer(null, status)).startsWith('retry'),
    );
    expect(retried).to.deep.equal([401, 403, 429]);
  });

  it('describes the attempt, the object, the finding and the server’s message', () => {
    const message = `Job.batch "x" is invalid: spec.template.spec.restartPolicy: Unsupported value`;
    expect(outcomeOf(aStatus(422, 'Invalid', { message }), TRIED)).to.deep.include({
      detail: `create Job ci/${NAME}: invalid, 422: ${message}`,
    });
  });

  it('names the missing permission', () => {
    const details = { group: 'batch', kind: 'jobs' };
    expect(outcomeOf(aStatus(403, 'Forbidden', { details }), TRIED)).to.deep.include({
      detail: `create Job ci/${NAME}: forbidden (needs create on jobs in ci), 403`,
    });
  });

  it('names a permission only if the authorizer denied it', () => {
    const asking = CASES.filter(({ answer }) => {
      const outcome = outcomeOf(answer, TRIED);
      return 'detail' in outcome && outcome.detail.includes('needs create');
    });
    expect(asking.map(({ what }) => what)).to.deep.equal([
      'a missing permission, which cannot name the object',
    ]);
  });

  const taken = 'sluice deliveries retry --all --state refused';
  const nexts = [
    { answer: anAnswer(null, 404), wanted: `no such kind (once it is installed: ${taken}), 404` },
    {
      answer: aStatus(404, 'NotFound', { details: { name: 'ci', kind: 'namespaces' } }),
      wanted: `no such namespace (once it exists: ${taken}), 404`,
    },
    {
      answer: byPolicy(422, 'Invalid'),
      wanted: `an admission policy denied it (once the policy admits it: ${taken}), 422: ValidatingAdmissionPolicy`,
    },
    {
      answer: denied(403, 'Forbidden'),
      wanted: `an admission webhook denied it (once the webhook admits it: ${taken}), 403: admission webhook "a.example.test"`,
    },
  ];
  for (const { answer, wanted } of nexts) {
    it(`names the next step after ${wanted.slice(0, 40)}…`, () => {
      expect(outcomeOf(answer, TRIED))
        .to.have.property('detail')
        .that.includes(`create Job ci/${NAME}: ${wanted}`);
    });
  }

  it('ignores the message: a Status without one means the same', () => {
    for (const { what, answer, wanted } of CASES) {
      if (!answer.ok || !isJsonObject(answer.body)) continue;
      const { message: _, ...silent } = answer.body;
      expect(shown({ ...answer, body: silent }), what).to.equal(wanted);
    }
  });

  it('escapes and cuts the server’s message', () => {
    const message = `\u001b[31m\u2028${'x'.repeat(5000)}`;
    const outcome = outcomeOf(aStatus(400, 'BadRequest', { message }), TRIED);
    const detail = 'detail' in outcome ? outcome.detail : '';
    expect(detail).to.include('\\u001b[31m\\u2028xxx').and.not.to.include('\u001b');
    expect(detail.length).to.be.below(700);
  });
});
