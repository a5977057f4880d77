// A growing Bloom filter. It answers that a set certainly lacks a key without a query of the set,
// which may be a database with a million rows. It takes two bytes a key and cannot remove keys: a
// deleted key costs one needless query.
// Gain: at 200 Events/s with 99 % rejected, most of 600 µs an Event (a transaction each).
// Source: Kirsch and Mitzenmacher, "Less Hashing, Same Performance" (two hashes make all others).

/** Two hashes of a key, each an unsigned 32-bit integer. */
interface KeyHashes {
  readonly first: number;
  readonly second: number;
}

const FIRST_SEED = 0x811c_9dc5;
const SECOND_SEED = 0x2545_f491;
const FIRST_PRIME = 0x0100_0193;
const SECOND_PRIME = 0x85eb_ca6b;

/** Hashes a key (FNV-1a over UTF-16 code units, with two seeds and primes). */
export function hashesOf(key: string): KeyHashes {
  let first = FIRST_SEED;
  let second = SECOND_SEED;
  for (let at = 0; at < key.length; at += 1) {
    const unit = key.charCodeAt(at);
    first = Math.imul(first ^ unit, FIRST_PRIME);
    second = Math.imul(second ^ unit, SECOND_PRIME);
  }
  // Odd, so that its multiples reach every bit of a table with a size of a power of two.
  return { first: mixed(first), second: (mixed(second) | 1) >>> 0 };
}

/** Spreads a difference in any bit over all of them (the finalizer of MurmurHash3). */
function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16);
  bits = Math.imul(bits, 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

const BITS_A_KEY = 16;
const PROBES = 6;
const FIRST_CAPACITY = 4_096;

/** A Bloom filter that grows by doubling. */
export class KeyFilter {
  readonly #layers: Layer[] = [new Layer(FIRST_CAPACITY)];

  add(hashes: KeyHashes): void {
    let last = this.#layers.at(-1);
    if (last === undefined || last.isFull) {
      last = new Layer((last?.capacity ?? FIRST_CAPACITY) * 2);
      this.#layers.push(last);
    }
    if (!this.mayHave(hashes)) last.add(hashes);
  }

  /** Whether the key may have been added; false is certain. */
  mayHave(hashes: KeyHashes): boolean {
    return this.#layers.some((layer) => layer.has(hashes));
  }
}

/** One table of bits. */
class Layer {
  readonly capacity: number;
  readonly #bits: Uint32Array;
  readonly #mask: number;
  #added = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    const bits = capacity * BITS_A_KEY;
    this.#bits = new Uint32Array(bits / 32);
    this.#mask = bits - 1;
  }

  get isFull(): boolean {
    return this.#added >= this.capacity;
  }

  add({ first, second }: KeyHashes): void {
    this.#added += 1;
    for (let probe = 0, at = first; probe < PROBES; probe += 1, at = (at + second) >>> 0) {
      const bit = at & this.#mask;
      this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
  }

  has({ first, second }: KeyHashes): boolean {
    for (let probe = 0, at = first; probe < PROBES; probe += 1, at = (at + second) >>> 0) {
      const bit = at & this.#mask;
      if (((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}
