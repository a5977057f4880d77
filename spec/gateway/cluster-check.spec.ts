// The comparison of a plan with the cluster, on a fake clock and a fake API server.

import { expect } from 'chai';
import { SluiceError } from '../../lib/core/errors.ts';
import { jsonAt, stringAt } from '../../lib/core/json-object.ts';
import { checkCluster, followAccess, toNeeded } from '../../lib/gateway/cluster-check.ts';
import type { ApiAnswer, ApiCall } from '../../lib/kubernetes/client/kubernetes-api.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { accessText } from '../../lib/telemetry/log-value.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { VALIDATORS } from '../support/validators.ts';
import { aFailure, anAnswer, aStatus, FakeApi } from '../triggers/support/fake-api.ts';

const CONFIGURATION = `
sources:
  shop: { events: { namespaces: [shop, pay] } }
  own: { events: {} }
filters: [{ kind: Pod, action: accept, triggers: [diagnose, hook] }]
triggers:
  diagnose:
    kubernetes:
      manifest: { apiVersion: batch/v1, kind: Job, metadata: { namespace: ci }, spec: {} }
  hook: { http: { url: "https://ci.example.test" } }
`;

/** A cluster that a spec changes while it is asked. */
class FakeCluster {
  readonly clock = new FakeClock();
  readonly recording = recordingObserve();
  readonly api = new FakeApi();
  readonly stop = new AbortController();
  /** Denied permissions, as `verb on resource in namespace`. */
  denied: readonly string[] = [];
  /** The answer to access reviews instead of one by `denied`. */
  review: ApiAnswer | null = null;
  dryRun: ApiAnswer = anAnswer({}, 201);

  constructor() {
    this.api.script = (call) => this.#answer(call);
  }

  get parts() {
    const context = { namespace: 'gateway', buildNamespace: 'gateway', exec: 'refused' as const };
    const { plan } = loadPlan({ ...context, text: CONFIGURATION, validators: VALIDATORS });
    if (plan === null) throw new Error('the configuration of the spec is refused');
    const { api, clock, recording } = this;
    return { plan, api, clock, folder: '/', observe: recording.observe };
  }

  /** Requests since the last call. */
  asked(): readonly string[] {
    return this.api.calls.splice(0).map(textOf);
  }

  #answer(call: ApiCall): ApiAnswer {
    if (!isReview(call)) return this.dryRun;
    const allowed = !this.denied.includes(textOf(call));
    return this.review ?? anAnswer({ status: { allowed, reason: 'RBAC' } }, 201);
  }
}

function isReview({ path }: ApiCall): boolean {
  return path.endsWith('/selfsubjectaccessreviews');
}

function textOf(call: ApiCall): string {
  if (!isReview(call)) return `dry run ${call.query?.['fieldValidation'] ?? ''} of ${call.path}`;
  const asked = jsonAt(call.body, 'spec', 'resourceAttributes') ?? null;
  const at = (key: string): string => stringAt(asked, key);
  return `${at('verb')} on ${at('resource')} in ${at('namespace')}`;
}

const JOBS = 'create on jobs in ci';
const DRY_RUN = 'dry run Strict of /apis/batch/v1/namespaces/ci/jobs';
const SOURCES = ['list on events in shop', 'watch on events in pay', 'list on events in gateway'];
const NO_CRD = aStatus(404, 'NotFound');

