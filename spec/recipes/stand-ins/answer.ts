// Common parts of the stand-ins for receivers. A stand-in answers one request as the documentation
// of the real receiver says. It keeps no state; real-receiver.ts has the socket.

import { isJsonObject, type JsonObject } from '../../../lib/core/json-object.ts';
import type { Arrived } from '../../triggers/http/support/real-receiver.ts';

/** An answer before it is written to a socket. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A receiver in one state. */
export type StandIn = (request: Arrived) => Answer;

/** An answer with a JSON body. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const type = { 'content-type': 'application/json; charset=utf-8' };
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(value) };
}

/** An answer with a body of plain text. */
export function textAnswer(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body };
}

/** The JSON value of a body; undefined if the body is no JSON. */
export function jsonIn({ body }: Arrived): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The JSON object of a body; undefined if the body is none. */
export function objectIn(request: Arrived): JsonObject | undefined {
  const value = jsonIn(request);
  return isJsonObject(value) ? value : undefined;
}

/** The media type of a request, in lower case and without parameters. */
export function mediaTypeOf({ headers }: Arrived): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** The path of a request, without its query. */
export function pathOf({ target }: Arrived): string {
  return target.split('?', 1)[0] ?? '';
}

/** The keys of an object that are not among those given. */
export function otherKeys(value: JsonObject, known: readonly string[]): readonly string[] {
  return Object.keys(value).filter((key) => !known.includes(key));
}
