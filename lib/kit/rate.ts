// Rates as people write them in the configuration: `60/h`. How a rate is kept is token-bucket.ts.

/** So many in so long. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The rate a text says; undefined where it says none. A rate of zero is none. */
export function parseRate(text: string): Rate | undefined {
  const [, digits, unit] = /^(\d+)\/([smhd])$/.exec(text) ?? [];
  const count = Number(digits);
  if (!isUnit(unit) || !Number.isSafeInteger(count) || count === 0) return undefined;
  return { count, perMs: UNITS[unit] };
}

/** The rate as it is written: `60/h`. */
export function renderRate({ count, perMs }: Rate): string {
  const unit = Object.entries(UNITS).find(([, unitMs]) => unitMs === perMs)?.[0];
  return `${count}/${unit ?? `${perMs}ms`}`;
}

function isUnit(text: string | undefined): text is keyof typeof UNITS {
  return text !== undefined && Object.hasOwn(UNITS, text);
}
