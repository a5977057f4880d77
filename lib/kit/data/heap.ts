// A binary heap: the smallest item first, in logarithmic time. It cannot remove from the middle;
// callers keep stale entries and skip them when they reach the top.

/** A collection with access to its smallest item. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #compare: (a: T, b: T) => number;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The smallest item, without removing it. */
  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let place = this.#items.push(item) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#swapIfLess(place, parent)) return;
      place = parent;
    }
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (first === undefined || last === undefined || this.#items.length === 0) return first;
    this.#items[0] = last;
    this.#sink();
    return first;
  }

  #sink(): void {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      if (left >= this.#items.length) return;
      const child = this.#isLess(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfLess(child, place)) return;
      place = child;
    }
  }

  #isLess(a: number, b: number): boolean {
    const first = this.#items[a];
    const second = this.#items[b];
    return first !== undefined && second !== undefined && this.#compare(first, second) < 0;
  }

  #swapIfLess(a: number, b: number): boolean {
    const first = this.#items[a];
    const second = this.#items[b];
    if (first === undefined || second === undefined || this.#compare(first, second) >= 0) {
      return false;
    }
    this.#items[a] = second;
    this.#items[b] = first;
    return true;
  }
}
