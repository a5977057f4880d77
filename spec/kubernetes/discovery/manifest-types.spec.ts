// The type of a manifest beside those of a cluster: what is wrong, and what to write instead.

import { expect } from 'chai';
import {
  judgeManifestType,
  type ManifestType,
} from '../../../lib/kubernetes/discovery/manifest-types.ts';
import { CLUSTER, servedIn } from './documents.ts';

const SERVED = {
  groups: servedIn(CLUSTER),
  unavailable: [{ group: 'metrics.example', version: 'v1', why: 'status 503' }],
};

const judged = (apiVersion: string, kind: string, resource = `${kind.toLowerCase()}s`) => {
  const parts = apiVersion.split('/');
  const [group = '', version = ''] = parts.length === 1 ? ['', apiVersion] : parts;
  const wanted: ManifestType = { group, version, kind, resource };
  return judgeManifestType(wanted, SERVED);
};

describe('the type of a manifest', () => {
  it('is right if the cluster serves it under that plural, and it can be created', () => {
    expect(judged('batch/v1', 'Job')).to.equal(null);
    expect(judged('v1', 'Pod')).to.equal(null);
    expect(judged('apps/v1beta1', 'Deployment')).to.equal(null);
    expect(judged('example.com/v2', 'Gateway', 'proxies')).to.equal(null);
  });

  const wrong: readonly (readonly [
    what: string,
    type: Parameters<typeof judged>,
    message: string,
    hint: string,
  ])[] = [
    [
      'a misspelled kind',
      ['batch/v1', 'Jop'],
      'the cluster serves no kind Jop in batch/v1',
      'write kind: Job',
    ],
    [
      'a kind in another case',
      ['batch/v1', 'Cronjob'],
      'the cluster serves no kind Cronjob in batch/v1',
      'write kind: CronJob',
    ],
    [
      'a short name in the place of a kind',
      ['apps/v1', 'deploy'],
      'the cluster serves no kind deploy in apps/v1',
      'write kind: Deployment',
    ],
    [
      'a version that is not served',
      ['batch/v2alpha1', 'CronJob'],
      'the cluster serves no batch/v2alpha1',
      'write apiVersion: batch/v1',
    ],
    [
      'a version without the kind',
      ['apps/v1', 'Rollback'],
      'the cluster serves no kind Rollback in apps/v1',
      'write apiVersion: apps/v1beta1',
    ],
    [
      'the wrong group',
      ['extensions/v1beta1', 'Deployment'],
      'the cluster serves no extensions/v1beta1',
      'write apiVersion: apps/v1',
    ],
    [
      'a misspelled group',
      ['exmaple.com/v1', 'Gatewayy'],
      'the cluster serves no exmaple.com/v1',
      'write the group example.com, or install the CRD of the kind',
    ],
    [
      'a CRD that is missing',
      ['tekton.dev/v1', 'PipelineRun'],
      'the cluster serves no tekton.dev/v1',
      'install its CRD, or correct apiVersion or kind',
    ],
    [
      'a plural that the guess misses',
      ['example.com/v2', 'Gateway'],
      'the plural of Gateway is proxies, but requests and Roles would name gateways',
      'write resource: proxies',
    ],
    [
      'a kind without a namespace',
      ['v1', 'Namespace'],
      'objects of the kind Namespace have no namespace',
      'write a kind that has a namespace',
    ],
    [
      'a version whose server is away',
      ['metrics.example/v1', 'PodMetrics', 'pods'],
      'the types of metrics.example/v1 are unknown at the moment: status 503',
      'kubectl get apiservices',
    ],
  ];
  for (const [what, type, message, hint] of wrong) {
    it(`is not right with ${what}`, () => {
      const words = judged(...type);
      expect(words?.message).to.include(message);
      expect(words?.hint).to.include(hint);
    });
  }

  it('is not right if it cannot be created', () => {
    const [core, ...others] = SERVED.groups;
    const versions = core?.versions.map((one) => ({
      ...one,
      types: one.types.map((type) => ({ ...type, verbs: ['get', 'list'] })),
    }));
    const groups = [{ group: '', versions: versions ?? [] }, ...others];
    const wanted = { group: '', version: 'v1', kind: 'Pod', resource: 'pods' };
    const words = judgeManifestType(wanted, { groups, unavailable: [] });
    expect(words?.message).to.include('pods in v1 cannot be created (verbs: get, list)');
  });

  it('is the one with the written plural if several types have the kind', () => {
    const types = ['as', 'bs'].map((resource) => {
      const common = { group: 'a.test', version: 'v1', kind: 'A', singular: 'a', shortNames: [] };
      return { ...common, resource, isNamespaced: true, verbs: ['create'] };
    });
    const groups = [{ group: 'a.test', versions: [{ version: 'v1', types }] }];
    const wanted = { group: 'a.test', version: 'v1', kind: 'A', resource: 'bs' };
    expect(judgeManifestType(wanted, { groups, unavailable: [] })).to.equal(null);
  });
});
