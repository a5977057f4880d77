// The JSON Schema of a whole configuration in our form: the sections of all registered kinds joined
// with those of no kind. It is plain data without references, so that every tool can read it. The
// original's form has no schema: it is read as leniently as its own code did.
// Source: JSON Schema draft 2020-12; keys as in docs/configuration.md.

import { withSmallForms } from '../config/canonical.ts';
import type { JsonSchema, Kind } from '../core/ports/kind.ts';
import { ruleSchemaOf } from '../filters/schema.ts';
import { sourceKinds } from '../sources/registry.ts';
import { storeKinds } from '../stores/registry.ts';
import { LOGGING_SCHEMA } from '../telemetry/logging.ts';
import { triggerKinds } from '../triggers/registry.ts';
import {
  API_DEFAULT,
  DELIVERY_DEFAULTS,
  HEARTBEAT_DEFAULTS,
  LIMIT_DEFAULTS,
  PROBES_DEFAULTS,
  STORE_DEFAULTS,
  STORE_SIZES,
} from './defaults.ts';

/** The schema of one entry of `filters`. */
export const ruleSchema = ruleSchemaOf(sourceKinds.events.vocabulary);

// With `-` and an id of 26 characters, the prefix of a name must fit a label value of 63.
const MAX_PREFIX = 30;

const NAME: JsonSchema = {
  type: 'string',
  pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$',
  description:
    'A name begins and ends with a letter or digit, has letters, digits, - . and _ between, and at most 63 characters.',
};

function duration(description: string, value?: string): JsonSchema {
  const schema = { type: 'string', format: 'duration', description };
  return value === undefined ? schema : { ...schema, default: value };
}

function deliveryProperties(defaults: 'shown' | 'inherited'): Record<string, JsonSchema> {
  const shown = defaults === 'shown' ? DELIVERY_DEFAULTS : undefined;
  return {
    concurrency: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      ...(shown && { default: shown.concurrency }),
      description: 'How many attempts may run at the same time.',
    },
    timeout: duration('How long one attempt may take.', shown?.timeout),
    order: {
      enum: ['none', 'object'],
      ...(shown && { default: shown.order }),
      description:
        '`object` keeps the order of deliveries for the same involved object, also while one waits for its retry.',
    },
    retry: {
      type: 'object',
      additionalProperties: false,
      description: 'When an attempt that failed is repeated.',
      properties: {
        first: duration(
          'How long to wait after the first failure; then twice as long each time.',
          shown?.retry.first,
        ),
        max: duration('The longest wait between two attempts.', shown?.retry.max),
        for: duration('How long after the first attempt to give up.', shown?.retry.for),
      },
    },
  };
}

/** The schema of an entry with exactly one key that names its kind, and keys that all kinds share. */
function entryOf(
  kinds: KindSchemas,
  shared: Readonly<Record<string, JsonSchema>>,
  description: string,
): JsonSchema {
  const sections = Object.fromEntries(
    Object.entries(kinds).map(([kind, { schema }]) => [kind, schema]),
  );
  return {
    type: 'object',
    description,
    additionalProperties: false,
    properties: { ...sections, ...shared },
    oneOf: choicesOf(kinds),
  };
}

type KindSchemas = Readonly<Record<string, Pick<Kind<never, never, unknown>, 'schema'>>>;

function choicesOf(kinds: KindSchemas): JsonSchema[] {
  return Object.keys(kinds).map((kind) => ({ required: [kind] }));
}

const PREFIX: JsonSchema = {
  type: 'string',
  pattern: `^[a-z]([a-z0-9-]{0,${MAX_PREFIX - 2}}[a-z0-9])?$`,
  description: `The prefix of the names of created objects, before - and the delivery id: lower-case letters, digits and -, at most ${MAX_PREFIX}. If absent, it is the trigger's name as a DNS label, cut to 20.`,
  examples: ['diagnose'],
};

const FORMERLY: JsonSchema = {
  type: 'array',
  items: { type: 'string' },
  minItems: 1,
  uniqueItems: true,
  description:
    'Earlier names of the trigger, the oldest first, so that what it has started stays started.',
};

