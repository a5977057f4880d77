// Several readers as one stream of batches, fairly: each has at most one batch waiting, and they are
// taken in the order in which they came. A slow consumer pauses all of them, a busy reader starves
// none. It looks into no batch.

import { BoundedQueue } from './bounded-queue.ts';

/** What a stream of a name yielded. */
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
 * The items of all streams as they come.
 *
 * **Order and time**: ends when the signal aborts; the first error of any stream ends all; before
 * it settles every stream has settled.
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

/** One stream needs no queue: that is most of what an Event costs on its way here. */
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
  // One place each: nobody waits behind another's second batch.
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
