// Keys of the section `http:` for a receiver that knows nothing of Sluice: body and secrets in the
// receiver's own form, and which answers count. Types and schemas; findings.ts says which values of them
// cannot be used.
// Follows docs/triggers.md (body, expect, started, secrets).

import type { Json, JsonObject } from '../../core/event.ts';
import type { JsonSchema } from '../../core/kind.ts';
import type { SecretRef } from '../../kit/secret.ts';

/** A body as it is written: a JSON tree, or a text. */
type BodySection = JsonObject | readonly Json[] | string;

/** Answers that count as delivered. */
export interface ExpectSection {
  readonly status?: readonly number[];
  readonly json?: {
    readonly path: string;
    readonly value: string | number | boolean | null;
  };
}

/** Place in an answer of the URL of what was started. */
export type StartedSection = { readonly header: string } | { readonly json: string };

/** Keys for a receiver of any kind. */
export interface ReceiverKeys {
  readonly body?: BodySection;
  readonly contentType?: string;
  readonly compression?: 'gzip';
  readonly expect?: ExpectSection;
  readonly started?: StartedSection;
  readonly secrets?: Readonly<Record<string, SecretRef>>;
}

const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  minLength: 1,
  description,
  ...more,
});

const expectSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  description: 'Which answers count as delivered, if not those of the table in triggers.md.',
  properties: {
    status: {
      type: 'array',
      items: { type: 'integer', minimum: 200, maximum: 599 },
      minItems: 1,
      uniqueItems: true,
      description:
        'Statuses that count, whatever the table says of them. Any other status does not. If absent, 2xx and 303 count.',
      examples: [[200, 201, 409]],
    },
    json: {
      type: 'object',
      additionalProperties: false,
      required: ['path', 'value'],
      description: 'A value that the body of such an answer, which is JSON, must have.',
      properties: {
        path: text('Keys and indexes, as in templates.', { examples: ['ok', 'data[0].state'] }),
        value: {
          type: ['string', 'number', 'boolean', 'null'],
          description: 'The value. `null` also holds if the path leads to nothing.',
        },
      },
    },
  },
};

const startedSchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  description:
    'Where an answer names the page of what was started: exactly one. The URL is kept with the delivery as `started.url`.',
  properties: {
    header: text('A header.', { examples: ['Location'] }),
    json: text('A path in the body, which is JSON.', { examples: ['web_url'] }),
  },
};

const secretsSchema: JsonSchema = {
  type: 'object',
  propertyNames: {
    type: 'string',
    pattern: '^[A-Za-z_][A-Za-z0-9_-]{0,62}$',
    description: 'The name of a secret has letters, digits, _ and -, and at most 63 characters.',
  },
  description:
    'Secrets by name. `${secret:NAME}` stands for one in the path and query of `url`, in values of `headers` and in `body`.',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    description: 'Where one secret is: exactly one of these keys.',
    properties: {
      file: text('The file that holds it; relative to the configuration’s folder.'),
      env: text('The environment variable that holds it.'),
    },
    oneOf: [{ required: ['file'] }, { required: ['env'] }],
  },
};

/** The schemas of these keys. */
export const receiverKeySchemas: Readonly<Record<string, JsonSchema>> = {
  body: {
    type: ['object', 'array', 'string'],
    description:
      'A body of the receiver’s own form, instead of `format`: a JSON tree, or a text. `${path}` and `${secret:NAME}` may stand in values; what they stand for is escaped by the content type. A value of the tree that is nothing but one `${path}` keeps its JSON type.',
    examples: [{ ref: 'main', variables: { pod: '${event.involvedObject.name}' } }],
  },
  contentType: text(
    'The content type of `body`. If absent, `application/json` for a tree and `text/plain; charset=utf-8` for a text. A mapping is sent as a form with `application/x-www-form-urlencoded`.',
    { examples: ['application/x-www-form-urlencoded'] },
  ),
  compression: {
    enum: ['gzip'],
    description:
      'Compresses each body. A receiver that answers 415 gets the same request without compression, and so do further requests to that URL for an hour.',
  },
  expect: expectSchema,
  started: startedSchema,
  secrets: secretsSchema,
};
