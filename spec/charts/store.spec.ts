// The store of the chart: its claim or its emptyDir, their sizes, and what the notes say about losses.

import { expect } from 'chai';
import { runCommand } from '../../lib/cli/run.ts';
import { STORE_SIZES } from '../../lib/plan/defaults.ts';
import { findHelm, render, renderNotes, renderObjects } from './helm.ts';
import { OURS } from './right-values.ts';
import { containerOf, environmentOf, podOf, workloadOf } from './workload.ts';

const values = { config: OURS };
const ephemeral = { ...values, persistence: { enabled: false } };

describe('the store of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  it('is in the only writable folder', () => {
    const objects = renderObjects(helm, { values });
    const { volumeMounts = [], securityContext } = containerOf(podOf(objects));
    expect(environmentOf(objects)).to.include({ SLUICE_DATA: '/var/lib/sluice' });
    expect(volumeMounts).to.deep.include({ name: 'data', mountPath: '/var/lib/sluice' });
    expect(volumeMounts.filter(({ readOnly }) => readOnly !== true)).to.have.length(1);
    expect(securityContext).to.include({ readOnlyRootFilesystem: true });
  });

  it('has more time to stop than the gateway needs', () => {
    const { terminationGracePeriodSeconds } = podOf(renderObjects(helm));
    const drain = /default (\d+)s/.exec(runCommand.flags['drain']?.help ?? '')?.[1];
    expect(Number(drain)).to.be.greaterThan(0);
    expect(terminationGracePeriodSeconds).to.be.greaterThan(Number(drain) + 10);
  });

  describe('on a claim', () => {
    const claimOf = (persistence: object): unknown =>
      workloadOf(renderObjects(helm, { values: { ...values, persistence } }))
        .volumeClaimTemplates?.[0];

    it('is the default, of the default class', () => {
      const objects = renderObjects(helm, { values });
      const { volumeClaimTemplates = [], ...workload } = workloadOf(objects);
      expect(volumeClaimTemplates.map(({ metadata }) => metadata?.name)).to.deep.equal(['data']);
      expect(volumeClaimTemplates[0])
        .to.have.property('spec')
        .that.deep.equals({
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '4Gi' } },
        });
      expect(podOf(objects).volumes?.map(({ name }) => name)).to.deep.equal(['config']);
      expect(workload).to.not.have.property('persistentVolumeClaimRetentionPolicy');
    });

    it('is as the values say', () => {
      const claim = claimOf({
        size: '10Gi',
        storageClass: 'fast',
        accessMode: 'ReadWriteOncePod',
        annotations: { 'example.com/a': 'b' },
        labels: { team: 'ci', 'app.kubernetes.io/name': 'not-this' },
      });
      expect(claim).to.deep.nested.include({
        'metadata.annotations': { 'example.com/a': 'b' },
        'metadata.labels': {
          team: 'ci',
          'app.kubernetes.io/name': 'sluice',
          'app.kubernetes.io/instance': 'gw',
          'app.kubernetes.io/component': 'gateway',
        },
        spec: {
          accessModes: ['ReadWriteOncePod'],
          storageClassName: 'fast',
          resources: { requests: { storage: '10Gi' } },
        },
      });
    });

    it('has no class for "-"', () => {
      expect(claimOf({ storageClass: '-' })).to.have.nested.property('spec.storageClassName', '');
    });

    it('has no label that an upgrade of the chart changes', () => {
      const commonLabels = { team: 'ci' };
      const objects = renderObjects(helm, { values: { ...values, commonLabels } });
      const [claim] = workloadOf(objects).volumeClaimTemplates ?? [];
      expect(Object.keys(claim?.metadata?.labels ?? {})).to.have.members([
        'app.kubernetes.io/name',
        'app.kubernetes.io/instance',
        'app.kubernetes.io/component',
      ]);
    });

    it('is deleted with the release only if it is not retained', () => {
      const persistence = { retain: false };
      const workload = workloadOf(renderObjects(helm, { values: { ...values, persistence } }));
      expect(workload.persistentVolumeClaimRetentionPolicy).to.deep.equal({
        whenDeleted: 'Delete',
        whenScaled: 'Retain',
      });
    });

    it('is an existing one if the values name it', () => {
      const persistence = { existingClaim: 'mine' };
      const objects = renderObjects(helm, { values: { ...values, persistence } });
      expect(workloadOf(objects)).to.not.have.property('volumeClaimTemplates');
      expect(podOf(objects).volumes).to.deep.include({
        name: 'data',
        persistentVolumeClaim: { claimName: 'mine' },
      });
    });

    const sizes = [
      { size: '4Gi', store: { maxSize: '1Gi' }, isFine: true },
      { size: '2303Mi', store: {}, isFine: false },
      { size: '2304Mi', store: {}, isFine: true },
      { size: '4Gi', store: { sqlite: {}, maxSize: '2Gi' }, isFine: false },
      { size: '4608Mi', store: { maxSize: '2Gi' }, isFine: true },
      { size: '4.5Gi', store: { maxSize: '2Gi' }, isFine: true },
      { size: '4.2Gi', store: { maxSize: '2Gi' }, isFine: false },
      { size: '1e12', store: { maxSize: '2Gi' }, isFine: true },
      { size: '1Gi', store: { memory: {}, maxSize: '1Gi' }, isFine: true },
    ];
    for (const { size, store, isFine } of sizes) {
      it(`${isFine ? 'may' : 'may not'} have ${size} for ${JSON.stringify(store)}`, () => {
        const given = { config: { ...OURS, store }, persistence: { size } };
        const rendered = render(helm, { values: given });
        expect(rendered).to.have.property('ok', isFine);
        if (!isFine) expect(rendered).to.have.property('said').that.includes('`persistence.size`');
      });
    }
  });

  describe('in an emptyDir', () => {
    const limits = [
      { what: 'the default', config: {}, is: '2304Mi' },
      { what: 'the same size', config: { store: { maxSize: STORE_SIZES.sqlite } }, is: '2304Mi' },
      { what: 'store.maxSize', config: { store: { sqlite: {}, maxSize: '10Gi' } }, is: '20736Mi' },
      { what: 'a size in bytes', config: { store: { maxSize: '1048577' } }, is: '260Mi' },
      { what: 'a decimal size', config: { store: { maxSize: '500M' } }, is: '1210Mi' },
      {
        what: 'what the values say',
        config: { store: { maxSize: '10Gi' } },
        store: { sizeLimit: '64Gi' },
        is: '64Gi',
      },
    ];
    for (const { what, config, is, ...more } of limits) {
      it(`may grow to ${is}, by ${what}`, () => {
        const given = { ...ephemeral, config: { ...OURS, ...config }, ...more };
        const objects = renderObjects(helm, { values: given });
        expect(workloadOf(objects)).to.not.have.property('volumeClaimTemplates');
        expect(podOf(objects).volumes).to.deep.include({
          name: 'data',
          emptyDir: { sizeLimit: is },
        });
      });
    }
  });

  const mounts = [{ name: 'disk', mountPath: '/data' }];
  const readOnly = [{ name: 'disk', mountPath: '/data', readOnly: true }];
  const paths = [
    { path: 'sluice.db', isFine: true },
    { path: '/var/lib/sluice/a/b.db', isFine: true },
    { path: '/data/sluice.db', isFine: false },
    { path: '/data/sluice.db', extraVolumeMounts: mounts, isFine: true },
    { path: '/data/sluice.db', extraVolumeMounts: readOnly, isFine: false },
    { path: '/var/lib/sluice.db', isFine: false },
    { path: '/var/lib/sluice/../sluice.db', isFine: false },
  ];
  for (const { path, isFine, ...more } of paths) {
    it(`${isFine ? 'may' : 'may not'} be ${path} with ${JSON.stringify(more)}`, () => {
      const config = { ...OURS, store: { sqlite: { path } } };
      const rendered = render(helm, { values: { config, ...more } });
      expect(rendered).to.have.property('ok', isFine);
      if (!isFine) expect(rendered).to.have.property('said').that.includes('/var/lib/sluice');
    });
  }

  const heartbeats = [
    { file: 'heartbeat', isFine: true },
    { file: '/var/lib/sluice/heartbeat', isFine: true },
    { file: '/tmp/heartbeat', isFine: false },
  ];
  for (const { file, isFine } of heartbeats) {
    it(`${isFine ? 'admits' : 'refuses'} the heartbeat file ${file} beside it`, () => {
      const config = { ...OURS, http: { probes: { heartbeat: { file } } } };
      const rendered = render(helm, { values: { config } });
      expect(rendered).to.have.property('ok', isFine);
      if (isFine) return;
      expect(rendered).to.have.property('said').that.includes('http.probes.heartbeat.file is /tmp');
    });
  }

  describe('in the notes', () => {
    it('names the claim, how to see why it is Pending, and which storage is refused', () => {
      const notes = renderNotes(helm, { values });
      expect(notes).to.include('on the volume claim data-gw-sluice-0');
      expect(notes).to.include(
        '\n  kubectl --namespace ci-gateway describe persistentvolumeclaim data-gw-sluice-0\n',
      );
      expect(notes).to.include('network file system');
      expect(notes).to.match(/`helm uninstall` keeps the claim/);
    });

    it('says that a claim that is not retained goes with the release', () => {
      const persistence = { retain: false };
      const notes = renderNotes(helm, { values: { ...values, persistence } });
      expect(notes).to.include('`helm uninstall` deletes the claim and the state');
    });

    it('explain what an emptyDir does not survive, and how to list waiting deliveries', () => {
      const notes = renderNotes(helm, { values: ephemeral });
      expect(notes).to.include('emptyDir, at most 2304Mi');
      expect(notes).to.include('It does not survive the pod.');
      expect(notes).to.include('`firstStart: 10m`');
      for (const word of ['upgrade', 'delete pod', 'drain', 'loss of its node', 'eviction']) {
        expect(notes).to.include(word);
      }
      const list = 'exec statefulset/gw-sluice -- sluice deliveries list';
      expect(notes).to.include(`${list} --state waiting,held\n`);
      const api = { expose: true, existingSecret: 'token' };
      expect(renderNotes(helm, { values: { ...ephemeral, api } })).to.include(
        'waiting,held --token-file /etc/sluice-api/token\n',
      );
    });

    it('say that a store in memory survives nothing', () => {
      const config = { ...OURS, store: { memory: {} } };
      const notes = renderNotes(helm, { values: { config } });
      expect(notes).to.include('in memory, as the configuration says');
      expect(notes).to.not.include('emptyDir');
      const unused =
        'claim data-gw-sluice-0 keeps no state then: set persistence.enabled to false.';
      expect(notes).to.include(unused);
      const without = { config, persistence: { enabled: false } };
      expect(renderNotes(helm, { values: without })).to.not.include('claim');
    });
  });
});
