// The dry run of a manifest: its requests, and the answers that count as a mistake.

import { expect } from 'chai';
import { isJsonObject, type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import type { DryRun } from '../../lib/core/ports/trigger.ts';
import type { ApiAnswer, ApiCall } from '../../lib/kubernetes/client/kubernetes-api.ts';
import { kubernetesKind } from '../../lib/triggers/kubernetes.ts';
import { aDelivery } from '../support/builders.ts';
import { NEVER } from '../support/never.ts';
import { aFailure, anAnswer, aStatus, FakeApi, type Script } from './support/fake-api.ts';
import { JOB, someParts } from './support/parts.ts';

async function dryRun(script: Script): Promise<{ result: DryRun; calls: readonly ApiCall[] }> {
  const api = new FakeApi();
  api.script = script;
  const parts = { ...someParts({ api }), delivery: aDelivery() };
  const result = await kubernetesKind.dryRun?.(JOB, parts, NEVER);
  if (result === undefined) throw new Error('no dry run');
  return { result, calls: api.calls };
}

const causes = (...fields: readonly string[]): JsonObject => ({
  name: 'diagnose-0',
  group: 'batch',
  kind: 'Job',
  causes: fields.map((field) => ({
    ...{ field, reason: 'FieldValueInvalid', message: `Invalid value: "geheim-${field}"` },
  })),
});

const misspelled = aStatus(400, 'BadRequest', {
  message:
    'Job in version "v1" cannot be handled as a Job: strict decoding error: unknown field "spec.templat", unknown field "spec.backofLimit"',
});
const noDryRun = aStatus(400, 'BadRequest', {
  message: 'admission webhook "a.example.test" does not support dry run',
});

const WRONG_TYPE =
  'json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string';
const wrongType = aStatus(400, 'BadRequest', { message: WRONG_TYPE });
const badName = aStatus(422, 'Invalid', { details: causes('metadata.name') });

/** The server decodes no object with content, and refuses the name `_`. */
const undecodable: Script = ({ body = null }) =>
  isJsonObject(body) && 'spec' in body ? wrongType : badName;

const isMisnamed = ({ body = null }: ApiCall): boolean =>
  stringAt(body, 'metadata', 'name') === '_';

/** The second request ignores unknown fields. */
const strict =
  (first: ApiAnswer, second: ApiAnswer): Script =>
  ({ query }) =>
    query?.['fieldValidation'] === 'Strict' ? first : second;

describe('the dry run of a manifest', () => {
  it('creates nothing, refuses unknown fields, and is otherwise a real creation', async () => {
    const { result, calls } = await dryRun(({ body = null }) => anAnswer(body, 201));
    expect(result).to.deep.equal({ ok: true });
    expect(calls).to.have.length(1);
    const [call] = calls;
    expect(call).to.include({ method: 'POST', path: '/apis/batch/v1/namespaces/ci/jobs' });
    expect(call?.query).to.include({ dryRun: 'All', fieldValidation: 'Strict' });
    expect(stringAt(call?.body, 'metadata', 'name')).to.match(/^diagnose-/);
  });

  const refused: readonly (readonly [string, Script, Omit<DryRun & { ok: false }, 'ok'>])[] = [
    [
      'a misspelled field',
      strict(misspelled, anAnswer({}, 201)),
      { fault: 'unknown-field', detail: 'spec.templat, spec.backofLimit' },
    ],
    [
      'a misspelled field that is required',
      strict(misspelled, aStatus(422, 'Invalid', { details: causes('spec.template') })),
      { fault: 'unknown-field', detail: 'spec.templat, spec.backofLimit' },
    ],
    [
      'a field that the message does not name',
      strict(aStatus(400, 'BadRequest'), anAnswer({}, 201)),
      { fault: 'unknown-field', detail: 'a field that this kind does not have' },
    ],
    [
      'a value of a wrong type',
      undecodable,
      {
        fault: 'invalid',
        detail: 'spec.template.spec.containers.env.value has a wrong type',
      },
    ],
    [
      'invalid values, without the values',
      () => aStatus(422, 'Invalid', { details: causes('spec.a', 'spec.b') }),
      { fault: 'invalid', detail: 'spec.a (Invalid), spec.b (Invalid)' },
    ],
    [
      'a kind of no CRD',
      () => aStatus(404, 'NotFound'),
      { fault: 'no-such-kind', detail: 'no jobs in batch/v1' },
    ],
    [
      'a group of no CRD, answered in plain text',
      () => anAnswer(null, 404),
      { fault: 'no-such-kind', detail: 'no jobs in batch/v1' },
    ],
    [
      'a namespace that does not exist',
      () => aStatus(404, 'NotFound', { details: { kind: 'namespaces', name: 'ci' } }),
      { fault: 'no-such-namespace', detail: 'no namespace ci' },
    ],
  ];
  for (const [what, script, wanted] of refused) {
    it(`finds ${what}`, async () => {
      expect((await dryRun(script)).result).to.deep.equal({ ok: false, ...wanted });
    });
  }

  it('shows no value of the manifest', async () => {
    const { result } = await dryRun(() =>
      aStatus(422, 'Invalid', { message: 'geheim', details: causes('spec.a') }),
    );
    expect(JSON.stringify(result)).to.not.include('geheim');
  });

  const named = { name: 'diagnose-01arz3ndektsv4rrffq69g5fav', group: 'batch', kind: 'jobs' };
  const passed: readonly (readonly [string, Script])[] = [
    ['a mutating webhook that refuses dry runs', () => noDryRun],
    [
      'a validating webhook that refuses dry runs',
      (call) => (isMisnamed(call) ? badName : noDryRun),
    ],
    [
      'no answer about a wrong type',
      (call) => (isMisnamed(call) ? aFailure('perhaps', 'timeout') : wrongType),
    ],
    ['no answer to the second request', strict(misspelled, aFailure('perhaps', 'timeout'))],
    ['a webhook that denies', () => aStatus(403, 'Forbidden')],
    ['a webhook that answers as a validation', () => aStatus(422, 'Invalid')],
    ['a used-up quota', () => aStatus(403, 'Forbidden', { details: named })],
    ['a missing permission', () => aStatus(403, 'Forbidden', { details: { kind: 'jobs' } })],
    ['a conflict', () => aStatus(409, 'Conflict')],
    ['an existing object', () => aStatus(409, 'AlreadyExists', { details: named })],
    ['throttling', () => aStatus(429, 'TooManyRequests')],
    ['an expired token', () => aStatus(401, 'Unauthorized')],
    ['an error of the server', () => aStatus(500, 'InternalError')],
    ['a timeout at the server', () => aStatus(504, 'Timeout')],
    ['no connection', () => aFailure('never', 'ECONNREFUSED')],
    ['no answer', () => aFailure('perhaps', 'timeout')],
  ];
  for (const [what, script] of passed) {
    it(`finds nothing in ${what}`, async () => {
      expect((await dryRun(script)).result).to.deep.equal({ ok: true });
    });
  }
});
