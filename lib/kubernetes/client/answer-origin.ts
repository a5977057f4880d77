// Tells an answer of an API server from one of a login page or a proxy, by status, type and kind.
// What follows from it is in watch-error-table.ts and in triggers/api-answer-table.ts.

import { stringAt } from '../../core/json-object.ts';
import { printable } from '../../kit/text/printable.ts';
import type { ApiAnswered } from './kubernetes-api.ts';

const WEB_PAGE = /^text\/html\b/i;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/** Whether an answer says that it is JSON. */
export function isJsonAnswer({ headers }: Pick<ApiAnswered, 'headers'>): boolean {
  return JSON_TYPE.test(headers['content-type'] ?? '');
}

/**
 * Whether no API server gives such an answer to the request for a list, a watch or an object. An
 * error page of 5xx may come from a proxy before a server that is down. Some refusals are plain
 * text.
 */
export function isForeign(answer: ApiAnswered): boolean {
  const { status, headers } = answer;
  if (status < 300) return !isJsonAnswer(answer);
  return status < 400 || (status < 500 && WEB_PAGE.test(headers['content-type'] ?? ''));
}

/** Whether the answer comes from an API server itself: its body is a metav1.Status. */
export function isStatus({ body }: ApiAnswered): boolean {
  return stringAt(body, 'kind') === 'Status';
}

/** Describes an answer of another server, without the query of a redirect, which may be secret. */
export function foreignDetail({ status, headers }: ApiAnswered): string {
  const { location } = headers;
  const type = headers['content-type']?.split(';')[0]?.trim() ?? 'no content type';
  const found = location === undefined ? type : `to ${placeOf(location)}`;
  const expected = 'expected JSON of the Kubernetes API; check the address of the server';
  return printable(`${status} ${found}: this is no API server (${expected})`, 300);
}

function placeOf(location: string): string {
  const url = URL.parse(location);
  return url === null ? (location.split(/[?#]/)[0] ?? '') : `${url.origin}${url.pathname}`;
}
