// The section `http:` of a trigger: its type and its schema. What values of it can not be used is
// findings.ts.
// Follows docs/configuration.md; secrets stand in it only by reference (`…File`, `…Env`).

import type { JsonSchema } from '../../core/kind.ts';
import { type ReceiverKeys, receiverKeySchemas } from './section-keys.ts';

/** What a request carries of its delivery. */
export type HttpFormat = 'document' | 'event' | 'cloudevents' | 'cloudevents-binary';

/** A secret of the section, by `<what>File` or `<what>Env`; the schema demands exactly one. */
type ByReference<What extends string> = Readonly<
  Partial<Record<`${What}File` | `${What}Env`, string>>
>;

/** A user name with its password by reference. */
type BasicSection = ByReference<'password'> & { readonly username: string };

/** The proxy that a section names. */
export type ProxySection = Partial<BasicSection> & { readonly url: string };

/** How requests are allowed in: exactly one way. */
interface AuthSection {
  readonly bearer?: ByReference<'token'>;
  readonly basic?: BasicSection;
  readonly header?: ByReference<'value'> & { readonly name: string };
}

/** The section `http:` of a trigger; the schema demands exactly one of the three keys of its URL. */
export interface HttpSection extends ReceiverKeys, ByReference<'url'> {
  readonly url?: string;
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  readonly format?: HttpFormat;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: AuthSection;
  readonly signing?: ByReference<'secret'>;
  readonly tls?: {
    readonly caFile?: string;
    readonly certFile?: string;
    readonly keyFile?: string;
    readonly serverName?: string;
  };
  readonly proxy?: 'none' | ProxySection;
  readonly connectTimeout?: string;
  readonly receiver?: 'keyless' | 'deduplicates';
  readonly batch?: { readonly max?: number; readonly wait?: string; readonly size?: string };
  readonly handshake?: { readonly origin: string; readonly rate?: number };
}

/** What holds where the section says nothing. */
export const HTTP_DEFAULTS = {
  method: 'POST',
  // What every other kind hands over too: it has the id, the rule and the cluster, which a bare
  // Event lacks, and asks for no library, which CloudEvents is easier with.
  format: 'document',
  connectTimeout: '5s',
  receiver: 'keyless',
  batch: {
    max: 100,
    wait: '1s',
    // What common servers and proxies take unless told otherwise (nginx: 1m).
    size: '1Mi',
  },
} as const;

/** How long a repetition is told by its key, in ms: the receiver says always, or never. */
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
  'How the receiver knows who calls. Exactly one.',
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

const tls = block('How `https:` is spoken.', {
  caFile: text('The certificates that the receiver’s is checked with, instead of the public ones.'),
  certFile: text('The client certificate, with its chain.'),
  keyFile: text('The key of the client certificate.'),
  serverName: text('The name that the receiver’s certificate must have, where it is not the host.'),
});

const proxy: JsonSchema = {
  ...block(
    'The proxy on the way to the receiver, or `none`. If absent, the variables `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say which.',
    {
      url: text('Its address, `http:` or `https:`, without credentials.', {
        examples: ['http://proxy.example.test:3128'],
      }),
      username: text('The user name, if it asks for one.'),
      ...reference('password', 'the password'),
    },
    { required: ['url'] },
  ),
  // `required` and the like hold for blocks only, and `pattern` for texts only.
  type: ['string', 'object'],
  pattern: '^none$',
};

const batch = block(
  'One request for several deliveries. The formats `document` and `cloudevents` only.',
  {
    max: {
      type: 'integer',
      minimum: 2,
      maximum: 1000,
      default: HTTP_DEFAULTS.batch.max,
      description: 'Deliveries in one request at the most.',
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
        'The largest body; what does not fit goes in a further request. A single delivery that is larger goes alone.',
    },
  },
);

const handshake = block(
  'Ask before the first delivery whether the receiver wants any: `OPTIONS` with `WebHook-Request-Origin`, by the webhook profile of CloudEvents.',
  {
    origin: text('The name that Sluice asks under.', { examples: ['sluice.example.test'] }),
    rate: {
      type: 'integer',
      minimum: 1,
      description: 'How many requests a minute to ask for. What is answered is not enforced.',
    },
  },
  { required: ['origin'] },
);

/** The schema of the section. */
export const httpSchema: JsonSchema = block(
  'Makes an HTTP request for each delivery, or for a batch of them.',
  {
    url: text(
      'Where to: `http:` or `https:`. `${path}` may stand in path segments and in values of the query, where it is percent-encoded.',
      { examples: ['https://ci.example.test/hooks/k8s?reason=${event.reason}'] },
    ),
    ...reference('url', 'the URL, if the URL itself is a secret'),
    method: {
      enum: ['POST', 'PUT', 'PATCH'],
      default: HTTP_DEFAULTS.method,
      description: 'The method.',
    },
    format: {
      enum: ['document', 'event', 'cloudevents', 'cloudevents-binary'],
      default: HTTP_DEFAULTS.format,
      description:
        'The body: the delivery’s document, the bare Event, or a CloudEvent whose data is the document, structured or binary. Not beside `body`.',
    },
    ...receiverKeySchemas,
    headers: {
      type: 'object',
      description:
        'Further headers. `${path}` and `${secret:NAME}` may stand in values; a secret in clear may not.',
      additionalProperties: { type: 'string' },
    },
    auth,
    signing: block(
      'Signs each request by Standard Webhooks. Where there are several secrets, separated by white space, all sign, the first one first.',
      reference('secret', 'the secret or secrets, each `whsec_` and base64 of 24 to 64 bytes'),
      oneOf('secret'),
    ),
    tls,
    proxy,
    connectTimeout: {
      type: 'string',
      format: 'duration',
      default: HTTP_DEFAULTS.connectTimeout,
      description: 'How long connecting may take; the whole attempt is bounded by `timeout`.',
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
