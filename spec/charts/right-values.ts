// Values that render: those of the samples and recipes, and a set for each topic of the chart. Each has
// a golden file, and a real API server accepts what it has.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { readRecipes } from '../recipes/page.ts';

/** Values by the name of their golden file. */
export type RightValues = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The folder of the golden files. */
export const GOLDEN = new URL('golden/', import.meta.url);

const samples = join(import.meta.dirname, '../../samples');

function sample(file: string): string {
  return readFileSync(join(samples, file), 'utf8');
}

/** A configuration of the original. */
export const ORIGINAL = {
  project: 'brigade-830c16d4aaf6f5490937ad719afd8490a5bcbef064d397411043ac',
  filters: [
    { namespace: 'kube-system', action: 'reject' },
    { kind: 'Pod', reasons: ['Killing', 'Pulled'], action: 'reject' },
    { kind: 'Pod', namespace: 'pequod', action: 'accept' },
    { kind: 'Pod', reasons: ['Created'], action: 'accept' },
    { action: 'reject' },
  ],
};

/** The values of the original's chart, as its page shows them. */
const original = {
  rbac: { enabled: true },
  registry: 'brigadecore',
  name: 'brigade-k8s-gateway',
  tag: 'latest',
  pullPolicy: 'IfNotPresent',
  ...ORIGINAL,
};

const shop = { shop: { events: { namespaces: ['shop', 'pay'] } } };
const crashLoop = { name: 'crash-loop', reasons: ['BackOff'], type: 'Warning', action: 'accept' };
const build = { brigade: { project: 'org/repo', namespace: 'brigade' } };

/** A configuration in our form, which most of the sets below have. */
export const OURS = { sources: shop, filters: [crashLoop], triggers: { build } };

/** Other sets show the hooks. */
const WITHOUT_HOOKS = { configurationCheck: { enabled: false }, tests: { enabled: false } };

const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: 'ci' },
  spec: {
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'a', image: 'registry.example.test/a:1' }],
      },
    },
  },
};

function hook(http: object): object {
  return {
    ...OURS,
    triggers: { hook: { http: { url: 'https://ci.example.test/hook', ...http } } },
  };
}

const configurations: RightValues = {
  none: {},
  original,
  'original-lenient': {
    project: null,
    filters: [{ Kind: 'Pod', REASONS: null, Action: 'Accept' }, null],
  },
  'two-namespaces': { config: OURS },
  'whole-cluster': {
    config: {
      sources: { all: { events: { namespaces: ['*'], firstStart: '10m' } } },
      filters: [{ ...crashLoop, namespace: 'team-*', count: '>= 3' }],
      triggers: { build },
    },
  },
  'jobs-and-builds': {
    config: {
      ...OURS,
      filters: [{ ...crashLoop, triggers: ['build', 'diagnose'] }],
      triggers: { build, diagnose: { kubernetes: { manifest: job }, concurrency: 4 } },
    },
  },
  'every-section': {
    config: {
      ...OURS,
      ...{ version: 1, cluster: 'dev' },
      delivery: { timeout: '10s', retry: { first: '1s', max: '5m', for: '24h' } },
      limits: { perObject: '5/h', total: 'off', holdFor: '1h' },
      store: { sqlite: { path: 'gateway.db' }, maxSize: '1Gi', overflow: 'shed' },
      logging: { level: 'debug', decisions: 'all' },
      guard: { namespace: false },
    },
  },
  'text-of-a-file': { config: `# Crash loops\n${JSON.stringify(OURS, null, 2)}\n` },
  'text-of-the-original': { config: sample('original.json') },
  'existing-config-map': {
    existingConfigMap: { name: 'sluice-configuration', key: 'sluice.yaml' },
    rbac: { extraRules: [{ apiGroups: [''], resources: ['events'], verbs: ['list', 'watch'] }] },
  },
  'memory-store': { config: { ...OURS, store: { memory: {} } }, persistence: { enabled: false } },
  'probe-paths': {
    config: {
      ...OURS,
      http: {
        probes: {
          address: '0.0.0.0:8080',
          paths: { live: '/live', ready: '/ready', health: '/health', metrics: '/prometheus' },
          heartbeat: { file: '/var/lib/sluice/heartbeat', every: '10s' },
        },
      },
    },
    metrics: { podMonitor: { enabled: true } },
    ...WITHOUT_HOOKS,
  },
  'without-probes': { config: { ...OURS, http: { probes: 'off' } } },
};

