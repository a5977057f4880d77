// Errors of the listeners as problem documents. The caller chooses the status.
// Source: RFC 9457 (problem details; `about:blank` means that the title is the status phrase).

import { type ServerResponse, STATUS_CODES } from 'node:http';
import { DELIVERY_STATES } from '../core/delivery.ts';
import type { InputRefusal, RenderedRefusal } from '../kit/http/client-connections.ts';
import { escapedJson } from '../telemetry/line-format.ts';
import { POSSIBLE_ACTS } from '../views/delivery-documents.ts';
import * as s from '../views/typed-schema.ts';

/** Statuses of refusals that every route may answer. */
export const COMMON_REFUSALS = [400, 401, 403, 405, 406, 408, 421, 431, 500, 503] as const;

/** HTTP statuses of refusals. */
export type RefusalStatus = (typeof COMMON_REFUSALS)[number] | 404 | 409 | 413 | 415 | 507;

const FOR_DELIVERIES = {
  parameter: s.described(s.TEXT, 'The invalid parameter.'),
  state: s.described(s.openWords(DELIVERY_STATES), 'State of the delivery in question.'),
  acts: s.described(POSSIBLE_ACTS, 'Actions that are possible in that state.'),
};

/** A problem document. */
export const PROBLEM = s.recordWith(
  {
    type: s.TEXT,
    title: s.TEXT,
    status: s.plain<number>({ type: 'integer' }),
    detail: s.described(s.TEXT, 'Found and expected values.'),
  },
  FOR_DELIVERIES,
);

/** The properties of a problem on which a client depends. */
export const REFUSED = s.recordWith({ detail: s.TEXT }, FOR_DELIVERIES);

/** The reason for refusing a request. */
export interface Refusal extends s.ValueOf<typeof REFUSED> {
  readonly status: RefusalStatus;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The media type of a problem document. */
export const PROBLEM_TYPE = 'application/problem+json';

/** Headers of every answer: no caching, no sniffing, no framing, no scripts. */
export const SAFE_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** Makes the problem document of a refusal. */
export function toProblem({ headers: _, status, ...rest }: Refusal): s.ValueOf<typeof PROBLEM> {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, ...rest };
}

function renderProblem(refusal: Refusal): string {
  return `${escapedJson(toProblem(refusal), 0)}\n`;
}

/** Renders the refusal of input that is no request. */
export function renderRefusal(refusal: InputRefusal): RenderedRefusal {
  const headers = { 'Content-Type': PROBLEM_TYPE, ...SAFE_HEADERS };
  return { headers, body: renderProblem(refusal) };
}

/** Answers with a problem document; if an answer has already begun, it closes the connection. */
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
