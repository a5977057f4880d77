// From what a socket, a parser or an abort left behind to the answer `failed`: which failure, and a
// detail for people made of codes and addresses. No message of an error is passed on, for some hold
// what a peer sent or what a header said; only our own ConnectTrouble is quoted.

import { printable } from '../kit/printable.ts';
import { ConnectTrouble } from './connect-trouble.ts';
import { failureOf } from './failure-table.ts';
import type { HttpFailed, NetworkFailure } from './http-client.ts';

/** What was known of a request when it failed. */
export interface Failing {
  /** Where the request was to go, as `host:port`. */
  readonly place: string;
  readonly reached: HttpFailed['reached'];
}

// Enough for a code, a name and four addresses.
const LONGEST_DETAIL = 300;
// A name may have many addresses; the first few tell what is wrong.
const SHOWN_ADDRESSES = 4;

/** The answer to a request whose connection or exchange ended with an error. */
export function failedBy(error: unknown, { place, reached }: Failing): HttpFailed {
  if (error instanceof ConnectTrouble) return failed(error.failure, reached, error.message);
  const code = codeOf(error);
  const failure = failureOf(code, { connected: reached === 'perhaps' });
  return failed(failure, reached, `${code} ${whereOf(error) ?? place}`);
}

/** The answer to a request that was given up; a `TimeoutError` counts as time that is up. */
export function failedByAbort(reason: unknown, { place, reached }: Failing): HttpFailed {
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError';
  if (isTimeout) return failed('timeout', reached, `no answer in time from ${place}`);
  return failed('aborted', reached, `given up before an answer from ${place}`);
}

/** The answer `failed`, its detail made safe to show. */
export function failed(
  failure: NetworkFailure,
  reached: HttpFailed['reached'],
  detail: string,
): HttpFailed {
  return { answered: false, reached, failure, detail: printable(detail, LONGEST_DETAIL) };
}

/** The code of an error; that of the first of several. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error instanceof AggregateError && error.errors.length > 0
    ? codeOf(error.errors[0])
    : 'ERROR';
}

/** The addresses that an error of a socket names; undefined where it names none. */
export function whereOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) {
    const places = error.errors.map(whereOf).filter((place) => place !== undefined);
    return places.length === 0 ? undefined : places.slice(0, SHOWN_ADDRESSES).join(', ');
  }
  if (!(error instanceof Error)) return undefined;
  const { address, port, hostname } = error as {
    address?: unknown;
    port?: unknown;
    hostname?: unknown;
  };
  if (typeof address === 'string' && typeof port === 'number') return placeOf(address, port);
  return typeof hostname === 'string' ? hostname : undefined;
}

/** A host and a port as one writes them. */
export function placeOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
