// The body of a request as JSON, within a bound. Only JSON is taken, and only as it is: a page of
// another origin could send a form, and what is compressed has no size before it is unpacked.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../core/errors.ts';
import { printable } from '../kit/printable.ts';
import type { Refusal } from './problem-document.ts';

/** A parsed body, or why there is none. */
export type ParsedBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly refusal: Refusal };

const MESSAGE_CHARACTERS = 200;
/** As Node reads the header; see RFC 9110 §10.1.1. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/** Reads a JSON body of at most so many bytes; a client that waits to be asked for it is asked here. */
export async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<ParsedBody> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (!/^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(type)) {
    return refused(415, 'expected a body with Content-Type: application/json');
  }
  if (encoding.toLowerCase() !== 'identity') {
    return refused(415, 'expected a body without Content-Encoding');
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge(maxBytes);
  if (CONTINUE.test(request.headers.expect ?? '')) response.writeContinue();
  const bytes = await readBytes(request, maxBytes);
  return bytes === null ? tooLarge(maxBytes) : parse(bytes);
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

function parse(bytes: Uint8Array): ParsedBody {
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch (error) {
    const why = printable(messageOf(error), MESSAGE_CHARACTERS);
    return refused(400, `the body is no JSON: ${why}`);
  }
}

function tooLarge(maxBytes: number): ParsedBody {
  const detail = `expected a body of at most ${maxBytes} bytes`;
  return { ok: false, refusal: { status: 413, detail } };
}

function refused(status: 400 | 415, detail: string): ParsedBody {
  return { ok: false, refusal: { status, detail } };
}