const pods: RightValues = {
  image: {
    config: OURS,
    image: {
      registry: 'registry.example.test/ci',
      name: 'gate',
      digest: `sha256:${'0a'.repeat(32)}`,
      pullPolicy: 'Always',
    },
    imagePullSecrets: [{ name: 'registry-login' }],
  },
  names: {
    config: OURS,
    fullnameOverride: 'event-gateway',
    nameOverride: 'gateway',
    commonLabels: { team: 'ci' },
    podLabels: { 'example.com/cost': 'ci' },
    podAnnotations: { 'example.com/note': 'yes' },
  },
  claim: {
    config: OURS,
    persistence: {
      size: '10Gi',
      storageClass: 'fast',
      accessMode: 'ReadWriteOncePod',
      annotations: { 'example.com/backup': 'daily' },
      labels: { team: 'ci' },
      retain: false,
    },
  },
  'existing-claim': { config: OURS, persistence: { existingClaim: 'gateway-data' } },
  'empty-directory': {
    config: { ...OURS, sources: { shop: { events: { namespaces: ['shop'], firstStart: '10m' } } } },
    persistence: { enabled: false },
    store: { sizeLimit: '8Gi' },
  },
  'secret-files': {
    config: hook({
      auth: { bearer: { tokenFile: '/etc/sluice-secrets/ci-token' } },
      tls: { caFile: '/etc/company-ca/ca.crt' },
    }),
    secrets: { 'ci-token': { existingSecret: 'ci', key: 'token' } },
    extraVolumes: [{ name: 'ca', configMap: { name: 'company-ca' } }],
    extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/company-ca', readOnly: true }],
  },
  'secret-variables': {
    config: hook({ auth: { header: { name: 'X-Token', valueEnv: 'CI_TOKEN' } } }),
    secrets: { CI_TOKEN: { existingSecret: 'ci', key: 'token' } },
    env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.test:3128' }],
    envFrom: [{ secretRef: { name: 'more', optional: true } }],
  },
  'log-and-flags': {
    config: OURS,
    logging: { format: 'json', level: 'debug', decisions: 'accepted', event: 'full' },
    extraArgs: ['--strict'],
  },
  scheduling: {
    config: OURS,
    nodeSelector: { 'kubernetes.io/arch': 'amd64' },
    tolerations: [{ key: 'ci', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 1,
            podAffinityTerm: {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: { matchLabels: { app: 'db' } },
            },
          },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { 'app.kubernetes.io/instance': 'gw' } },
      },
    ],
    priorityClassName: 'system-cluster-critical',
    terminationGracePeriodSeconds: 90,
  },
  'security-contexts': {
    config: OURS,
    podSecurityContext: { runAsUser: 1234, fsGroup: 1234 },
    securityContext: { runAsGroup: 1234 },
  },
  'probes-and-resources': {
    config: { ...OURS, http: { probes: '0.0.0.0:9090' } },
    livenessProbe: { periodSeconds: 20 },
    readinessProbe: { failureThreshold: 5 },
    startupProbe: { failureThreshold: 120 },
    resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: 2, memory: '2Gi' } },
  },
};

const others: RightValues = {
  'exposed-api': {
    config: OURS,
    api: { expose: true, existingSecret: 'sluice-api', hosts: ['ci.example.test'], port: 9443 },
  },
  'network-policy': {
    config: hook({}),
    networkPolicy: {
      enabled: true,
      apiServer: { cidrs: ['10.0.0.1/32'], ports: [6443] },
      from: [{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }],
      extraEgress: [{ ports: [{ port: 3128, protocol: 'TCP' }] }],
    },
  },
  'network-policy-open': { config: OURS, networkPolicy: { enabled: true } },
  'disruption-budget': {
    config: OURS,
    podDisruptionBudget: { enabled: true, maxUnavailable: 1 },
  },
  'own-permissions': {
    config: OURS,
    rbac: { enabled: false },
    serviceAccount: { create: false, name: 'builder' },
  },
  'further-permissions': {
    config: OURS,
    serviceAccount: { name: 'gate', annotations: { 'example.com/role': 'ci' } },
    rbac: {
      extraRules: [
        { namespace: 'ci', apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
        { namespace: '*', nonResourceURLs: ['/version'], verbs: ['get'] },
      ],
    },
  },
  'extra-objects': {
    config: OURS,
    extraObjects: [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'more' }, data: { a: 'b' } },
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: "{{ .Release.Name }}-text" }\n',
    ],
  },
  'metrics-service': { config: OURS, metrics: { service: { enabled: true, port: 9090 } } },
  'service-monitor': {
    config: OURS,
    metrics: {
      serviceMonitor: { enabled: true, interval: '30s', labels: { release: 'prometheus' } },
    },
  },
  'pod-monitor': {
    config: OURS,
    metrics: { podMonitor: { enabled: true, scrapeTimeout: '5s', namespace: 'monitoring' } },
  },
  'alerts-and-dashboard': {
    config: OURS,
    metrics: {
      prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
      dashboard: { enabled: true, labels: { grafana_dashboard: '1' } },
    },
  },
  'without-hooks': { config: OURS, ...WITHOUT_HOOKS },
  echo: { config: hook({}), echo: { enabled: true } },
};

/** The samples and the recipes; their secrets are named as their variables are. */
function ofFiles(): RightValues {
  const files = ['kubernetes-job.yaml', 'http-webhook.yaml', 'brigade.yaml'];
  const texts = [
    ...files.map((file) => [`sample-${file.replace('.yaml', '')}`, sample(file)] as const),
    ...readRecipes().map(({ heading, configuration }) => {
      const name = heading.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
      return [`recipe-${name}`, configuration] as const;
    }),
  ];
  return Object.fromEntries(
    texts.map(([name, text]) => {
      const variables = [...text.matchAll(/\b(?:\w+Env|env): ([A-Z_]+)/g)].map(([, one]) => one);
      const secrets = variables.map(
        (one = '') => [one, { existingSecret: 'ci', key: one }] as const,
      );
      const config: unknown = load(text);
      return [name, { config, secrets: Object.fromEntries(secrets), ...WITHOUT_HOOKS }];
    }),
  );
}

/** Every set. */
export const RIGHT_VALUES: RightValues = { ...configurations, ...pods, ...others, ...ofFiles() };
