// The section `http:` of a trigger: its type, its defaults and its schema. The values that the schema
// accepts and a trigger cannot use are found in ../http.ts. Secrets are given by reference: `…File`,
// `…Env`, or `${secret:NAME}` with an entry of `secrets:`.
// Follows docs/configuration.md and docs/triggers.md (body, expect, started, secrets).

import type { Json, JsonObject } from '../../core/json-object.ts';
import type { JsonSchema } from '../../core/ports/kind.ts';
import type { SecretRef } from '../../kit/secret.ts';

/** Form of a request's body, and where it has the data of its delivery. */
export type HttpFormat = 'document' | 'event' | 'cloudevents' | 'cloudevents-binary';

/** A secret by `<what>File` or `<what>Env`; the schema requires exactly one. */
type ByReference<What extends string> = Readonly<
  Partial<Record<`${What}File` | `${What}Env`, string>>
>;

/** A user name, and its password by reference. */
type BasicSection = ByReference<'password'> & { readonly username: string };

/** The proxy that a section names. */
export type ProxySection = Partial<BasicSection> & { readonly url: string };

/** Credentials for the receiver; the schema requires exactly one kind. */
interface AuthSection {
  readonly bearer?: ByReference<'token'>;
  readonly basic?: BasicSection;
  readonly header?: ByReference<'value'> & { readonly name: string };
}

/** Answers that count as delivered. */
export interface ExpectSection {
  readonly status?: readonly number[];
  readonly json?: {
    readonly path: string;
    readonly value: string | number | boolean | null;
  };
}

/** Place in an answer of the URL of the started build. */
export type StartedSection = { readonly header: string } | { readonly json: string };

/** The section `http:` of a trigger; the schema requires exactly one of the three keys of its URL. */
export interface HttpSection extends ByReference<'url'> {
  readonly url?: string;
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  readonly format?: HttpFormat;
  /** A JSON tree, or a text. */
  readonly body?: JsonObject | readonly Json[] | string;
  readonly contentType?: string;
  readonly compression?: 'gzip';
  readonly expect?: ExpectSection;
  readonly started?: StartedSection;
  readonly secrets?: Readonly<Record<string, SecretRef>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: AuthSection;
  readonly signing?: ByReference<'secret'>;
  readonly tls?: Partial<
    Readonly<Record<'caFile' | 'certFile' | 'keyFile' | 'serverName', string>>
  >;
  readonly proxy?: 'none' | ProxySection;
  readonly connectTimeout?: string;
  readonly receiver?: 'keyless' | 'deduplicates';
  readonly batch?: { readonly max?: number; readonly wait?: string; readonly size?: string };
  readonly handshake?: { readonly origin: string; readonly rate?: number };
}

/** Values of absent keys. */
export const HTTP_DEFAULTS = {
  method: 'POST',
  // The document that every other kind passes on too. It has the id, the rule and the cluster, which
  // a bare Event lacks, and it needs no library, unlike CloudEvents.
  format: 'document',
  connectTimeout: '5s',
  receiver: 'keyless',
  batch: {
    max: 100,
    wait: '1s',
    // The default limit of common servers and proxies (nginx: 1m).
    size: '1Mi',
  },
} as const;

/** How long the receiver knows an idempotency key, in ms: it knows it always, or never. */
export function keyLifeOf({ receiver = HTTP_DEFAULTS.receiver }: HttpSection): number {
  return receiver === 'deduplicates' ? Number.POSITIVE_INFINITY : 0;
}

const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  minLength: 1,
  description,
  ...more,
});

const block = (
  description: string,
  properties: Readonly<Record<string, JsonSchema>>,
  more: JsonSchema = {},
): JsonSchema => ({
  type: 'object',
  description,
  additionalProperties: false,
  properties,
  ...more,
});

const reference = (what: string, meaning: string): Record<string, JsonSchema> => ({
  [`${what}File`]: text(`The file that holds ${meaning}; relative to the configuration’s folder.`),
  [`${what}Env`]: text(`The environment variable that holds ${meaning}.`),
});

