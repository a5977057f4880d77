// Lines of JSON that no terminal acts on, written as fast as the reader takes them, and no longer than
// there is one.

import { once } from 'node:events';
import type { Writable } from 'node:stream';

import type { Json } from '../../core/event.ts';
import { escapedJson } from '../../telemetry/json-format.ts';

/** A document as one line of JSON. */
export function jsonLine(document: object): string {
  return `${escapedJson(document as Json, 0)}\n`;
}

/**
 * Writes a text, and waits where the reader is behind.
 *
 * **Errors**: rejects with an AbortError once the signal aborts, as it does when the reader leaves.
 */
export async function written(to: Writable, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!to.write(text)) await once(to, 'drain', { signal });
}