const ON_LOST_ANSWER: JsonSchema = {
  enum: ['atMostOnce', 'atLeastOnce'],
  description:
    'The policy for a delivery whose answer was lost, if the receiver cannot detect a repetition by its id. `atMostOnce` ends it as `unknown`; `atLeastOnce` repeats it and reports it as possibly started twice. If absent, it is `atLeastOnce` for `http` and `atMostOnce` for every other kind.',
};

/** Properties of every trigger, whatever its kind. */
export function sharedTriggerProperties(): Readonly<Record<string, JsonSchema>> {
  const own = { prefix: PREFIX, formerly: FORMERLY, onLostAnswer: ON_LOST_ANSWER };
  return { ...own, ...deliveryProperties('inherited') };
}

function rate(description: string, value: string): JsonSchema {
  return { type: 'string', format: 'rate', default: value, description };
}

function sectionOf(description: string, properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', additionalProperties: false, description, properties };
}

const limits = sectionOf(
  'Limits on the number of builds, whatever the rules accept. A delivery above a limit is held and starts by itself when there is room.',
  {
    perObject: rate(
      'Builds for one involved object; `off` switches it off.',
      LIMIT_DEFAULTS.perObject,
    ),
    total: rate('Builds in all; `off` switches it off.', LIMIT_DEFAULTS.total),
    holdFor: duration(
      'How long a delivery is held before it becomes a dead letter.',
      LIMIT_DEFAULTS.holdFor,
    ),
  },
);

const guard = sectionOf(
  'Guards that keep the Events of builds and of gateways from starting builds. The guards by name and by reporter are always on.',
  {
    namespace: {
      type: 'boolean',
      default: true,
      description:
        'Events of namespaces in which a configured trigger creates objects start nothing. With `false`, only the names of builds protect against loops.',
    },
  },
);

function probePath(what: string, example: string): JsonSchema {
  const pattern = '^(/[A-Za-z0-9._~-]+)+$';
  const description = `${what} A path is \`/\` with letters, digits, - . _ and ~, once or several times.`;
  return { type: 'string', pattern, maxLength: 200, description, examples: [example] };
}

const ADDRESS = { type: ['string', 'integer'], minimum: 0, maximum: 65_535 };
const ADDRESS_OR_BLOCK = {
  ...ADDRESS,
  type: [...ADDRESS.type, 'object'],
  additionalProperties: false,
};

const PROBES: JsonSchema = {
  ...ADDRESS_OR_BLOCK,
  description: `The listener for \`/healthz\`, \`/readyz\` and \`/metrics\`: its address as \`host:port\`, a port alone, which keeps the host of the default, \`off\` for none, or a block. Default: \`${PROBES_DEFAULTS.pod}\` in a pod, \`${PROBES_DEFAULTS.machine}\` elsewhere.`,
  examples: ['127.0.0.1:9090', 9090, { paths: { live: '/live' } }],
  properties: {
    address: {
      ...ADDRESS,
      description:
        'The address, as `host:port`; a port alone keeps the host of the default; `off` opens no listener.',
      examples: ['0.0.0.0:8080', 9090],
    },
    paths: sectionOf('Further paths, for instance those that manifests already name.', {
      live: probePath('Answers as `/healthz`.', '/live'),
      ready: probePath('Answers as `/readyz`.', '/__/ready'),
      health: probePath('Each check with its state, as JSON.', '/__/health'),
      metrics: probePath('The path of the metrics, instead of `/metrics`.', '/__/metrics'),
    }),
    heartbeat: sectionOf('A file for exec probes, which `sluice probe` checks.', {
      file: {
        type: 'string',
        minLength: 1,
        description:
          "The file, written while the gateway is alive and removed otherwise. Relative to the folder of the gateway's own files.",
        examples: ['heartbeat'],
      },
      every: duration('How often it is written.', HEARTBEAT_DEFAULTS.every),
    }),
  },
};

