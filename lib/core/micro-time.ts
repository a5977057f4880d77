// Kubernetes' times, compared and printed exactly: microseconds since 1970 as a bigint, because a
// Number of milliseconds cuts what tells two Events of one millisecond apart.
// Source: RFC 3339; metav1.Time has no fraction, metav1.MicroTime six digits, third parties write any.

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * Microseconds since 1970 UTC of an RFC 3339 time; undefined where the text is none.
 *
 * **Units**: microseconds; finer digits are cut, not rounded.
 */
export function parseMicroTime(text: string): bigint | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] =
    parts;
  const ms = Date.parse(
    `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`,
  );
  if (Number.isNaN(ms)) return undefined;
  const micros = BigInt(ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  if (sign === undefined) return micros;
  const offset = BigInt(Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000_000n;
  return sign === '+' ? micros - offset : micros + offset;
}

/** The customary spelling of a time: UTC, six digits, `Z`; undefined and out-of-range give ''. */
export function renderMicroTime(micros: bigint | undefined): string {
  if (micros === undefined) return '';
  const ms = millisecondsOf(micros);
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '';
  const rest = Number(micros - BigInt(ms) * 1000n);
  return `${date.toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

/** The same instant in whole milliseconds, cut towards the past. */
export function millisecondsOf(micros: bigint): number {
  const cut = micros / 1000n;
  return Number(micros < 0n && micros % 1000n !== 0n ? cut - 1n : cut);
}
