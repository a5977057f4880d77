// Values about the state that survives a restart, and about secrets and files of the pod.

import {
  block,
  choice,
  flag,
  kubernetesList,
  list,
  optionalQuantity,
  QUANTITY,
  text,
  texts,
  type ValueGroup,
} from '../value-schema.ts';

/** The volume of the store. */
export const stateValues: ValueGroup = {
  title: 'State',
  values: {
    persistence: block(
      'The volume of the store: how far the gateway has read, what it has started, and what waits.',
      {
        enabled: flag(
          'Whether the store is on a volume claim. Otherwise it is an emptyDir, which goes with the pod.',
          true,
        ),
        size: {
          ...QUANTITY,
          default: '4Gi',
          description:
            'The size of the claim. It must be larger than twice `store.maxSize` of the configuration.',
        },
        storageClass: text(
          'Its storage class; empty: the default of the cluster; `-`: none. Network file systems are refused by the gateway.',
        ),
        accessMode: choice('Its access mode.', ['ReadWriteOnce', 'ReadWriteOncePod']),
        existingClaim: text('A claim that exists, instead of one of its own.'),
        annotations: texts('Annotations of the claim.', { 'example.com/backup': 'daily' }),
        labels: texts('Labels of the claim.', { team: 'ci' }),
        retain: flag('Whether the claim stays after `helm uninstall`.', true),
      },
    ),
    store: block('The emptyDir without `persistence.enabled`.', {
      sizeLimit: optionalQuantity(
        'Its size limit. Empty: twice `store.maxSize` of the configuration (1Gi if absent) and 256Mi. A node evicts a pod whose volume is larger.',
        { examples: ['4Gi'] },
      ),
    }),
  },
};

/** Secrets, environment, volumes and arguments. */
export const secretValues: ValueGroup = {
  title: 'Secrets, environment and volumes',
  values: {
    secrets: {
      type: 'object',
      default: {},
      description:
        "Secrets for triggers, by a name of your choice. Each is a file `/etc/sluice-secrets/NAME`, for keys of the configuration that end in `File`; a key that ends in `Env` gets it as a variable. The Secrets must exist in the release's namespace.",
      patternProperties: {
        '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$': {
          type: 'object',
          additionalProperties: false,
          required: ['existingSecret', 'key'],
          properties: {
            existingSecret: { type: 'string', minLength: 1 },
            key: { type: 'string', minLength: 1 },
          },
        },
      },
      additionalProperties: false,
      examples: [{ 'gitlab-token': { existingSecret: 'gitlab', key: 'token' } }],
    },
    env: kubernetesList('Further environment variables, as in a container of Kubernetes.', {
      items: {
        type: 'object',
        required: ['name'],
        properties: { value: { type: 'string' } },
      },
      examples: [[{ name: 'HTTPS_PROXY', value: 'http://proxy.example.test:3128' }]],
    }),
    envFrom: kubernetesList('Further sources of environment variables.', {
      examples: [[{ secretRef: { name: 'tokens' } }]],
    }),
    extraVolumes: kubernetesList('Further volumes of the pod.', {
      items: { type: 'object', required: ['name'] },
      examples: [[{ name: 'ca', configMap: { name: 'company-ca' } }]],
    }),
    extraVolumeMounts: kubernetesList('Where they are mounted.', {
      items: { type: 'object', required: ['name', 'mountPath'] },
      examples: [[{ name: 'ca', mountPath: '/etc/company-ca', readOnly: true }]],
    }),
    extraArgs: list(
      'Further flags of `sluice run`.',
      { type: 'string' },
      {
        examples: [['--drain', '40s']],
      },
    ),
    extraObjects: list(
      'Further objects of the release: each an object, or a text that is a template.',
      { type: ['object', 'string'] },
      { examples: [[{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'more' } }]] },
    ),
  },
};
