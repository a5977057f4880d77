// Values that helm refuses, each with the part of the message that names the key. Those below
// `configurations` are values of `config`; a spec tries them as an object and as a text.

/** Values, and the part of helm's message that names the key. */
export interface Refused {
  readonly names: string;
  readonly values: Readonly<Record<string, unknown>>;
}

const rule = { reasons: ['BackOff'], action: 'accept' };
const build = { brigade: { project: 'org/repo' } };
const hook = { http: { url: 'https://ci.example.test' } };

/** Wrong values of the chart. */
export const WRONG_VALUES: readonly Refused[] = [
  // Misspelled keys.
  { names: "'projct'", values: { projct: 'org/repo' } },
  { names: "'filter'", values: { project: 'org/repo', filter: [] } },
  { names: "'replicas'", values: { replicas: 2 } },
  { names: "'repository'", values: { image: { repository: 'sluice' } } },
  { names: "'storageClassName'", values: { persistence: { storageClassName: 'fast' } } },
  { names: "'enable'", values: { rbac: { enable: false } } },
  { names: "'secretName'", values: { secrets: { a: { secretName: 'a', key: 'a' } } } },
  { names: "'request'", values: { resources: { request: { cpu: 1 } } } },
  { names: "'periodSecond'", values: { livenessProbe: { periodSecond: 5 } } },
  { names: "'nodeAffinty'", values: { affinity: { nodeAffinty: {} } } },
  { names: "'cidr'", values: { networkPolicy: { apiServer: { cidr: '10.0.0.1/32' } } } },
  { names: "'exposed'", values: { api: { exposed: true } } },
  { names: "'serviceMonitors'", values: { metrics: { serviceMonitors: {} } } },
  { names: "'scrapeinterval'", values: { metrics: { podMonitor: { scrapeinterval: '1m' } } } },
  { names: "'severity'", values: { metrics: { prometheusRule: { severity: 'page' } } } },
  { names: "'verb'", values: { rbac: { extraRules: [{ verb: ['get'], verbs: ['get'] }] } } },
  { names: "'decision'", values: { logging: { decision: 'all' } } },
  { names: "'configMap'", values: { existingConfigMap: { configMap: 'mine' } } },
  // Wrong types.
  { names: '/project', values: { project: 7 } },
  { names: '/filters', values: { filters: { namespace: 'shop' } } },
  { names: '/config', values: { config: ['sources'] } },
  { names: '/image', values: { image: 'sluice:1' } },
  { names: '/imagePullSecrets/0', values: { imagePullSecrets: ['login'] } },
  { names: '/persistence/enabled', values: { persistence: { enabled: 'no' } } },
  { names: '/podAnnotations/a', values: { podAnnotations: { a: true } } },
  { names: '/commonLabels/build', values: { commonLabels: { build: 7 } } },
  { names: '/tolerations', values: { tolerations: { key: 'ci' } } },
  { names: '/extraArgs/0', values: { extraArgs: [40] } },
  { names: '/api/port', values: { api: { port: 'http' } } },
  { names: '/api/hosts', values: { api: { hosts: 'ci.example.test' } } },
  { names: '/env', values: { env: { HTTPS_PROXY: 'http://proxy.example.test' } } },
  { names: '/terminationGracePeriodSeconds', values: { terminationGracePeriodSeconds: '60s' } },
  { names: '/nodeSelector/ssd', values: { nodeSelector: { ssd: true } } },
  // Words and numbers that are not allowed.
  { names: '/image/pullPolicy', values: { image: { pullPolicy: 'Allways' } } },
  { names: '/nameOverride', values: { nameOverride: 'my_gateway' } },
  { names: '/fullnameOverride', values: { fullnameOverride: 'Sluice' } },
  { names: '/cidrs/0', values: { networkPolicy: { apiServer: { cidrs: ['10.0.0.1'] } } } },
  { names: '/env/0/value', values: { env: [{ name: 'DEBUG', value: 1 }] } },
  { names: '/tolerations/0/value', values: { tolerations: [{ key: 'ci', value: true }] } },
  { names: '/image/digest', values: { image: { digest: 'latest' } } },
  { names: '/image/name', values: { image: { name: '' } } },
  { names: '/persistence/accessMode', values: { persistence: { accessMode: 'ReadWriteMany' } } },
  { names: '/persistence/size', values: { persistence: { size: '4 GB' } } },
  { names: '/store/sizeLimit', values: { store: { sizeLimit: 'large' } } },
  { names: '/logging/level', values: { logging: { level: 'trace' } } },
  { names: '/logging/format', values: { logging: { format: 'yaml' } } },
  { names: '/api/port', values: { api: { port: 70_000 } } },
  {
    names: '/podDisruptionBudget/minAvailable',
    values: { podDisruptionBudget: { minAvailable: 'all' } },
  },
  { names: '/resources/limits/memory', values: { resources: { limits: { memory: '1 Gi' } } } },
  {
    names: '/metrics/serviceMonitor/interval',
    values: { metrics: { serviceMonitor: { interval: '30' } } },
  },
  { names: "'../token'", values: { secrets: { '../token': { existingSecret: 'a', key: 'a' } } } },
  // Keys that are missing.
  { names: "'existingSecret'", values: { secrets: { a: { key: 'a' } } } },
  { names: "'verbs'", values: { rbac: { extraRules: [{ resources: ['pods'] }] } } },
  { names: "'mountPath'", values: { extraVolumeMounts: [{ name: 'ca' }] } },
  { names: '`api.existingSecret`', values: { api: { expose: true } } },
  // Rules of the original.
  {
    names: "'reason'",
    values: { project: 'org/repo', filters: [{ reason: 'BackOff', action: 'accept' }] },
  },
  {
    names: "'objectName'",
    values: { project: 'org/repo', filters: [{ objectName: 'a', action: 'accept' }] },
  },
  {
    names: '/filters/0/reasons',
    values: { project: 'org/repo', filters: [{ reasons: 'BackOff' }] },
  },
  { names: '/filters/1/namespace', values: { filters: [null, { namespace: ['shop'] }] } },
  { names: '/filters/0', values: { filters: ['accept'] } },
  // Values that do not go together.
  {
    names: '`config` stands beside `project`',
    values: { project: 'org/repo', config: { version: 1 } },
  },
  {
    names: '`existingConfigMap` stands beside',
    values: { existingConfigMap: { name: 'a' }, filters: [{}] },
  },
  { names: '`persistence.size`', values: { persistence: { size: '1Gi' } } },
  { names: 'has GATEWAY_CONFIG', values: { env: [{ name: 'GATEWAY_CONFIG', value: 'a' }] } },
  {
    names: '`metrics.serviceMonitor` and `metrics.podMonitor`',
    values: { metrics: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } },
  },
  {
    names: '`metrics.service` needs the probes',
    values: {
      config: { version: 1, http: { probes: 'off' } },
      metrics: { service: { enabled: true } },
    },
  },
  // Values of the image in the original's chart.
  { names: '`image.registry`', values: { registry: 'registry.example.test' } },
  { names: '`image.name`', values: { name: 'my-gateway' } },
  { names: '`image.tag`', values: { tag: 'v0.3.0' } },
  { names: '`image.pullPolicy`', values: { pullPolicy: 'Always' } },
];

