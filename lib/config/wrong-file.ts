// Recognizes files that people pass by mistake, also those of other programs. The problem then reads
// "the file is a kubeconfig" instead of a list of forty unknown keys.
// Sources: the documentation of each program; the signatures have the keys of its examples.

import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  stringAt,
} from '../core/json-object.ts';
import { errorAt, type Finding, type FindingWords } from '../core/problem.ts';
import { jsonOrNothing } from '../kit/data/json.ts';
import { printable } from '../kit/text/printable.ts';

/** Recognizes, before parsing, a text that cannot be a configuration; undefined if it may be one. */
export function recogniseText(text: string): FindingWords | undefined {
  if (/^[\s\uFEFF]*$/.test(text)) {
    return {
      message: 'the file is empty',
      hint: 'write a configuration into it, or leave the flag out to log every Event and start nothing',
    };
  }
  // No editor writes a NUL or a replacement character into the first kilobyte.
  if (/[\0\uFFFD]/.test(text.slice(0, 1024))) {
    return { message: 'the file is not UTF-8 text', hint: 'save it as UTF-8, without NUL bytes' };
  }
  const [first, second] = parseLines(text);
  if (first === undefined) return undefined;
  if (isJsonObject(first['object']) && typeof first['type'] === 'string') {
    return {
      message: 'the file is a recording of Events, not a configuration',
      hint: 'pass it to sluice explain --events or sluice playback',
    };
  }
  return eventMistake(first) ?? (second === undefined ? undefined : JSON_LINES);
}

const JSON_LINES: FindingWords = {
  message: 'the file holds JSON lines, one document a line, not a configuration',
  hint: 'a configuration is one document of YAML or JSON; docs/configuration.md has an example',
};

/** Recognizes a document that cannot be a configuration, as a finding at its root. */
export function recogniseValue(value: Json): Finding | undefined {
  const wrong = recogniseDocument(value);
  return wrong === undefined ? undefined : errorAt('wrong-file', '', wrong);
}

function recogniseDocument(value: Json): FindingWords | undefined {
  if (!isJsonObject(value)) {
    const isRules = isJsonList(value) && value.some((one) => stringAt(one, 'action') !== '');
    return {
      message: `the document is ${describe(value)}, expected keys such as filters and triggers`,
      hint: isRules
        ? 'put the rules under filters:'
        : 'see docs/configuration.md for a complete example',
    };
  }
  const kind = stringAt(value, 'kind');
  if (stringAt(value, 'apiVersion') === '' || kind === '') return eventMistake(value);
  if (kind === 'Config' && (value['clusters'] ?? value['contexts']) !== undefined) {
    return foreign(KUBECONFIG);
  }
  const message = `the file is a Kubernetes manifest (kind ${printable(kind, 40)})`;
  return eventMistake(value) ?? { message, hint: manifestHint(kind, value) };
}

// Objects that hold files as texts, and the key of these files.
const FILES_OF: Readonly<Record<string, string>> = { ConfigMap: 'data', Secret: 'stringData' };
// Objects of Argo Events whose contents a configuration has as sources and triggers.
const OF_ARGO_EVENTS = ['EventSource', 'Sensor', 'EventBus'];

function manifestHint(kind: string, value: JsonObject): string {
  const key = Object.hasOwn(FILES_OF, kind) ? FILES_OF[kind] : undefined;
  if (key !== undefined) {
    const files = isJsonObject(value[key]) ? Object.keys(value[key]) : [];
    const [only] = files;
    const place = only === undefined || files.length > 1 ? key : `${printable(only, 60)} in ${key}`;
    return `pass the text under ${place} as a file of its own`;
  }
  if (OF_ARGO_EVENTS.includes(kind)) {
    return 'write its filters as filters: and its triggers as triggers:; docs/configuration.md has an example';
  }
  return 'the manifest of a build goes into a trigger of the configuration';
}

function eventMistake(value: Json): FindingWords | undefined {
  if (!isJsonObject(value)) return undefined;
  const isEvent = isJsonObject(value['involvedObject']);
  const isList = /^(?:Event)?List$/.test(stringAt(value, 'kind')) && Array.isArray(value['items']);
  if (!isEvent && !isList) return undefined;
  return {
    message: `the file holds ${isEvent ? 'an Event' : 'a List of objects'}, not a configuration`,
    hint: 'pass Events to sluice explain --events',
  };
}

/** Parses the first two lines as JSON objects; undefined for each that is none. */
function parseLines(text: string): readonly (JsonObject | undefined)[] {
  const [, first = '', second = ''] =
    /^[\s\uFEFF]*(\{.*\})[ \t]*(?:\r?\n\s*(\{.*\})[ \t]*(?:\r?\n|$)|\r?\n|$)/.exec(text) ?? [];
  return [first, second].map((line) => {
    // If it is not JSON, the YAML parser reports the fault.
    const value = jsonOrNothing(line);
    return isJsonObject(value) ? value : undefined;
  });
}

function describe(value: Json): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a piece of text' : `a ${typeof value}`;
}

/** A file of another program, by its keys at the top. */
interface Signature {
  readonly what: string;
  readonly hint: string;
  /** Keys that are all required. */
  readonly all?: readonly string[];
  /** Keys of which some are required. */
  readonly some?: readonly string[];
  /** How many of `some`; 1 if absent. */
  readonly atLeast?: number;
  readonly fits?: (document: JsonObject) => boolean;
}

const WRITE_RULES =
  'write its rules as filters: and its receivers as triggers:; docs/configuration.md has an example';
const OTHER_FILE = 'pass the configuration of Sluice; docs/configuration.md begins with an example';

const KUBECONFIG: Signature = {
  what: 'a kubeconfig',
  all: ['clusters', 'contexts'],
  hint: 'pass it with --kubeconfig',
};

// The first row that fits wins, so a row with fewer keys comes later.
const SIGNATURES: readonly Signature[] = [
  KUBECONFIG,
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
  { what: 'Helm values of Robusta', some: ['customPlaybooks', 'sinksConfig'], hint: WRITE_RULES },
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
    hint: 'pass it to helm install --values; the configuration belongs under its key config',
  },
];

/** Recognizes a file of another program; undefined if no signature fits. */
export function recognizeForeign(document: JsonObject): FindingWords | undefined {
  const found = SIGNATURES.find((signature) => fits(signature, document));
  return found === undefined ? undefined : foreign(found);
}

function foreign({ what, hint }: Signature): FindingWords {
  return { message: `the file is ${what}, not a configuration of Sluice`, hint };
}

function fits(signature: Signature, document: JsonObject): boolean {
  const { all = [], some, atLeast = 1, fits: alsoFits } = signature;
  const has = (key: string): boolean => Object.hasOwn(document, key);
  if (!all.every(has)) return false;
  if (some !== undefined && some.filter(has).length < atLeast) return false;
  return alsoFits === undefined || alsoFits(document);
}

// No known file has a configuration deeper than this.
const DEEPEST = 3;

/** Finds the keys that lead to a block that `isMeant` accepts; undefined if there is none. */
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
