// Writing as fast as the reader takes it, and no longer than there is one.
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * Writes a text, and waits where the reader is behind.
 *
 * **Errors**: rejects with an AbortError once the signal aborts, as it does when the reader leaves.
 */
export async function written(to: Writable, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!to.write(text)) await once(to, 'drain', { signal });
}
