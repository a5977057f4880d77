// Status objects of an API server's refusals, word for word if clients read them.
// Source: kubernetes apimachinery, pkg/api/errors (NewResourceExpired, NewBadRequest,
// NewMethodNotSupported, NewGenericServerResponse, NewTooLargeResourceVersion).

import type { JsonObject } from '../core/json-object.ts';

/** Body of a refusal; `code` is also its HTTP status. */
export interface Status extends JsonObject {
  readonly code: number;
}

const REASONS = {
  400: 'BadRequest',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'Timeout',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  421: 'BadRequest',
  422: 'Invalid',
  431: 'RequestEntityTooLarge',
  500: 'InternalError',
  504: 'Timeout',
} as const;

/** Headers of every document. */
export const JSON_HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-cache, private',
} as const;

/** Builds the refusal with a code. */
export function status(code: keyof typeof REASONS, message: string, details?: JsonObject): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: REASONS[code],
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** Refuses a continue token whose list is no longer kept. */
export function continueExpired(): Status {
  return status(
    410,
    'The provided continue parameter is too old to display a consistent list result. ' +
      'You must start a new list without the continue parameter.',
  );
}

/** Refuses a list at a version in the future. */
export function versionTooLarge(asked: bigint, current: bigint): Status {
  return status(504, `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** Refuses a path that is not served. */
export function notServed(): Status {
  return status(404, 'the server could not find the requested resource');
}
