// Values about the pod: log, security, probes, resources and scheduling.

import type { Json } from '../../../lib/core/json-object.ts';
import type { JsonSchema } from '../../../lib/core/ports/kind.ts';
import {
  DECISION_LINES,
  EVENT_DETAILS,
  LOG_FORMATS,
  LOG_LEVELS,
} from '../../../lib/telemetry/logging.ts';
import {
  block,
  choice,
  flag,
  kubernetesList,
  kubernetesObject,
  resources,
  text,
  type ValueGroup,
} from '../value-schema.ts';

const PROBE_KEYS: Readonly<Record<string, JsonSchema>> = {
  exec: { type: 'object' },
  grpc: { type: 'object' },
  httpGet: { type: 'object' },
  tcpSocket: { type: 'object' },
  ...Object.fromEntries(
    [
      'initialDelaySeconds',
      'periodSeconds',
      'timeoutSeconds',
      'successThreshold',
      'failureThreshold',
      'terminationGracePeriodSeconds',
    ].map((key) => [key, { type: 'integer', minimum: 0 }]),
  ),
};

function probe(description: string, value: Json): JsonSchema {
  const closed = { additionalProperties: false, properties: PROBE_KEYS };
  return kubernetesObject(description, { default: value, ...closed });
}

/** The log. */
export const loggingValues: ValueGroup = {
  title: 'Log',
  values: {
    logging: block('The log; each is a flag of `run` and overrides the configuration.', {
      format: choice('Its format.', ['', ...LOG_FORMATS]),
      level: choice('The least important lines that are printed.', ['', ...LOG_LEVELS]),
      decisions: choice('Which decisions get a line.', ['', ...DECISION_LINES]),
      event: choice('`full` adds the whole Event to its line.', ['', ...EVENT_DETAILS]),
    }),
  },
};

/** The pod. */
export const podValues: ValueGroup = {
  title: 'Pod',
  values: {
    podSecurityContext: kubernetesObject(
      'The security context of the pod. The image names a numeric user. On OpenShift, which assigns its own, the two keys of `fsGroup` are left out.',
      {
        default: {
          runAsNonRoot: true,
          fsGroup: 1000,
          fsGroupChangePolicy: 'OnRootMismatch',
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
    ),
    securityContext: kubernetesObject('The security context of the container.', {
      default: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    }),
    livenessProbe: probe(
      "The liveness probe. Without a handler it asks the gateway's probes listener.",
      { initialDelaySeconds: 5, periodSeconds: 10, timeoutSeconds: 3 },
    ),
    readinessProbe: probe(
      'The readiness probe. The pod is ready when every watched namespace is listed.',
      { periodSeconds: 5, timeoutSeconds: 3 },
    ),
    startupProbe: probe(
      'The startup probe, because opening a large store may take longer than the liveness probe allows.',
      { periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 60 },
    ),
    resources: resources(
      'Requests and limits. The gateway bounds its memory itself; a LIST page may take 32 MiB before it is parsed.',
      { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    ),
    terminationGracePeriodSeconds: {
      type: 'integer',
      minimum: 0,
      default: 60,
      description:
        'How long a stop may take. The gateway settles what is running, for 25 s at most; this must be longer.',
    },
    nodeSelector: kubernetesObject('Labels of nodes that may run the pod.', {
      additionalProperties: { type: 'string' },
      examples: [{ 'kubernetes.io/arch': 'amd64' }],
    }),
    tolerations: kubernetesList('Taints that the pod tolerates.', {
      items: { type: 'object', properties: { value: { type: 'string' } } },
      examples: [[{ key: 'ci', operator: 'Exists' }]],
    }),
    affinity: kubernetesObject('Affinity of the pod.', {
      additionalProperties: false,
      properties: {
        nodeAffinity: { type: 'object' },
        podAffinity: { type: 'object' },
        podAntiAffinity: { type: 'object' },
      },
    }),
    topologySpreadConstraints: kubernetesList('Spread constraints of the pod.'),
    priorityClassName: text('Its priority class.'),
    podDisruptionBudget: block(
      'A disruption budget. There is one pod: with `minAvailable: 1` a drain waits for you. If its state is on a claim, a pod that is not ready may be evicted (from Kubernetes 1.27 on).',
      {
        enabled: flag('Whether it is created.', false),
        minAvailable: budget('How many pods must stay.'),
        maxUnavailable: budget('How many pods may be away; used if `minAvailable` is empty.'),
      },
    ),
  },
};

function budget(description: string): JsonSchema {
  const pattern = '^(|[0-9]+%?)$';
  return { type: ['string', 'integer'], minimum: 0, pattern, default: '', description };
}
