// The body of a request as text, within a bound, with the form that its type names. Web forms and
// plain text are refused, because a page of another origin could send them. Compressed bodies are
// refused, because they have no size before they are unpacked.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from './problem-document.ts';

/** A body, or why there is none. */
export type Body =
  | { readonly ok: true; readonly text: string; readonly form: 'json' | 'yaml' }
  | { readonly ok: false; readonly refusal: Refusal };

/** Media types by form; each also as a suffix (`application/cloudevents+json`). */
const FORMS = {
  json: /^application\/(?:(?:[a-z0-9.+-]+\+)?json|(?:x-)?ndjson|jsonl)\s*(?:;|$)/i,
  // RFC 9512, and the name from before it.
  yaml: /^application\/(?:(?:[a-z0-9.+-]+\+)?yaml|x-yaml)\s*(?:;|$)/i,
} as const;
/** As Node reads the header; see RFC 9110 §10.1.1. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/**
 * Reads a body within the bound of its form. A client that waits to be asked for it is asked here.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: { readonly json: number; readonly yaml: number },
): Promise<Body> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  const form = FORMS.json.test(type) ? 'json' : FORMS.yaml.test(type) ? 'yaml' : null;
  if (form === null) {
    return refused(415, 'expected a body with Content-Type: application/json or application/yaml');
  }
  if (encoding.toLowerCase() !== 'identity') {
    return refused(415, 'expected a body without Content-Encoding');
  }
  const most = maxBytes[form];
  if (Number(request.headers['content-length'] ?? 0) > most) return tooLarge(most);
  if (CONTINUE.test(request.headers.expect ?? '')) response.writeContinue();
  const bytes = await readBytes(request, most);
  if (bytes === null) return tooLarge(most);
  const text = decoded(bytes);
  return text === null ? refused(400, 'the body is no UTF-8') : { ok: true, text, form };
}

/** Null where there are more. */
async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Null if it is no UTF-8. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder says no more than that; the caller answers it.
    return null;
  }
}

function tooLarge(maxBytes: number): Body {
  const detail = `expected a body of at most ${maxBytes} bytes`;
  return { ok: false, refusal: { status: 413, detail } };
}

function refused(status: 400 | 415, detail: string): Body {
  return { ok: false, refusal: { status, detail } };
}
