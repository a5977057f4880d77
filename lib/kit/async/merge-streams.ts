// Merges several streams into one, fairly. Each has at most one waiting item, taken in order of
// arrival. A slow consumer pauses all streams, and a busy stream cannot starve another. Items are
// not inspected.

import { BoundedQueue } from './bounded-queue.ts';

interface Tagged<Name, Item> {
  readonly from: Name;
  readonly item: Item;
}

/** Opens a stream that ends when its signal aborts. */
type OpenStream<Name, Item> = (name: Name, signal: AbortSignal) => AsyncIterable<Item>;

/**
 * Yields the items of all streams in order of arrival.
 *
 * **Order and time**: ends when the signal aborts. The first error of any stream ends all. Every
 * stream has settled before it settles.
 */
export function mergeFairly<Name, Item>(
  names: readonly Name[],
  open: OpenStream<Name, Item>,
  signal: AbortSignal,
): AsyncGenerator<Tagged<Name, Item>, void> {
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return tagged(only, open(only, signal), signal);
  return merged(names, open, signal);
}

/** A single stream needs no queue, which would be most of the cost of an Event here. */
async function* tagged<Name, Item>(
  from: Name,
  stream: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Tagged<Name, Item>, void> {
  try {
    for await (const item of stream) yield { from, item };
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function* merged<Name, Item>(
  names: readonly Name[],
  open: OpenStream<Name, Item>,
  signal: AbortSignal,
): AsyncGenerator<Tagged<Name, Item>, void> {
  // One place for all: a waiting item never waits behind the second item of another stream.
  const queue = new BoundedQueue<Tagged<Name, Item> | { readonly error: unknown }>({ items: 1 });
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const pump = async (from: Name): Promise<void> => {
    try {
      for await (const item of open(from, ended)) await queue.push({ from, item }, ended);
    } catch (error) {
      if (!ended.aborted) await queue.push({ error }, ended).catch(() => undefined);
    }
  };
  const running = names.map(pump);
  try {
    for (;;) {
      const [arrival] = await queue.take(1, ended);
      if (arrival === undefined) continue;
      if ('error' in arrival) throw arrival.error;
      yield arrival;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}
