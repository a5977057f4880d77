// Configuration files of other programs, recognized by their keys at the top. A row says what a file
// is and what to do with it. The order matters: a row that asks for less stands further down.
// Sources: the documentation of each program; the keys are those that its examples have.

import { isJsonObject, type Json, type JsonObject } from '../core/event.ts';

/** A file of another kind, in words, and the next step. */
export interface WrongFile {
  readonly message: string;
  readonly hint: string;
}

interface Signature {
  readonly what: string;
  readonly hint: string;
  /** Keys that must all be there. */
  readonly all?: readonly string[];
  /** Keys of which some must be there. */
  readonly some?: readonly string[];
  /** How many of `some`; 1 if absent. */
  readonly atLeast?: number;
  readonly fits?: (document: JsonObject) => boolean;
}

const WRITE_RULES =
  'write its rules as filters: and its receivers as triggers:; docs/configuration.md has an example';
const OTHER_FILE = 'pass the configuration of Sluice; docs/configuration.md begins with an example';

const SIGNATURES: readonly Signature[] = [
  { what: 'a kubeconfig', all: ['clusters', 'contexts'], hint: 'pass it with --kubeconfig' },
  {
    what: 'a configuration of Alertmanager',
    all: ['route', 'receivers'],
    fits: ({ route }) => isJsonObject(route) && typeof route['receiver'] === 'string',
    hint: WRITE_RULES,
  },
  {
    what: 'a configuration of an OpenTelemetry Collector',
    all: ['receivers', 'exporters', 'service'],
    hint: WRITE_RULES,
  },
  {
    what: 'a configuration of kubernetes-event-exporter',
    all: ['receivers'],
    some: ['route', 'logLevel', 'logFormat', 'maxEventAgeSeconds'],
    hint: WRITE_RULES,
  },
  { what: 'a configuration of kubewatch', all: ['handler', 'resource'], hint: WRITE_RULES },
  { what: 'a configuration of Watch-Proxy', all: ['remoteEndpoints'], hint: WRITE_RULES },
  { what: 'a configuration of Vector', all: ['sinks'], hint: WRITE_RULES },
  { what: 'a configuration of Fluent Bit', all: ['pipeline'], hint: WRITE_RULES },
  {
    what: 'Helm values of Robusta',
    some: ['customPlaybooks', 'sinksConfig'],
    hint: WRITE_RULES,
  },
  { what: 'a configuration of Prometheus', all: ['scrape_configs'], hint: OTHER_FILE },
  { what: 'a file of Docker Compose', all: ['services'], hint: OTHER_FILE },
  { what: 'a workflow of GitHub Actions', all: ['on', 'jobs'], hint: OTHER_FILE },
  {
    what: 'a JSON Schema',
    all: ['$schema', 'properties'],
    hint: 'name the schema in the first line of the configuration; docs/configuration.md says how',
  },
  { what: 'an OpenAPI document', all: ['openapi', 'paths'], hint: OTHER_FILE },
  { what: 'what sluice check printed', all: ['problems'], hint: OTHER_FILE },
  {
    what: 'a package.json',
    all: ['name', 'version'],
    some: ['dependencies', 'devDependencies', 'scripts'],
    hint: OTHER_FILE,
  },
  { what: 'a Chart.yaml', all: ['apiVersion', 'name', 'version'], hint: OTHER_FILE },
  {
    what: 'Helm values',
    some: [
      'image',
      'replicaCount',
      'nameOverride',
      'fullnameOverride',
      'imagePullSecrets',
      'serviceAccount',
      'rbac',
      'podAnnotations',
      'nodeSelector',
      'tolerations',
      'affinity',
      'resources',
      'ingress',
    ],
    atLeast: 2,
    hint: 'pass it to helm install --values; a configuration stands under its key config',
  },
];

/** Which other program's file a document is; undefined if no row fits. */
export function recognizeForeign(document: JsonObject): WrongFile | undefined {
  const found = SIGNATURES.find((signature) => fits(signature, document));
  if (found === undefined) return undefined;
  return { message: `the file is ${found.what}, not a configuration of Sluice`, hint: found.hint };
}

function fits(signature: Signature, document: JsonObject): boolean {
  const { all = [], some, atLeast = 1, fits: alsoFits } = signature;
  const has = (key: string): boolean => Object.hasOwn(document, key);
  if (!all.every(has)) return false;
  if (some !== undefined && some.filter(has).length < atLeast) return false;
  return alsoFits === undefined || alsoFits(document);
}

// Deeper than any file in which a configuration was found to stand.
const DEEPEST = 3;

/** Where in a document a block stands that `isMeant` accepts, by its keys; undefined if nowhere. */
export function findNested(
  document: JsonObject,
  isMeant: (value: Json) => boolean,
  depth = DEEPEST,
): readonly string[] | undefined {
  const entries = Object.entries(document);
  const direct = entries.find(([, value]) => isMeant(value));
  if (direct !== undefined) return [direct[0]];
  if (depth <= 1) return undefined;
  for (const [key, value] of entries) {
    const below = isJsonObject(value) ? findNested(value, isMeant, depth - 1) : undefined;
    if (below !== undefined) return [key, ...below];
  }
  return undefined;
}