describe('checkCluster', () => {
  it('asks for each permission, and makes a dry run of each manifest, once', async () => {
    const cluster = new FakeCluster();
    const report = await checkCluster(cluster.parts, cluster.stop.signal);
    expect(cluster.asked()).to.have.members([
      'create on events in gateway',
      'list on events in gateway',
      'watch on events in gateway',
      'get on namespaces in gateway',
      'list on events in shop',
      'watch on events in shop',
      'list on events in pay',
      'watch on events in pay',
      JOBS,
      'get on jobs in ci',
      DRY_RUN,
    ]);
    expect(report.access.every(({ answer }) => answer === 'allowed')).to.equal(true);
    expect(report.dryRuns).to.deep.equal([{ trigger: 'diagnose', result: { ok: true } }]);
    expect(cluster.clock.sleepers).to.equal(0);
  });

  it('makes the dry run under a name that no delivery has', async () => {
    const cluster = new FakeCluster();
    await checkCluster(cluster.parts, cluster.stop.signal);
    const body = cluster.api.calls.find((call) => !isReview(call))?.body ?? null;
    expect(stringAt(body, 'metadata', 'name')).to.equal('diagnose-dry-run-of-a-sample-event0');
  });

  it('asks again after three seconds about what is wrong, and believes the second answer', async () => {
    const cluster = new FakeCluster();
    cluster.denied = [JOBS, 'list on events in shop'];
    cluster.dryRun = NO_CRD;
    const checked = checkCluster(cluster.parts, cluster.stop.signal);
    await cluster.clock.advance(2_999);
    cluster.asked();
    cluster.denied = [JOBS];
    cluster.dryRun = anAnswer({}, 201);
    await cluster.clock.advance(1);
    expect(cluster.asked()).to.have.members([JOBS, 'list on events in shop', DRY_RUN]);
    const { access, dryRuns } = await checked;
    const denied = access.filter(({ answer }) => answer === 'denied');
    expect(denied.map((one) => accessText(toNeeded(one)))).to.deep.equal([
      'create on jobs.batch in ci',
    ]);
    expect(dryRuns).to.deep.equal([{ trigger: 'diagnose', result: { ok: true } }]);
  });

  it('ends if the server hangs, and finds nothing', async () => {
    const cluster = new FakeCluster();
    cluster.api.silent = true;
    const checked = checkCluster(cluster.parts, cluster.stop.signal);
    await cluster.clock.advance(15_000);
    const { access, dryRuns } = await checked;
    expect(new Set(access.map(({ answer }) => answer))).to.deep.equal(new Set(['unknown']));
    expect(dryRuns).to.deep.equal([]);
  });

  it('ends with an abort', async () => {
    const cluster = new FakeCluster();
    cluster.api.silent = true;
    const checked = checkCluster(cluster.parts, cluster.stop.signal).catch(
      (error: unknown) => error,
    );
    await cluster.clock.advance(0);
    cluster.stop.abort(new Error('SIGTERM'));
    expect(await checked).to.have.property('message', 'SIGTERM');
  });
});

