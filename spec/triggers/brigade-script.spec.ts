// The sample script for Brigade v1, run for builds that the trigger of the sample configuration
// made.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { EventObject } from '../../lib/core/occurrence.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { aDelivery, anEvent } from '../support/builders.ts';
import { NEVER } from '../support/never.ts';
import { VALIDATORS } from '../support/validators.ts';
import {
  type BrigadeEvent,
  type BuildRecord,
  eventOf,
  runScript,
} from './support/brigade-worker.ts';
import { FakeApi } from './support/fake-api.ts';
import { someParts } from './support/parts.ts';

const samples = join(import.meta.dirname, '../../samples');
const SCRIPT = readFileSync(join(samples, 'brigade.js'), 'utf8');
const { plan } = loadPlan({
  text: readFileSync(join(samples, 'brigade.yaml'), 'utf8'),
  namespace: 'gateway',
  buildNamespace: 'gateway',
  exec: 'refused',
  validators: VALIDATORS,
});

/** The event of the build that the trigger makes for an Event. */
async function buildFor(overrides: EventObject): Promise<BrigadeEvent> {
  const api = new FakeApi();
  const trigger = plan?.triggers[0]?.create(someParts({ api }));
  const [occurrence] = aDelivery().occurrences;
  const occurrences = [{ ...occurrence, event: anEvent(overrides) }] as const;
  await trigger?.fire([aDelivery({ occurrences })], NEVER);
  return eventOf(api.created[0]);
}

async function run(overrides: EventObject, failing?: readonly string[]): Promise<BuildRecord> {
  return runScript(SCRIPT, await buildFor(overrides), failing);
}

describe('the sample script for Brigade v1', () => {
  it('gets the type, the build and the bare Event that the trigger wrote', async () => {
    const event = await buildFor({ reason: 'Created' });
    expect(event).to.include({ type: 'Pod:Created', provider: 'k8s-gateway' });
    expect(event.workerID).to.equal(`brigade-worker-${event.buildID}`);
    const { kind, apiVersion, ...bare } = anEvent({ reason: 'Created' });
    expect(JSON.parse(event.payload ?? '')).to.deep.equal(bare);
  });

  it('says which Pod was created, and runs no job', async () => {
    const { jobs, lines } = await run({ reason: 'Created' });
    expect(lines).to.deep.equal(['created: shop/web-1']);
    expect(jobs).to.deep.equal([]);
  });

  it('describes a Pod in a crash loop, then reads its logs, one job at a time', async () => {
    const { jobs, lines, mostAtOnce } = await run({ reason: 'BackOff' });
    expect(jobs.map(({ name }) => name)).to.deep.equal(['describe', 'logs']);
    expect(mostAtOnce).to.equal(1);
    expect(jobs[0]?.env).to.include({ NAMESPACE: 'shop', NAME: 'web-1' });
    expect(lines).to.deep.equal(['diagnosed: 2 jobs']);
  });

  it('describes Pod and nodes at the same time if the Pod cannot be scheduled', async () => {
    const { jobs, mostAtOnce } = await run({ reason: 'FailedScheduling' });
    expect(jobs.map(({ name }) => name)).to.deep.equal(['pod', 'nodes']);
    expect(mostAtOnce).to.equal(2);
  });

  it('does nothing for a type without a handler', async () => {
    const { jobs, lines } = await run({ reason: 'Pulled' });
    expect([jobs, lines]).to.deep.equal([[], []]);
  });

  it('reports why a job fails, and starts no further one', async () => {
    const { jobs, lines } = await run({ reason: 'BackOff' }, ['describe']);
    expect(jobs).to.have.length(1);
    expect(lines).to.deep.equal(['failed: Error: job describe: failed']);
  });

  for (const value of ['$(touch owned)', '"; touch owned #', '-n', 'a\nb', '`id`', "'"]) {
    it(`keeps ${JSON.stringify(value)} out of every line of shell`, async () => {
      const object = { kind: 'Pod', namespace: value, name: value };
      for (const reason of ['BackOff', 'FailedScheduling', 'Created']) {
        const { jobs, lines } = await run({ reason, message: value, involvedObject: object });
        const calm = await run({ reason });
        const tasksOf = ({ jobs: all }: BuildRecord) => all.map(({ tasks }) => tasks);
        expect(tasksOf({ jobs, lines, mostAtOnce: 0 })).to.deep.equal(tasksOf(calm));
        for (const { env } of jobs) expect(env['NAME']).to.equal(value);
        for (const line of lines) expect(line).to.not.include('\n');
      }
    });
  }

  it('takes an Event without an object', async () => {
    const { jobs } = await run({ reason: 'BackOff', involvedObject: { kind: 'Pod' } });
    expect(jobs[0]?.env).to.deep.include({ NAMESPACE: '', NAME: '' });
  });
});