const oneOf = (what: string): JsonSchema => ({
  oneOf: [{ required: [`${what}File`] }, { required: [`${what}Env`] }],
});

const auth = block(
  'Credentials for the receiver: exactly one of these keys.',
  {
    bearer: block(
      'A bearer token, as `authorization: Bearer …`.',
      reference('token', 'the token'),
      oneOf('token'),
    ),
    basic: block(
      'A user name and a password.',
      { username: text('The user name.'), ...reference('password', 'the password') },
      { required: ['username'], ...oneOf('password') },
    ),
    header: block(
      'A header whose value is secret, such as an API key.',
      {
        name: text('The name of the header.', { examples: ['X-Api-Key'] }),
        ...reference('value', 'its value'),
      },
      { required: ['name'], ...oneOf('value') },
    ),
  },
  { minProperties: 1, maxProperties: 1 },
);

const tls = block('Certificates for `https:`.', {
  caFile: text('The certificates of the authorities that are trusted, instead of the public ones.'),
  certFile: text('The client certificate, with its chain.'),
  keyFile: text('The key of the client certificate.'),
  serverName: text(
    'The name that the receiver’s certificate must have, if it differs from the host.',
  ),
});

const proxy: JsonSchema = {
  ...block(
    'The proxy for requests to the receiver, or `none`. If absent, the variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` choose it.',
    {
      url: text('The URL of the proxy, `http:` or `https:`, without credentials.', {
        examples: ['http://proxy.example.test:3128'],
      }),
      username: text('The user name, if the proxy asks for one.'),
      ...reference('password', 'the password'),
    },
    { required: ['url'] },
  ),
  // Keywords such as `required` apply to blocks only, and `pattern` to texts only.
  type: ['string', 'object'],
  pattern: '^none$',
};

const batch = block(
  'Sends several deliveries in one request. Only with the formats `document` and `cloudevents`.',
  {
    max: {
      type: 'integer',
      minimum: 2,
      maximum: 1000,
      default: HTTP_DEFAULTS.batch.max,
      description: 'The largest number of deliveries in one request.',
    },
    wait: {
      type: 'string',
      format: 'duration',
      default: HTTP_DEFAULTS.batch.wait,
      description: 'How long the first delivery of a request waits for others.',
    },
    size: {
      type: 'string',
      format: 'size',
      default: HTTP_DEFAULTS.batch.size,
      description:
        'The largest body. Further deliveries go in a further request. A single delivery that is larger is sent alone.',
    },
  },
);

const handshake = block(
  'Asks the receiver for permission before the first delivery: `OPTIONS` with `WebHook-Request-Origin`, by the webhook profile of CloudEvents.',
  {
    origin: text('The value of `WebHook-Request-Origin`: the DNS name of Sluice.', {
      examples: ['sluice.example.test'],
    }),
    rate: {
      type: 'integer',
      minimum: 1,
      description:
        'Requests in a minute to ask for. The rate that the receiver answers is not enforced.',
    },
  },
  { required: ['origin'] },
);

const expectSchema = block(
  'Which answers count as delivered, if not those of the table in triggers.md.',
  {
    status: {
      type: 'array',
      items: { type: 'integer', minimum: 200, maximum: 599 },
      minItems: 1,
      uniqueItems: true,
      description:
        'Statuses that count as delivered, instead of those of the table. Any other status does not. If absent, 2xx and 303 count.',
      examples: [[200, 201, 409]],
    },
    json: block(
      'A value in the body of such an answer. The body must be JSON and have this value.',
      {
        path: text('Keys and indexes, as in templates.', { examples: ['ok', 'data[0].state'] }),
        value: {
          type: ['string', 'number', 'boolean', 'null'],
          description: 'The value. `null` also matches if the path leads to nothing.',
        },
      },
      { required: ['path', 'value'] },
    ),
  },
  { minProperties: 1 },
);