describe('followAccess', () => {
  function follow(cluster: FakeCluster) {
    return followAccess(cluster.parts, cluster.stop.signal).then(
      () => 'done',
      (error: unknown) => error,
    );
  }

  it('observes nothing wrong, and ends', async () => {
    const cluster = new FakeCluster();
    const following = follow(cluster);
    await cluster.clock.advance(0);
    expect(await following).to.equal('done');
    const states = cluster.recording.seen.map((one) => ('state' in one ? one.state : ''));
    expect(new Set(states)).to.deep.equal(new Set(['answered', 'granted', 'accepted']));
  });

  it('observes each missing permission until it is granted', async () => {
    const cluster = new FakeCluster();
    cluster.denied = [JOBS];
    const following = follow(cluster);
    await cluster.clock.advance(3_000);
    const missing = () =>
      cluster.recording.of('permission').filter((one) => one.state === 'missing');
    expect(missing().map(({ needed, detail }) => [accessText(needed), detail])).to.deep.equal([
      ['create on jobs.batch in ci', 'RBAC'],
    ]);
    cluster.asked();
    await cluster.clock.advance(29_999);
    expect(cluster.asked()).to.deep.equal([]);
    cluster.denied = [];
    await cluster.clock.advance(1);
    expect(cluster.asked()).to.have.members([JOBS, DRY_RUN]);
    expect(await following).to.equal('done');
    const [last] = cluster.recording
      .of('permission')
      .filter(({ needed }) => accessText(needed) === 'create on jobs.batch in ci')
      .slice(-1);
    expect(last).to.include({ state: 'granted' });
  });

  it('observes a refused manifest until it is accepted', async () => {
    const cluster = new FakeCluster();
    cluster.dryRun = NO_CRD;
    const following = follow(cluster);
    await cluster.clock.advance(3_000);
    cluster.dryRun = anAnswer({}, 201);
    await cluster.clock.advance(30_000);
    expect(await following).to.equal('done');
    expect(cluster.recording.of('dry-run').map(({ state, fault }) => [state, fault])).to.deep.equal(
      [
        ['refused', 'no-such-kind'],
        ['accepted', null],
      ],
    );
  });

  it('refuses the start if the second review still denies every source', async () => {
    const cluster = new FakeCluster();
    cluster.denied = SOURCES.concat('watch on events in shop');
    const following = follow(cluster);
    await cluster.clock.advance(2_999);
    expect(cluster.recording.seen).to.deep.equal([]);
    await cluster.clock.advance(1);
    const error = await following;
    expect(error).to.be.instanceOf(SluiceError).with.property('code', 'cluster-refused');
    expect(String(error)).to.include('shop, pay, gateway').and.include('sluice rbac');
    expect(
      cluster.recording.of('permission').filter(({ state }) => state === 'missing'),
    ).to.have.length(4);
  });

  for (const granted of SOURCES) {
    it(`continues if it may ${granted} and watch there`, async () => {
      const cluster = new FakeCluster();
      cluster.denied = SOURCES.filter((one) => one !== granted);
      void follow(cluster);
      await cluster.clock.advance(3_000);
      expect(
        cluster.recording.of('permission').filter(({ state }) => state === 'missing'),
      ).to.have.length(2);
      expect(cluster.clock.sleepers).to.equal(1);
      cluster.stop.abort();
    });
  }

  it('does not refuse the start if the authorizer had an error', async () => {
    const cluster = new FakeCluster();
    const status = { allowed: false, evaluationError: 'webhook: timeout' };
    cluster.review = anAnswer({ status }, 201);
    void follow(cluster);
    await cluster.clock.advance(3_000);
    const missing = cluster.recording.of('permission').filter(({ state }) => state === 'missing');
    expect(missing).to.have.length(10);
    expect(cluster.clock.sleepers).to.equal(1);
    cluster.stop.abort();
  });

  it('does not refuse a start later, when the permissions are taken away', async () => {
    const cluster = new FakeCluster();
    cluster.denied = [JOBS];
    void follow(cluster);
    await cluster.clock.advance(3_000);
    cluster.denied = [JOBS, ...SOURCES];
    await cluster.clock.advance(120_000);
    expect(cluster.clock.sleepers).to.equal(1);
    cluster.stop.abort();
  });

  const failures = [
    ['a server without reviews', aStatus(404, 'NotFound')],
    ['a server that forbids them', aStatus(403, 'Forbidden')],
  ] as const;
  for (const [what, answer] of failures) {
    it(`observes ${what}, and asks no more`, async () => {
      const cluster = new FakeCluster();
      cluster.review = answer;
      const following = follow(cluster);
      await cluster.clock.advance(0);
      expect(await following).to.equal('done');
      const [failed, ...more] = cluster.recording.of('access-review');
      expect([failed?.state, more]).to.deep.equal(['failed', []]);
      expect(cluster.recording.of('permission')).to.deep.equal([]);
    });
  }

  it('asks again every five seconds while the server does not answer, and judges then', async () => {
    const cluster = new FakeCluster();
    cluster.review = aFailure('never', 'ECONNREFUSED');
    const following = follow(cluster);
    await cluster.clock.advance(9_999);
    expect(cluster.recording.of('access-review').map(({ state }) => state)).to.deep.equal([
      'failed',
      'failed',
    ]);
    cluster.review = null;
    cluster.denied = SOURCES;
    await cluster.clock.advance(3_001);
    expect(await following).to.have.property('code', 'cluster-refused');
  });

  it('makes the dry runs again when the server is back', async () => {
    const cluster = new FakeCluster();
    cluster.review = aFailure('never', 'ECONNREFUSED');
    cluster.dryRun = aFailure('never', 'ECONNREFUSED');
    const following = follow(cluster);
    await cluster.clock.advance(4_999);
    cluster.review = null;
    cluster.dryRun = NO_CRD;
    await cluster.clock.advance(3_001);
    const found = cluster.recording.of('dry-run').map(({ state }) => state);
    expect(found).to.deep.equal(['refused']);
    cluster.stop.abort();
    await following;
  });

  it('asks one question every five seconds while the server refuses the token', async () => {
    const cluster = new FakeCluster();
    cluster.review = aStatus(401, 'Unauthorized');
    const following = follow(cluster);
    await cluster.clock.advance(9_999);
    expect(cluster.asked()).to.have.length(2);
    cluster.stop.abort();
    await following;
  });

  it('does not believe a server that has just come back', async () => {
    const cluster = new FakeCluster();
    cluster.review = aFailure('never', 'ECONNREFUSED');
    const following = follow(cluster);
    await cluster.clock.advance(4_999);
    cluster.review = null;
    cluster.denied = SOURCES;
    await cluster.clock.advance(1);
    cluster.denied = [];
    await cluster.clock.advance(3_000);
    expect(await following).to.equal('done');
    const missing = cluster.recording.of('permission').filter(({ state }) => state === 'missing');
    expect(missing).to.deep.equal([]);
  });
});
