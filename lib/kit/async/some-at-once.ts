// Work on many items with a bound on how many run at once.

/**
 * Maps items, at most `atOnce` at a time.
 *
 * **Order and time**: results are in the order of the items. The first failure rejects, and the other
 * items are still worked on.
 */
export async function mapSomeAtOnce<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  const workOn = async (): Promise<void> => {
    for (const [place, item] of left) results[place] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, workOn));
  return results;
}