const http = sectionOf('Where the gateway listens.', {
  probes: PROBES,
  api: {
    ...ADDRESS_OR_BLOCK,
    default: API_DEFAULT,
    description:
      'The listener for `/api/v1/…`: its address as `host:port`, a port alone, `off` for none, or a block. On other addresses than loopback every request needs a token.',
    properties: {
      address: {
        ...ADDRESS,
        default: API_DEFAULT,
        description:
          'The address, as `host:port`; a port alone keeps the host of the default; `off` opens none.',
        examples: ['0.0.0.0:8081', 9091],
      },
      requireToken: {
        type: 'boolean',
        default: false,
        description:
          'Whether every request needs the token, also reads over loopback. Otherwise everyone who can port-forward to the pod, or run a process beside the gateway, can read without it.',
      },
    },
    examples: ['0.0.0.0:8081', 9091, { requireToken: true }],
  },
  tokenFile: {
    type: 'string',
    minLength: 1,
    description:
      "A file with the API's bearer token, at least 16 characters; read again when it changes. Without it the gateway makes one and keeps it as `sluice.token` in the folder of its own files.",
    examples: ['/etc/sluice-api/token'],
  },
  hosts: {
    type: 'array',
    uniqueItems: true,
    items: {
      type: 'string',
      pattern: '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$',
      description: 'A host name without a port has letters, digits, - . and _ only.',
    },
    description:
      'Further names under which the API is reached, such as that of a Service or an Ingress; a request for any other name is refused.',
    examples: ['sluice.gateway.svc'],
  },
});

function storeSchema(): JsonSchema {
  const sizes = Object.entries(STORE_SIZES).map(([kind, size]) => `\`${size}\` for \`${kind}\``);
  const shared = {
    maxSize: {
      type: 'string',
      format: 'size',
      description: `How much it may hold. At that size settled deliveries are evicted, the oldest first; then \`overflow\` decides. If absent, it is ${sizes.join(' and ')}.`,
      examples: ['4Gi'],
    },
    overflow: {
      enum: ['block', 'shed'],
      default: STORE_DEFAULTS.overflow,
      description:
        'The policy for new deliveries in a full store. `block` stops reading until there is room, and `/readyz` says so; `shed` drops them, counted and logged, and continues to read.',
    },
    keepSettled: duration(
      'How long a settled delivery can be listed, retried and rerun. The ledger remembers a start for longer: as long as its Event could be seen again.',
      STORE_DEFAULTS.keepSettled,
    ),
  };
  const choices = choicesOf(storeKinds);
  const entry = entryOf(
    storeKinds,
    shared,
    `The state that survives a restart: at most one kind; without one it is \`${STORE_DEFAULTS.kind}\`. \`run --store\` and \`SLUICE_STORE\` (a file, or \`memory\`) override kind and path.`,
  );
  return { ...entry, oneOf: [...choices, { not: { anyOf: choices } }] };
}

/** The schema of each top-level key, in the order of the reference. */
export const SECTION_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  version: { enum: [1], default: 1, description: 'The version of this form.' },
  cluster: {
    type: 'string',
    minLength: 1,
    maxLength: 253,
    description:
      'A name for the cluster, for display only; its identity is found in the cluster itself.',
    examples: ['dev'],
  },
  sources: {
    type: 'object',
    minProperties: 1,
    propertyNames: NAME,
    description:
      'The sources of Events, by name. If absent, one source `events` reads the Events of the namespace that the gateway runs in.',
    additionalProperties: entryOf(sourceKinds, {}, 'One source: exactly one kind.'),
  },
  filters: {
    type: 'array',
    items: ruleSchema,
    description:
      'The rules, from top to bottom; the first that matches an Event decides, and an Event that none matches is rejected.',
  },
  triggers: {
    type: 'object',
    propertyNames: NAME,
    description: 'The triggers that rules start, by name.',
    additionalProperties: entryOf(
      triggerKinds,
      sharedTriggerProperties(),
      'One trigger: exactly one kind, and the keys of `delivery` that it overrides.',
    ),
  },
  delivery: sectionOf(
    'How deliveries are made; each trigger can override these keys.',
    deliveryProperties('shown'),
  ),
  limits,
  store: storeSchema(),
  http,
  logging: sectionOf('Contents and format of the log.', LOGGING_SCHEMA),
  guard,
};

/** Makes the schema for editors, which also accepts short forms such as one word for a list. */
export function editorSchema(): JsonSchema {
  return withSmallForms(configurationSchema());
}

/** Makes the schema of our form in its canonical form. */
export function configurationSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration',
    description: 'The configuration of Sluice, in YAML or JSON.',
    type: 'object',
    additionalProperties: false,
    properties: SECTION_SCHEMAS,
  };
}
