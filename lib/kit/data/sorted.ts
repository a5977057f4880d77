// Binary search in sorted lists.

/** Counts the items at the beginning of a list that come before a place, as `isBefore` says for each. */
export function countBefore<Item>(
  items: readonly Item[],
  isBefore: (item: Item) => boolean,
): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = items[middle];
    if (there !== undefined && isBefore(there)) low = middle + 1;
    else high = middle;
  }
  return low;
}
