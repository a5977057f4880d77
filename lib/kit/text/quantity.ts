// Durations as people write them in the configuration: `30s`, `5m`, `24h`, `500ms`, `1h30m`, `2d`.
// Whole numbers only, largest unit first, each unit once; no months, no fractions, no bare numbers.

const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Milliseconds of a duration; undefined where the text is none or too long to be exact. */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text);
  if (text === '' || parts === null) return undefined;
  const ms = DURATION_UNITS.reduce(
    (sum, [, unitMs], place) => sum + Number(parts[place + 1] ?? 0) * unitMs,
    0,
  );
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The shortest customary spelling of a duration: `90000` is `1m30s`; fractions of a ms are cut. */
export function renderDuration(ms: number): string {
  let rest = Math.max(0, Math.trunc(ms));
  let text = '';
  for (const [unit, unitMs] of DURATION_UNITS) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text === '' ? '0s' : text;
}

// Rates as people write them in the configuration: `60/h`. How a rate is kept is token-bucket.ts.

/** So many in so long. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const RATE_UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The rate a text says; undefined where it says none. A rate of zero is none. */
export function parseRate(text: string): Rate | undefined {
  const [, digits, unit] = /^(\d+)\/([smhd])$/.exec(text) ?? [];
  const count = Number(digits);
  if (!isUnit(unit) || !Number.isSafeInteger(count) || count === 0) return undefined;
  return { count, perMs: RATE_UNITS[unit] };
}

/** The rate as it is written: `60/h`. */
export function renderRate({ count, perMs }: Rate): string {
  const unit = Object.entries(RATE_UNITS).find(([, unitMs]) => unitMs === perMs)?.[0];
  return `${count}/${unit ?? `${perMs}ms`}`;
}

function isUnit(text: string | undefined): text is keyof typeof RATE_UNITS {
  return text !== undefined && Object.hasOwn(RATE_UNITS, text);
}

// Sizes as Kubernetes writes quantities of bytes: `512`, `64Ki`, `1Mi`, `2G`. Whole numbers only.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

const SIZE_UNITS = ['Ti', 'Gi', 'Mi', 'Ki'] as const;

/** A size for people, in the largest unit of which it has at least one: `1.5Gi`, `820Mi`, `12`. */
export function renderSize(bytes: number): string {
  const unit = SIZE_UNITS.find((one) => bytes >= (FACTORS[one] ?? 1));
  if (unit === undefined) return String(Math.round(bytes));
  const count = bytes / (FACTORS[unit] ?? 1);
  return `${count < 10 ? Math.round(count * 10) / 10 : Math.round(count)}${unit}`;
}

/** Bytes of a size; undefined where the text is none or too large to be exact. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)([kMGT]|[KMGT]i)?$/.exec(text) ?? [];
  const factor = FACTORS[unit];
  if (count === undefined || factor === undefined) return undefined;
  const bytes = Number(count) * factor;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
