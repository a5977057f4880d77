// Every error that a listener answers, as one kind of document. Which status fits is the caller's.
// Source: RFC 9457 (problem details; `about:blank` means that the title is the status' own phrase).

import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { DeliveryState } from '../core/delivery.ts';
import { escapedJson } from '../telemetry/line-format.ts';

/** The statuses that a listener refuses with. */
export type RefusalStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 406
  | 408
  | 409
  | 413
  | 415
  | 421
  | 431
  | 500
  | 503
  | 507;

/** Why a request is not answered. */
export interface Refusal {
  readonly status: RefusalStatus;
  /** What was found and what was expected, for people. */
  readonly detail: string;
  /** The parameter of the query or path that it is about. */
  readonly parameter?: string;
  /** Where the delivery stands that it is about, and what can be done with it there. */
  readonly state?: DeliveryState;
  readonly acts?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The media type of a problem document. */
export const PROBLEM_TYPE = 'application/problem+json';

/** What every answer carries: it is nobody's to cache, to sniff, to frame or to run. */
export const SAFE_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** The problem document of a refusal, ready to be sent. */
function renderProblem({ status, detail, parameter, state, acts }: Refusal): string {
  const title = STATUS_CODES[status] ?? 'Error';
  const about = {
    ...(parameter === undefined ? {} : { parameter }),
    ...(state === undefined ? {} : { state }),
    ...(acts === undefined ? {} : { acts }),
  };
  return `${escapedJson({ type: 'about:blank', title, status, detail, ...about }, 0)}\n`;
}

/** A whole HTTP answer with the problem document of a refusal, after which the connection ends. */
export function renderRefusal(refusal: Refusal): string {
  const body = renderProblem(refusal);
  const headers = {
    Connection: 'close',
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': String(Buffer.byteLength(body)),
    ...SAFE_HEADERS,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${refusal.status} \r\n${lines.join('')}\r\n${body}`;
}

/** Answers with a problem document; where an answer has begun already, it is broken off. */
export function sendProblem(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = refusal.status;
  for (const [name, value] of Object.entries(refusal.headers ?? {})) {
    response.setHeader(name, value);
  }
  response.setHeader('Content-Type', PROBLEM_TYPE);
  response.end(renderProblem(refusal));
}
