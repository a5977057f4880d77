// Durations as people write them in the configuration: `30s`, `5m`, `24h`, `500ms`, `1h30m`, `2d`.
// Whole numbers only, largest unit first, each unit once; no months, no fractions, no bare numbers.

const UNITS = [
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
  const ms = UNITS.reduce(
    (sum, [, unitMs], place) => sum + Number(parts[place + 1] ?? 0) * unitMs,
    0,
  );
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** The shortest customary spelling of a duration: `90000` is `1m30s`; fractions of a ms are cut. */
export function renderDuration(ms: number): string {
  let rest = Math.max(0, Math.trunc(ms));
  let text = '';
  for (const [unit, unitMs] of UNITS) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text === '' ? '0s' : text;
}
