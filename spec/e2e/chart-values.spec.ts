// Every rendering that has a golden file, on a real API server: each object is accepted whole by a
// strict dry run, and each pod by the restricted Pod Security Standard.

import { expect } from 'chai';
import { isJsonObject } from '../../lib/core/json-object.ts';
import { findHelm, releaseNamespace, renderObjects } from '../charts/helm.ts';
import { RIGHT_VALUES } from '../charts/right-values.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { dryRun, podsOf, restrict } from './support/dry-run.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

// Kinds of the Prometheus operator, which this server does not have; another spec loads them.
const FOREIGN = 'monitoring.coreos.com/v1';

describe('renderings of the chart on a real API server', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  const renderings = new Map<string, readonly KubeObject[]>();

  before(async function () {
    this.timeout(600_000 + sharedStartMs);
    const helm = await findHelm(this);
    plane = await sharedControlPlane();
    for (const [name, values] of Object.entries(RIGHT_VALUES)) {
      const objects = renderObjects(helm, { values });
      renderings.set(
        name,
        objects.filter(({ apiVersion }) => apiVersion !== FOREIGN),
      );
    }
    const all = [...renderings.values()].flat();
    const namespaces = new Set(all.map(({ metadata }) => metadata?.namespace ?? releaseNamespace));
    for (const namespace of namespaces) await createOnce(plane, namespace);
    await restrict(plane, releaseNamespace);
  });

  for (const name of Object.keys(RIGHT_VALUES)) {
    it(`are accepted for ${name}`, async () => {
      const objects = renderings.get(name) ?? [];
      const pods = objects.flatMap((one) => podsOf(one, releaseNamespace));
      const refused: string[] = [];
      for (const one of [...objects, ...pods]) {
        const answer = await dryRun(plane, one);
        if (answer !== 'accepted') refused.push(answer);
      }
      expect(refused).to.deep.equal([]);
      expect(pods).to.not.be.empty;
    });
  }

  it('would be refused with a field that the server does not know', async () => {
    const [first] = renderings.get('none') ?? [];
    expect(await dryRun(plane, { ...first, automount: true })).to.include('automount');
  });

  it('would be refused as a pod that is not restricted', async () => {
    const [pod] = (renderings.get('none') ?? []).flatMap((one) => podsOf(one, releaseNamespace));
    const { spec } = pod ?? {};
    const open = { ...pod, spec: { ...(isJsonObject(spec) ? spec : {}), hostNetwork: true } };
    expect(await dryRun(plane, open)).to.include('restricted');
  });
});

async function createOnce({ admin }: ControlPlane, name: string): Promise<void> {
  const body = { metadata: { name } };
  const { status } = await admin.send({ method: 'POST', path: '/api/v1/namespaces', body });
  expect(status, name).to.be.oneOf([201, 409]);
}
