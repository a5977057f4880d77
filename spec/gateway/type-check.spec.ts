// The types of a plan's manifests beside those that a fake API server serves, on a fake clock.

import { expect } from 'chai';
import { checkTypes } from '../../lib/gateway/cluster-check.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { discoveryServer, group, type } from '../kubernetes/discovery/documents.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { VALIDATORS } from '../support/validators.ts';
import { aStatus, FakeApi } from '../triggers/support/fake-api.ts';

const CONFIGURATION = `
filters: [{ kind: Pod, action: accept, triggers: [diagnose, hook] }]
triggers:
  diagnose: { kubernetes: { manifest: { apiVersion: batch/v1, kind: Job, spec: {} } } }
  hook: { http: { url: "https://ci.example.test" } }
`;

function aCluster() {
  const context = { namespace: 'gateway', buildNamespace: 'gateway', exec: 'refused' as const };
  const { plan } = loadPlan({ ...context, text: CONFIGURATION, validators: VALIDATORS });
  if (plan === null) throw new Error('the configuration of the spec is refused');
  const [api, clock, stop] = [new FakeApi(), new FakeClock(), new AbortController()];
  return { api, clock, stop, parts: { plan, api, clock } };
}

describe('checkTypes', () => {
  const JOBS_SERVED = discoveryServer([group('batch', { v1: [type('jobs', 'Job')] })], 'v2');
  const NONE_SERVED = discoveryServer([group('batch', { v1: [] })], 'v2');

  it('compares the type of each manifest with those that are served, once', async () => {
    const { api, clock, stop, parts } = aCluster();
    api.script = JOBS_SERVED;
    const report = await checkTypes(parts, stop.signal);
    expect(report).to.deep.equal({ ok: true, findings: [] });
    expect(api.calls.map(({ path }) => path)).to.have.members(['/api', '/apis']);
    expect(clock.sleepers).to.equal(0);
  });

  it('asks nothing of a configuration without a manifest', async () => {
    const { api, stop, parts } = aCluster();
    const { plan } = parts;
    const triggers = plan.triggers.filter(({ name }) => name === 'hook');
    const asked = { ...parts, plan: { ...plan, triggers } };
    const report = await checkTypes(asked, stop.signal);
    expect(report).to.deep.equal({ ok: true, findings: [] });
    expect(api.calls).to.deep.equal([]);
  });

  it('names the trigger whose type is not served', async () => {
    const { api, clock, stop, parts } = aCluster();
    api.script = NONE_SERVED;
    const checked = checkTypes(parts, stop.signal);
    await clock.advance(3_000);
    const report = await checked;
    expect(report).to.have.nested.property('findings.length', 1);
    expect(report).to.have.nested.property('findings[0].trigger', 'diagnose');
    expect(report)
      .to.have.nested.property('findings[0].message')
      .that.includes('no kind Job in batch/v1');
  });

  it('asks again after three seconds, and believes the second answer', async () => {
    const { api, clock, stop, parts } = aCluster();
    api.script = NONE_SERVED;
    const checked = checkTypes(parts, stop.signal);
    await clock.advance(2_999);
    api.script = JOBS_SERVED;
    await clock.advance(1);
    expect(await checked).to.deep.equal({ ok: true, findings: [] });
  });

  it('says why the types are unknown', async () => {
    const { api, clock, stop, parts } = aCluster();
    api.script = () => aStatus(403, 'Forbidden');
    const checked = checkTypes(parts, stop.signal);
    await clock.advance(3_000);
    expect(await checked).to.deep.equal({ ok: false, why: 'GET /api: status 403' });
  });

  it('ends with an abort', async () => {
    const { api, clock, stop, parts } = aCluster();
    api.silent = true;
    const checked = checkTypes(parts, stop.signal).catch((error: unknown) => error);
    await clock.advance(0);
    stop.abort(new Error('SIGTERM'));
    expect(await checked).to.have.property('message', 'SIGTERM');
  });
});
