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

/** Bytes of a size; undefined where the text is none or too large to be exact. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d+)([kMGT]|[KMGT]i)?$/.exec(text) ?? [];
  const factor = FACTORS[unit];
  if (count === undefined || factor === undefined) return undefined;
  const bytes = Number(count) * factor;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
