// Access to the API of the chart: only by port-forward, or on purpose and with a token.

import { expect } from 'chai';
import { parseFlags } from '../../lib/cli/flags.ts';
import { runCommand } from '../../lib/cli/run.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import { findHelm, render, renderNotes, renderObjects } from './helm.ts';
import { containerOf, type Pod, podOf } from './workload.ts';

const EXPOSED = { api: { expose: true, existingSecret: 'sluice-api', hosts: ['ci.example.test'] } };

describe('the API of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  const podFor = (values: Readonly<Record<string, unknown>>): Pod =>
    podOf(renderObjects(helm, { values }));

  it('stays on loopback in the pod unless asked otherwise, and the notes say how to reach it', () => {
    const container = containerOf(podFor({}));
    expect(container.args).to.deep.equal(['run']);
    expect(servicesOf(renderObjects(helm))).to.deep.equal(['gw-sluice-headless']);
    const notes = renderNotes(helm);
    expect(notes).to.match(/port-forward statefulset\/gw-sluice 8081:8081\n/);
    expect(notes).to.include("curl 'http://127.0.0.1:8081/api/v1/decisions?trail=true'");
  });

  it('is reached where the configuration opens it', () => {
    const notesOf = (api: unknown): string =>
      renderNotes(helm, { values: { config: { version: 1, http: { api } } } });
    expect(notesOf(9999)).to.include("'http://127.0.0.1:9999/api/v1");
    expect(notesOf({ address: '127.0.0.1:9998' })).to.match(/statefulset\/gw-sluice 9998:9998\n/);
    expect(notesOf('off')).not.to.include('port-forward');
  });

  it('is exposed with the token of a Secret, under the names of its Service', () => {
    const pod = podFor(EXPOSED);
    const container = containerOf(pod);
    const given = parseFlags(runCommand.flags, container.args.slice(1));
    expect(given.text('api')).to.equal('0.0.0.0:8081');
    expect(given.text('api-token-file')).to.equal('/etc/sluice-api/token');
    expect(given.list('api-host')).to.have.members([
      'gw-sluice',
      'gw-sluice.ci-gateway',
      'gw-sluice.ci-gateway.svc',
      'gw-sluice.ci-gateway.svc.cluster.local',
      'ci.example.test',
    ]);
    expect(container.ports).to.deep.include({ name: 'api', containerPort: 8081 });
    expect(container.volumeMounts).to.deep.include({
      name: 'api-token',
      mountPath: '/etc/sluice-api',
      readOnly: true,
    });
    expect(pod.volumes).to.deep.include({
      name: 'api-token',
      secret: { secretName: 'sluice-api', items: [{ key: 'token', path: 'token' }] },
    });
    const objects = renderObjects(helm, { values: EXPOSED });
    const service = objects.find(
      ({ kind, metadata }) => kind === 'Service' && metadata?.name === 'gw-sluice',
    );
    expect(service)
      .to.have.nested.property('spec.ports')
      .that.deep.equals([{ name: 'api', port: 8081, targetPort: 'api' }]);
    expect(renderNotes(helm, { values: EXPOSED })).to.include(
      'http://gw-sluice.ci-gateway:8081/api/v1/',
    );
  });

  it('mounts the token beside the configuration', () => {
    const pod = podFor({ ...EXPOSED, project: 'org/repo', filters: [{ action: 'accept' }] });
    expect(pod.volumes?.map(({ name }) => name)).to.deep.equal(['config', 'api-token']);
  });

  it('is never exposed without a token', () => {
    const rendered = render(helm, { values: { api: { expose: true } } });
    expect(rendered)
      .to.have.property('said')
      .that.includes('`api.expose` needs `api.existingSecret`');
  });
});

function servicesOf(objects: readonly KubeObject[]): readonly (string | undefined)[] {
  return objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata?.name);
}
