// Parts and sections for the specs of the kinds of trigger.

import { systemClock, systemRandom } from '../../../lib/kit/system.ts';
import { permissionsOf } from '../../../lib/kubernetes/access/permissions.ts';
import type { KubernetesSection } from '../../../lib/triggers/kubernetes.ts';
import type { TriggerKind, TriggerParts } from '../../../lib/triggers/trigger-kind.ts';
import { aDelivery } from '../../support/builders.ts';
import { recordingObserve } from '../../support/doubles/observe.ts';
import { NEVER } from '../../support/never.ts';
import { FakeApi } from './fake-api.ts';

/** Parts of a trigger of a spec: prefix `diagnose`, builds in `ci`. */
export function someParts(overrides: Partial<TriggerParts> = {}): TriggerParts {
  return {
    name: 'diagnose',
    prefix: 'diagnose',
    buildNamespace: 'ci',
    api: new FakeApi(),
    clock: systemClock,
    random: systemRandom,
    observe: recordingObserve().observe,
    folder: process.cwd(),
    environment: {},
    ...overrides,
  };
}

/** The context of checks and permissions. */
export const CONTEXT = { name: 'diagnose', namespace: 'shop', buildNamespace: 'ci' } as const;

/** Where a section asks for permission to create objects, and the collection in which it creates one. */
export async function creationOf<Section>(
  kind: TriggerKind<Section>,
  section: Section,
): Promise<{ readonly permitted: readonly (string | null)[]; readonly path: string | undefined }> {
  const api = new FakeApi();
  await kind.create(section, someParts({ api })).fire([aDelivery()], NEVER);
  const permissions = permissionsOf(kind.grants ?? [], { section, who: 'it', context: CONTEXT });
  const creating = permissions.filter(({ verbs }) => verbs.includes('create'));
  const [call] = api.calls;
  return { permitted: creating.map(({ namespace }) => namespace), path: call?.path };
}

/** A Job that uses every place that a pod has for Event values. */
export const JOB: KubernetesSection = {
  manifest: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      labels: { reason: '${event.reason}' },
      annotations: { object: '${event.involvedObject.namespace}/${event.involvedObject.name}' },
    },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: 86_400,
      template: {
        metadata: { labels: { team: 'shop' } },
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              name: 'build',
              image: 'registry.example.test/diagnose:1',
              command: ['/diagnose'],
              args: ['--id=${id}', '--reason=${event.reason}', '--', '${event.message}'],
              env: [
                { name: 'EVENT', value: '${event}' },
                { name: 'WHO', value: 'rule ${rule} of ${cluster.name}' },
                { name: 'COUNT', value: '${occurrences[0].count}' },
                { name: 'PLAIN', value: '$${HOME} $(COUNT)' },
              ],
            },
          ],
        },
      },
    },
  },
};

/** A Tekton PipelineRun with params of each type. */
export const PIPELINE_RUN: KubernetesSection = {
  manifest: {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { namespace: 'pipelines' },
    spec: {
      pipelineRef: { name: 'diagnose' },
      params: [
        { name: 'event', value: '${event}' },
        { name: 'object', value: { kind: '${event.involvedObject.kind}', id: '${id}' } },
        { name: 'words', value: ['${event.reason}', '${event.type}'] },
        { name: 'count', value: '${event.count}' },
      ],
    },
  },
};

/** An Argo Workflow with parameters. */
export const WORKFLOW: KubernetesSection = {
  manifest: {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    spec: {
      workflowTemplateRef: { name: 'diagnose' },
      ttlStrategy: { secondsAfterCompletion: 7200, secondsAfterSuccess: 3600 },
      arguments: {
        parameters: [
          { name: 'message', value: '${event.message}' },
          { name: 'count', value: '${event.count}' },
        ],
      },
    },
  },
};
