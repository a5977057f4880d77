// The guards: a build does not start builds, and no Event acts for another namespace.

import { expect } from 'chai';
import { deliveryId } from '../../lib/core/delivery-id.ts';
import type { EventObject } from '../../lib/core/occurrence.ts';
import { guarded } from '../../lib/intake/stages.ts';
import { anEvent, anOccurrence } from '../support/builders.ts';
import { intakeHarness } from './harness.ts';

const ID = deliveryId(
  {
    clusterId: 'c1',
    ruleIdentity: 'r',
    triggerIdentity: 't',
    identity: ['shop', 'web', '2026-01-31T11:58:00.000000Z'],
  },
  '',
);

const about = (involved: EventObject, namespace = 'shop'): EventObject =>
  anEvent({
    metadata: { name: 'x.1', namespace, creationTimestamp: '2026-01-31T11:58:00Z' },
    involvedObject: { kind: 'Pod', ...involved },
  });

const reported = (reportingComponent: string): EventObject => ({
  ...about({ namespace: 'shop', name: 'sluice-0' }),
  reportingComponent,
});

describe('the guards', () => {
  const rows: readonly (readonly [string, EventObject, string])[] = [
    ['an object of the Event’s own namespace', about({ namespace: 'shop', name: 'web' }), 'queued'],
    ['an object of another namespace', about({ namespace: 'pay', name: 'web' }), 'foreign'],
    ['a cluster-scoped object', about({ name: 'node-1' }, 'default'), 'queued'],
    ['an object without a name', about({ namespace: 'shop' }), 'queued'],
    ['an object in a namespace of builds', about({ namespace: 'ci', name: 'web' }, 'ci'), 'loop'],
    ['an Event in a namespace of builds', about({ name: 'web' }, 'ci'), 'loop'],
    ['a build of ours', about({ namespace: 'shop', name: `diagnose-${ID}` }), 'loop'],
    [
      'a pod of a build of ours',
      about({ namespace: 'shop', name: `diagnose-${ID}-x7k2p` }),
      'loop',
    ],
    [
      'a name that only begins as ours',
      about({ namespace: 'shop', name: 'diagnose-web' }),
      'queued',
    ],
    [
      'a prefix that is not configured',
      about({ namespace: 'shop', name: `web-${ID}-x` }),
      'queued',
    ],
    ['a Brigade worker', about({ namespace: 'shop', name: `brigade-worker-${ID}` }), 'loop'],
    ['a pod of a Brigade job', about({ namespace: 'shop', name: `test-job-${ID}` }), 'loop'],
    ['a bare id', about({ namespace: 'shop', name: ID }), 'queued'],
    ['an Event of a gateway about its own pod', reported('sluice.dev/gateway'), 'loop'],
    ['an Event about the gateway by others', reported('kubelet'), 'queued'],
    ['a reporter of a similar name', reported('sluice.dev/gateway2'), 'queued'],
    ['an id in capitals', about({ namespace: 'shop', name: `x-${ID.toUpperCase()}` }), 'queued'],
  ];
  for (const [what, event, disposition] of rows) {
    it(`call ${what} ${disposition}`, async () => {
      const harness = intakeHarness({
        parts: { guard: { namespaces: ['ci'], prefixes: ['diagnose'] } },
      });
      await harness.take(anOccurrence({ event }));
      expect(harness.dispositions()).to.deep.equal([[disposition]]);
      const guard = { namespaces: ['ci'], prefixes: ['diagnose'], allowForeign: false };
      const ruling = guarded(anOccurrence({ event }), guard);
      expect(ruling?.disposition ?? 'queued', 'without a store').to.equal(disposition);
    });
  }

  it('leave no trace in the ledger, so the next state is judged again', async () => {
    const event = about({ namespace: 'pay', name: 'web' });
    const strict = intakeHarness();
    await strict.take(anOccurrence({ event }));
    const foreignSources = new Set(['shop']);
    const open = intakeHarness({ store: strict.store, parts: { foreignSources } });
    await open.take(anOccurrence({ event }));
    expect(strict.of('decision')[0]?.disposed[0]?.id).to.equal(null);
    expect(open.dispositions()).to.deep.equal([['queued']]);
  });

  it('hide no Event by a reporter: its state by another one starts the build', async () => {
    const harness = intakeHarness();
    await harness.take(anOccurrence({ event: reported('sluice.dev/gateway') }));
    await harness.take(anOccurrence({ event: reported('kubelet') }));
    expect(harness.dispositions()).to.deep.equal([['loop'], ['queued']]);
    expect(harness.of('decision')[0]?.disposed[0]?.why).to.equal(
      'its reporter is a gateway (sluice.dev/gateway)',
    );
  });

  it('say why they stopped an Event', async () => {
    const harness = intakeHarness();
    await harness.take(anOccurrence({ event: about({ namespace: 'pay', name: 'web' }) }));
    expect(harness.of('decision')[0]?.disposed[0]?.why).to.equal(
      'an Event of namespace "shop" is about an object of "pay"',
    );
  });
});
