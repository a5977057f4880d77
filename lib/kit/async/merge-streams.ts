// Merges several streams into one, fairly. Each has at most one waiting item, taken in order of
// arrival. A slow consumer pauses all streams, and a busy stream cannot starve another. Items are
// not inspected.

import { BoundedQueue } from './bounded-queue.ts';

/** An item with the name of its stream. */
interface Tagged<Name, Item> {
  readonly from: Name;
  readonly item: Item;
}

type MergedArrival<Name, Item> =
  | { readonly kind: 'item'; readonly tagged: Tagged<Name, Item> }
  | { readonly kind: 'failed'; readonly error: unknown };

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
  const queue = new BoundedQueue<MergedArrival<Name, Item>>({ items: 1 });
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  const running = names.map((name) => pump({ name, open, queue }, stop.signal));
  try {
    for (;;) {
      const [arrival] = await queue.take(1, stop.signal);
      if (arrival?.kind === 'failed') throw arrival.error;
      if (arrival !== undefined) yield arrival.tagged;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    await Promise.allSettled(running);
  }
}

interface Pump<Name, Item> {
  readonly name: Name;
  readonly open: OpenStream<Name, Item>;
  readonly queue: BoundedQueue<MergedArrival<Name, Item>>;
}

async function pump<Name, Item>(
  { name, open, queue }: Pump<Name, Item>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const item of open(name, signal)) {
      await queue.push({ kind: 'item', tagged: { from: name, item } }, signal);
    }
  } catch (error) {
    if (signal.aborted) return;
    await queue.push({ kind: 'failed', error }, signal).catch(() => undefined);
  }
}
