// Every wire form against its golden file, byte for byte as a pipeline receives it.

import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import { type Json, type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import type { Trigger } from '../../lib/core/ports/trigger.ts';
import { brigadeKind } from '../../lib/triggers/brigade.ts';
import { execKind } from '../../lib/triggers/exec.ts';
import { type KubernetesSection, kubernetesKind } from '../../lib/triggers/kubernetes.ts';
import { aDelivery, anAttempt } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { expectGolden, toGolden } from '../support/golden.ts';
import { NEVER } from '../support/never.ts';
import { FakeApi } from './support/fake-api.ts';
import { JOB, PIPELINE_RUN, someParts, WORKFLOW } from './support/parts.ts';

// A second attempt: its number must be only in the environment.
const DELIVERY: Delivery = aDelivery({
  trigger: 'diagnose',
  attempts: [1, 2].map((number) => anAttempt({ number, at: Date.UTC(2026, 0, 31, 12, number) })),
});

// An Event of the scheduler, as a server of Kubernetes 1.36 sends it.
const CURRENT: JsonObject = {
  kind: 'Event',
  apiVersion: 'v1',
  metadata: {
    name: 'web-1.187f3b5a4c6d7e8f',
    namespace: 'shop',
    uid: '6f3c1a52-0d4e-4c1b-9b55-3a1f0e9d8c7b',
    resourceVersion: '1201',
    creationTimestamp: '2026-01-31T11:58:00Z',
  },
  involvedObject: {
    kind: 'Pod',
    namespace: 'shop',
    name: 'web-1',
    uid: '0b7c2f9e-5d3a-4e64-8f21-7c9d1e2f3a4b',
    apiVersion: 'v1',
    resourceVersion: '1190',
  },
  reason: 'FailedScheduling',
  message: '0/3 nodes are available: cpu < 2 & memory > 1Gi',
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  type: 'Warning',
  eventTime: '2026-01-31T11:58:00.123456Z',
  series: { count: 2, lastObservedTime: '2026-01-31T11:59:30.000000Z' },
  action: 'Scheduling',
  reportingComponent: 'default-scheduler',
  reportingInstance: 'default-scheduler-node-1',
};

async function sentBy(api: FakeApi, trigger: Trigger): Promise<Json> {
  const outcomes = await trigger.fire([DELIVERY], NEVER);
  expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(['delivered']);
  return api.calls.map(({ method, path, query = {}, body = null }) => ({
    request: `${method} ${path}?${new URLSearchParams(query).toString()}`,
    body,
  }));
}

async function sentFor(section: KubernetesSection): Promise<Json> {
  const api = new FakeApi();
  return sentBy(api, kubernetesKind.create(section, someParts({ api })));
}

describe('golden wire forms', () => {
  const manifests = [
    { kind: 'job', section: JOB },
    { kind: 'pipelinerun', section: PIPELINE_RUN },
    { kind: 'workflow', section: WORKFLOW },
  ] as const;
  for (const { kind, section } of manifests) {
    it(`creates the ${kind} of the golden file`, async () => {
      expectGolden(`${kind}.json`, toGolden(await sentFor(section)));
    });
  }

  it('creates the Brigade build Secret of the golden file, with defaults', async () => {
    const api = new FakeApi();
    const parts = someParts({ api, prefix: brigadeKind.defaultPrefix('build') });
    const sent = await sentBy(api, brigadeKind.create({ project: 'org/repo' }, parts));
    expectGolden('brigade-secret.json', toGolden(sent));
  });

  it('creates the Brigade build Secret of the golden file, with every option', async () => {
    const api = new FakeApi();
    const section = {
      project: 'brigade-0123456789abcdef0123456789abcdef0123456789abcdef012345',
      namespace: 'brigade',
      provider: 'cluster',
      ref: 'refs/heads/main',
      commit: 'b3cdb48d2b7a8e2d9f5c2a8f0c6c4b6d9c0b7a51',
      cloneURL: 'https://git.example.test/org/repo.git',
      logLevel: 'DEBUG',
      shortTitle: 'back-off',
      longTitle: 'a pod is backing off',
      script: 'console.log("hello")',
      config: '{"dependencies":{}}',
    };
    const parts = someParts({ api, prefix: brigadeKind.defaultPrefix('build') });
    const sent = await sentBy(api, brigadeKind.create(section, parts));
    expectGolden('brigade-secret-options.json', toGolden(sent));
  });

  it('decodes the payload of a Brigade Secret to the Event of the golden file', async () => {
    const api = new FakeApi();
    await sentBy(api, brigadeKind.create({ project: 'org/repo' }, someParts({ api })));
    const payload = stringAt(api.created[0], 'data', 'payload');
    expectGolden('brigade-payload.json', Buffer.from(payload, 'base64').toString('utf8'));
  });

  it('creates the Secret of Brigade v0.10 of the golden file, with the label commit_id', async () => {
    const api = new FakeApi();
    const parts = someParts({ api, prefix: brigadeKind.defaultPrefix('build') });
    const commit = 'b3cdb48d2b7a8e2d9f5c2a8f0c6c4b6d9c0b7a51';
    const section = { project: 'org/repo', profile: 'v0.10', commit } as const;
    const sent = await sentBy(api, brigadeKind.create(section, parts));
    expectGolden('brigade-secret-v0.10.json', toGolden(sent));
  });

  const payloads = [
    { profile: 'v1.5', file: 'brigade-payload-current.json' },
    { profile: 'v0.10', file: 'brigade-payload-v0.10.json' },
  ] as const;
  for (const { profile, file } of payloads) {
    it(`writes an Event of the current shape under ${profile} as in the golden file`, async () => {
      const api = new FakeApi();
      const [occurrence] = DELIVERY.occurrences;
      const delivery = { ...DELIVERY, occurrences: [{ ...occurrence, event: CURRENT }] as const };
      const trigger = brigadeKind.create({ project: 'org/repo', profile }, someParts({ api }));
      await trigger.fire([delivery], NEVER);
      const payload = stringAt(api.created[0], 'data', 'payload');
      expectGolden(file, Buffer.from(payload, 'base64').toString('utf8'));
    });
  }

  it('gives a command the input and variables of the golden files', async () => {
    const { observe, of } = recordingObserve();
    const program = `
      const variables = Object.entries(process.env).filter(([name]) => /^(SLUICE_|TRACEPARENT$|OWN$)/.test(name));
      let input = '';
      process.stdin.setEncoding('utf8').on('data', (text) => { input += text; });
      process.stdin.on('end', () => console.log(JSON.stringify({ variables: Object.fromEntries(variables), input })));`;
    const section = { command: [process.execPath, '-e', program] as const, env: { OWN: 'yes' } };
    const trigger = execKind.create(section, someParts({ observe }));
    await trigger.fire([DELIVERY], NEVER);
    const given = JSON.parse(of('command-output')[0]?.line ?? 'null') as JsonObject;
    expectGolden('exec-environment.json', toGolden(given['variables'] ?? null));
    expectGolden('exec-stdin.json', stringAt(given, 'input'));
  });
});
