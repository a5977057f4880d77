// One POST, and one GET if the name is taken: the meaning of each answer.

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import type { JsonObject } from '../../lib/core/json-object.ts';
import type { ApiAnswer } from '../../lib/kubernetes/client/kubernetes-api.ts';
import { createObject } from '../../lib/triggers/create-object.ts';
import { NEVER } from '../support/never.ts';
import { aFailure, anAnswer, aStatus, FakeApi } from './support/fake-api.ts';

const ID = '01kg9ynja097rx6z4zzrz6frr7';
const NAME = `diagnose-${ID}`;
const COLLECTION = '/apis/batch/v1/namespaces/ci/jobs';
const STARTED = { kind: 'Job', namespace: 'ci', name: NAME };

function anObject(annotations: JsonObject = { 'sluice.dev/delivery': ID }): JsonObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: NAME, namespace: 'ci', annotations },
  };
}

async function create(api: FakeApi): Promise<Outcome> {
  const creation = {
    collection: COLLECTION,
    resource: 'jobs',
    object: anObject(),
    now: 0,
  };
  return createObject(api, creation, NEVER);
}

/** Answers AlreadyExists to the POST and this to the GET. */
function apiWith(got: ApiAnswer): FakeApi {
  const api = new FakeApi();
  api.script = ({ method }) => (method === 'POST' ? aStatus(409, 'AlreadyExists') : got);
  return api;
}

describe('createObject', () => {
  it('makes one POST and says what it started', async () => {
    const api = new FakeApi();
    expect(await create(api)).to.deep.equal({ outcome: 'delivered', started: STARTED });
    expect(api.calls.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
      `POST ${COLLECTION}`,
    ]);
  });

  it('makes one POST and one GET if the name is taken', async () => {
    const api = new FakeApi();
    await create(api);
    expect(await create(api)).to.deep.equal({
      outcome: 'delivered',
      started: STARTED,
      note: 'existed',
    });
    expect(api.calls.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
      `POST ${COLLECTION}`,
      `POST ${COLLECTION}`,
      `GET ${COLLECTION}/${NAME}`,
    ]);
  });

  const gone = { deletionTimestamp: '2026-01-31T12:00:00Z' };
  const cases = [
    {
      what: 'an object of the same delivery',
      got: anAnswer(anObject()),
      wanted: 'delivered existed',
    },
    {
      what: 'an object of the same delivery that is being deleted',
      got: anAnswer({
        ...anObject(),
        metadata: { ...gone, annotations: { 'sluice.dev/delivery': ID } },
      }),
      wanted: 'delivered existed',
    },
    {
      what: 'an object that is being deleted and has lost its annotation',
      got: anAnswer({ metadata: gone }),
      wanted: 'delivered existed, not verified',
    },
    {
      what: 'an object of another delivery that is being deleted',
      got: anAnswer({ metadata: { ...gone, annotations: { 'sluice.dev/delivery': 'other' } } }),
      wanted: 'refused name-taken',
    },
    {
      what: 'an object of another delivery',
      got: anAnswer(anObject({ 'sluice.dev/delivery': 'other' })),
      wanted: 'refused name-taken',
    },
    {
      what: 'an object without a delivery id',
      got: anAnswer(anObject({})),
      wanted: 'refused name-taken',
    },
    {
      what: 'no permission to look',
      got: aStatus(403, 'Forbidden'),
      wanted: 'delivered existed, not verified',
    },
    {
      what: 'a token that expired before the look',
      got: aStatus(401, 'Unauthorized'),
      wanted: 'unknown server-error',
    },
    {
      what: 'an object that is gone meanwhile',
      got: aStatus(404, 'NotFound'),
      wanted: 'delivered existed, not verified',
    },
    {
      what: 'a throttled look',
      got: aStatus(429, 'TooManyRequests'),
      wanted: 'unknown server-error',
    },
    {
      what: 'a look that times out',
      got: aFailure('perhaps', 'timeout'),
      wanted: 'unknown timeout',
    },
    {
      what: 'a GET without an answer',
      got: aFailure('never', 'ECONNREFUSED'),
      wanted: 'unknown server-error',
    },
  ];
  for (const { what, got, wanted } of cases) {
    it(`takes ${what} under the taken name as ${wanted}`, async () => {
      const outcome = await create(apiWith(got));
      const more = 'reason' in outcome ? outcome.reason : 'note' in outcome ? outcome.note : '';
      expect(`${outcome.outcome} ${more}`).to.equal(wanted);
    });
  }

  it('passes on a pause that the server asks for', async () => {
    const outcome = await create(apiWith(anAnswer(null, 429, { 'retry-after': '9' })));
    expect(outcome).to.include({ outcome: 'unknown', pauseMs: 9_000 });
  });

  it('names the object and the finding if the name is taken', async () => {
    const outcome = await create(apiWith(anAnswer(anObject({}))));
    expect(outcome).to.deep.include({
      detail: `create Job ci/${NAME}: the name is taken by an object with no annotation sluice.dev/delivery (expected ${ID})`,
    });
  });
});
