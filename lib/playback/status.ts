// The Status objects with which an API server refuses, word for word where clients look at them.
// Source: kubernetes apimachinery, pkg/api/errors (NewResourceExpired, NewBadRequest,
// NewMethodNotSupported, NewGenericServerResponse, NewTooLargeResourceVersion).

import type { JsonObject } from '../core/event.ts';

/** A refusal: what goes out as the HTTP status and as the body. */
export interface Status extends JsonObject {
  readonly code: number;
}

const REASONS = {
  400: 'BadRequest',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  410: 'Expired',
  421: 'BadRequest',
  422: 'Invalid',
  500: 'InternalError',
  504: 'Timeout',
} as const;

/** A refusal of one kind. */
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

/** A watch was asked for from before the last compaction. */
export function watchExpired(): Status {
  return status(410, 'The resourceVersion for the provided watch is too old.');
}

/** A list was asked to go on from what is no longer remembered. */
export function continueExpired(): Status {
  return status(
    410,
    'The provided continue parameter is too old to display a consistent list result. ' +
      'You must start a new list without the continue parameter.',
  );
}

/** A list was asked for at a version that is still to come. */
export function versionTooLarge(asked: bigint, current: bigint): Status {
  return status(504, `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

/** There is nothing under this path. */
export function notServed(): Status {
  return status(404, 'the server could not find the requested resource');
}
