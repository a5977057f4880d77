// Counts turns: how often each queue was served while another one waited.

/** Follows queues that take turns. */
export class Waits {
  readonly #left = new Map<string, number>();
  /** Queue that waits → queue → turns of it since the first one began to wait or had its own. */
  readonly #turns = new Map<string, Map<string, number>>();

  /** Whether no queue has anything left. */
  get areOver(): boolean {
    return this.#left.size === 0;
  }

  /** So many more wait in a queue. */
  came(queue: string, count: number): void {
    if (!this.#left.has(queue)) this.#turns.set(queue, new Map());
    this.#left.set(queue, (this.#left.get(queue) ?? 0) + count);
  }

  /** One left a queue without a turn. */
  left(queue: string): void {
    const left = (this.#left.get(queue) ?? 0) - 1;
    if (left <= 0) this.#left.delete(queue);
    else this.#left.set(queue, left);
  }

  /** A queue had a turn; answers the most turns that it had while some other one waited. */
  turn(queue: string): number {
    this.left(queue);
    this.#turns.set(queue, new Map());
    const others = [...this.#left.keys()].filter((other) => other !== queue);
    return Math.max(0, ...others.map((other) => this.#noted(other, queue)));
  }

  #noted(waiting: string, queue: string): number {
    const turns = this.#turns.get(waiting);
    const count = (turns?.get(queue) ?? 0) + 1;
    turns?.set(queue, count);
    return count;
  }
}