const startedSchema = block(
  'The place in an answer of the URL of the started build: exactly one key. The URL is kept with the delivery as `started.url`.',
  {
    header: text('A header.', { examples: ['Location'] }),
    json: text('A path in the body, which is JSON.', { examples: ['web_url'] }),
  },
  { minProperties: 1, maxProperties: 1 },
);

const secretsSchema: JsonSchema = {
  type: 'object',
  propertyNames: {
    type: 'string',
    pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,62}$',
    description: 'The name of a secret has letters, digits, _ and -, and at most 63 characters.',
  },
  description:
    'Secrets by name. `${secret:NAME}` inserts one in the path and query of `url`, in values of `headers` and in `body`.',
  additionalProperties: block(
    'The place of one secret: exactly one of these keys.',
    {
      file: text('The file that holds it; relative to the configuration’s folder.'),
      env: text('The environment variable that holds it.'),
    },
    { oneOf: [{ required: ['file'] }, { required: ['env'] }] },
  ),
};

/** The schema of the section. */
export const httpSchema: JsonSchema = block(
  'Makes an HTTP request for each delivery, or for a batch of them.',
  {
    url: text(
      'The URL of the receiver: `http:` or `https:`. Path segments and values of the query may have `${path}`, which is percent-encoded.',
      { examples: ['https://ci.example.test/hooks/k8s?reason=${event.reason}'] },
    ),
    ...reference('url', 'the URL, if the URL itself is a secret'),
    method: {
      enum: ['POST', 'PUT', 'PATCH'],
      default: HTTP_DEFAULTS.method,
      description: 'The method of requests.',
    },
    format: {
      enum: ['document', 'event', 'cloudevents', 'cloudevents-binary'],
      default: HTTP_DEFAULTS.format,
      description:
        'The body: the delivery’s document, the bare Event, or a CloudEvent whose data is the document, structured or binary. Not together with `body`.',
    },
    body: {
      type: ['object', 'array', 'string'],
      description:
        'A body in the receiver’s own form, instead of `format`: a JSON tree, or a text. Values may have `${path}` and `${secret:NAME}`; the inserted text is escaped for the content type. A value of the tree that is exactly one `${path}` keeps its JSON type.',
      examples: [{ ref: 'main', variables: { pod: '${event.involvedObject.name}' } }],
    },
    contentType: text(
      'The content type of `body`. If absent, `application/json` for a tree and `text/plain; charset=utf-8` for a text. A mapping is sent as a form with `application/x-www-form-urlencoded`.',
      { examples: ['application/x-www-form-urlencoded'] },
    ),
    compression: {
      enum: ['gzip'],
      description:
        'Compresses each body. After an answer 415 the request is sent again without compression, and so are further requests to that URL for an hour.',
    },
    expect: expectSchema,
    started: startedSchema,
    secrets: secretsSchema,
    headers: {
      type: 'object',
      description:
        'Further headers. Values may have `${path}` and `${secret:NAME}`, but no secret in clear.',
      additionalProperties: { type: 'string' },
    },
    auth,
    signing: block(
      'Signs each request by Standard Webhooks. If there are several secrets, separated by white space, each signs, in their order.',
      reference('secret', 'the secret or secrets, each `whsec_` and base64 of 24 to 64 bytes'),
      oneOf('secret'),
    ),
    tls,
    proxy,
    connectTimeout: {
      type: 'string',
      format: 'duration',
      default: HTTP_DEFAULTS.connectTimeout,
      description: 'The longest time to connect. `timeout` limits the whole attempt.',
    },
    receiver: {
      enum: ['keyless', 'deduplicates'],
      default: HTTP_DEFAULTS.receiver,
      description:
        'Whether the receiver drops a second request with the same `Idempotency-Key`. `keyless`: after a lost answer `onLostAnswer` decides.',
    },
    batch,
    handshake,
  },
  { oneOf: ['url', 'urlFile', 'urlEnv'].map((key) => ({ required: [key] })) },
);
