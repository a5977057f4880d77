// Sends the body of an answer piece by piece, as fast as it is taken. So a client that takes it slowly
// differs from one that takes nothing.

import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

// A write counts as not taken until the last byte of it is.
const PIECE_BYTES = 64 * 1024;

/** Sends a whole body; resolves when it was taken, or when the client is gone. */
export async function sendDocument(response: ServerResponse, body: Buffer): Promise<void> {
  response.setHeader('Content-Length', body.length);
  if (body.length <= PIECE_BYTES || response.req.method === 'HEAD') {
    response.end(body);
    return;
  }
  // A client that leaves in the middle is no trouble of ours.
  await pipeline(Readable.from(piecesOf(body)), response).catch(() => undefined);
}

function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}
