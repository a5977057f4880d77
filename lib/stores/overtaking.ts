// What every store that keeps order within an object agrees on.

/** After so long a waiting retry no longer holds up its successors under `order: object`. */
export const OVERTAKE_MS = 60_000;