/** Wrong values of `config`, an object of our form. */
export const WRONG_CONFIGURATIONS: readonly Refused[] = [
  { names: 'sorces', values: { version: 1, sorces: {} } },
  { names: 'trigger', values: { version: 1, trigger: {} } },
  { names: 'project', values: { version: 1, project: 'org/repo' } },
  { names: 'evnts', values: { sources: { shop: { evnts: {} } } } },
  { names: 'namespace', values: { sources: { shop: { events: { namespace: 'shop' } } } } },
  { names: 'my shop', values: { sources: { 'my shop': { events: {} } } } },
  { names: 'Shop', values: { sources: { shop: { events: { namespaces: ['Shop'] } } } } },
  { names: 'reason', values: { version: 1, filters: [{ reason: 'BackOff', action: 'accept' }] } },
  { names: 'Kind', values: { version: 1, filters: [{ Kind: 'Pod', action: 'accept' }] } },
  { names: 'filters', values: { version: 1, filters: [{ kind: 'Pod', action: 'acept' }] } },
  { names: 'action', values: { version: 1, filters: [{ kind: 'Pod' }] } },
  { names: 'object', values: { version: 1, filters: [{ ...rule, not: { object: 'a' } }] } },
  { names: 'quite', values: { version: 1, filters: [{ ...rule, again: { quite: '1h' } }] } },
  { names: 'per', values: { version: 1, filters: [{ ...rule, again: { per: 'rule' } }] } },
  { names: 'triggers', values: { version: 1, filters: [{ ...rule, triggers: [] }] } },
  { names: 'htp', values: { triggers: { build: { htp: hook.http } } } },
  { names: 'brigade', values: { triggers: { build: {} } } },
  { names: 'because brigade is there', values: { triggers: { build: { ...build, ...hook } } } },
  {
    names: 'projekt',
    values: { triggers: { build: { brigade: { projekt: 'a', project: 'a' } } } },
  },
  { names: 'project', values: { triggers: { build: { brigade: { namespace: 'ci' } } } } },
  { names: 'urll', values: { triggers: { hook: { http: { ...hook.http, urll: 'a' } } } } },
  {
    names: 'because url is there',
    values: { triggers: { hook: { http: { ...hook.http, urlEnv: 'A' } } } },
  },
  { names: 'format', values: { triggers: { hook: { http: { ...hook.http, format: 'xml' } } } } },
  {
    names: 'bearer',
    values: { triggers: { hook: { http: { ...hook.http, auth: { bearer: {} } } } } },
  },
  { names: 'manifest', values: { triggers: { job: { kubernetes: { resource: 'jobs' } } } } },
  {
    names: 'kind',
    values: { triggers: { job: { kubernetes: { manifest: { apiVersion: 'v1' } } } } },
  },
  { names: 'prefix', values: { triggers: { build: { ...build, prefix: 'My_Build' } } } },
  { names: 'timeout', values: { triggers: { build: { ...build, timeout: '30 seconds' } } } },
  { names: 'concurrency', values: { triggers: { build: { ...build, concurrency: 0 } } } },
  { names: 'onLostAnswer', values: { triggers: { build: { ...build, onLostAnswer: 'once' } } } },
  { names: 'retries', values: { version: 1, delivery: { retries: 3 } } },
  { names: 'order', values: { version: 1, delivery: { order: 'strict' } } },
  { names: 'perNamespace', values: { version: 1, limits: { perNamespace: '5/h' } } },
  { names: 'total', values: { version: 1, limits: { total: '60 per hour' } } },
  { names: 'because memory is there', values: { version: 1, store: { memory: {}, sqlite: {} } } },
  { names: 'maxSize', values: { version: 1, store: { maxSize: '1GB' } } },
  { names: 'level', values: { version: 1, logging: { level: 'verbose' } } },
  { names: 'namespaces', values: { version: 1, guard: { namespaces: true } } },
  { names: 'port', values: { version: 1, http: { port: 8080 } } },
  { names: 'version', values: { version: 2 } },
  { names: 'cluster', values: { version: 1, cluster: 'a'.repeat(254) } },
  {
    names: 'live',
    values: { version: 1, http: { probes: { paths: { live: 'live' } } } },
  },
  {
    names: 'runs a local command',
    values: { triggers: { local: { exec: { command: ['./a.sh'] } } } },
  },
  {
    names: '/etc/sluice-secrets/token',
    values: withToken({ tokenFile: '/etc/sluice-secrets/token' }),
  },
  { names: 'CI_TOKEN', values: withToken({ tokenEnv: 'CI_TOKEN' }) },
  { names: 'http.probes', values: { version: 1, http: { probes: '127.0.0.1:8080' } } },
  { names: 'the same port 8081', values: { version: 1, http: { probes: '0.0.0.0:8081' } } },
  { names: 'store.sqlite.path', values: { version: 1, store: { sqlite: { path: '/data/a.db' } } } },
];

function withToken(bearer: object): Refused['values'] {
  return { triggers: { hook: { http: { ...hook.http, auth: { bearer } } } } };
}
