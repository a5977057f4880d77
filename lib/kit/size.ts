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

const UNITS = ['Ti', 'Gi', 'Mi', 'Ki'] as const;

/** A size for people, in the largest unit of which it has at least one: `1.5Gi`, `820Mi`, `12`. */
export function renderSize(bytes: number): string {
  const unit = UNITS.find((one) => bytes >= (FACTORS[one] ?? 1));
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
