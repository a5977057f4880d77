// The lines about permissions and manifests that the cluster refuses.

import { expect } from 'chai';
import type { Observation } from '../../lib/core/observation.ts';
import { heard } from './support.ts';

const needed = {
  ...{ namespace: 'ci', group: 'batch', resource: 'jobs', verb: 'create', name: null },
  why: 'trigger job creates its objects',
} as const;
const missing = { kind: 'permission', state: 'missing', needed, detail: 'RBAC' } as const;
const granted = { ...missing, state: 'granted', detail: '' } as const;
const unreviewed = { kind: 'access-review', state: 'failed', why: 'status 404' } as const;
const reviewed = { kind: 'access-review', state: 'answered', why: '' } as const;
const refused = {
  kind: 'dry-run',
  trigger: 'job',
  state: 'refused',
  fault: 'unknown-field',
  detail: 'spec.templat',
} as const;
const accepted = { ...refused, state: 'accepted', fault: null, detail: '' } as const;

const MISSING =
  'permission missing: create on jobs.batch in ci (trigger job creates its objects): RBAC; sluice rbac prints the Roles that grant it';
const UNREVIEWED =
  'cannot review the permissions of this account: status 404; reading begins without that';
const REFUSED =
  'trigger job: the API server refuses its manifest in a dry run, unknown-field: spec.templat; it would refuse each delivery';

async function linesOf(...observed: readonly Observation[]): Promise<readonly string[]> {
  const { telemetry, lines } = heard();
  for (const one of observed) telemetry.observe(one);
  return (await lines()).map((line) => line.replace(/^\S+ /, ''));
}

describe('the lines about access', () => {
  const cases: readonly (readonly [string, readonly Observation[], readonly string[]])[] = [
    ['a missing permission', [missing], [`error ${MISSING}`]],
    [
      'a missing permission on one object of the whole cluster',
      [
        {
          ...{ ...missing, detail: '' },
          needed: { ...needed, group: '', resource: 'nodes', namespace: null, name: 'a' },
        },
      ],
      [
        'error permission missing: create on nodes named a in all namespaces (trigger job creates its objects); sluice rbac prints the Roles that grant it',
      ],
    ],
    ['a permission that was never missing', [granted], []],
    [
      'a permission that is granted later',
      [missing, missing, granted],
      [`error ${MISSING}`, `info  resolved: ${MISSING} (repeated 1 time in 0s)`],
    ],
    ['a review that failed', [unreviewed], [`info  ${UNREVIEWED}`]],
    [
      'a review that is answered later',
      [unreviewed, reviewed],
      [`info  ${UNREVIEWED}`, `info  resolved: ${UNREVIEWED} (for 0s)`],
    ],
    ['a refused manifest', [refused], [`warn  ${REFUSED}`]],
    ['an accepted manifest', [accepted], []],
    [
      'a manifest that is accepted later',
      [refused, accepted],
      [`warn  ${REFUSED}`, `info  resolved: ${REFUSED} (for 0s)`],
    ],
  ];
  for (const [what, observed, wanted] of cases) {
    it(`report ${what}`, async () => {
      expect(await linesOf(...observed)).to.deep.equal(wanted);
    });
  }

  it('have the permission as fields', async () => {
    const { telemetry, lines } = heard({ format: 'json' });
    telemetry.observe(missing);
    const [line = ''] = await lines();
    expect(JSON.parse(line)).to.deep.include({
      ...{ level: 'error', kind: 'permission', state: 'missing', detail: 'RBAC' },
      ...needed,
    });
  });
});
