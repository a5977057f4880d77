// Quantities of the configuration. Durations: `30s`, `500ms`, `1h30m`, `2d`; whole numbers, largest
// unit first, each unit once, no months, no fractions, no bare numbers. Rates: `60/h`, enforced by
// lib/intake/limiter.ts. Sizes, as Kubernetes writes bytes: `512`, `64Ki`, `2G`; whole numbers.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.

const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Parses a duration into milliseconds; undefined if it is invalid or too long to be exact. */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text);
  if (text === '' || parts === null) return undefined;
  const ms = DURATION_UNITS.reduce(
    (sum, [, unitMs], place) => sum + Number(parts[place + 1] ?? 0) * unitMs,
    0,
  );
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** Renders a duration in its shortest usual form: `90000` is `1m30s`; fractions of a ms are cut. */
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

/** A number of events in a period. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** Parses a rate; undefined if it is invalid or zero. */
export function parseRate(text: string): Rate | undefined {
  const [, digits, unit] = /^(\d+)\/([smhd])$/.exec(text) ?? [];
  const count = Number(digits);
  const perMs = DURATION_UNITS.find(([name]) => name === unit)?.[1];
  if (perMs === undefined || !Number.isSafeInteger(count) || count === 0) return undefined;
  return { count, perMs };
}

/** Renders a rate in the form of the configuration: `60/h`. */
export function renderRate({ count, perMs }: Rate): string {
  const unit = DURATION_UNITS.find(([, unitMs]) => unitMs === perMs)?.[0];
  return `${count}/${unit ?? `${perMs}ms`}`;
}

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

/** Renders a size for people in the largest unit that fits: `1.5Gi`, `820Mi`, `12`. */
export function renderSize(bytes: number): string {
  const unit = SIZE_UNITS.find((one) => bytes >= (FACTORS[one] ?? 1));
  if (unit === undefined) return String(Math.round(bytes));
  const count = bytes / (FACTORS[unit] ?? 1);
  return `${count < 10 ? Math.round(count * 10) / 10 : Math.round(count)}${unit}`;
}

/** Parses a size into bytes; undefined if it is invalid or too large to be exact. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)([kMGT]|[KMGT]i)?$/.exec(text) ?? [];
  const factor = FACTORS[unit];
  if (count === undefined || factor === undefined) return undefined;
  const bytes = Number(count) * factor;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
