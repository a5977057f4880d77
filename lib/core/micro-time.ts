// Times of Kubernetes are microseconds since 1970 as a bigint. A Number of milliseconds would lose
// the difference between two Events of one millisecond. Source: RFC 3339; metav1.Time has no
// fraction, metav1.MicroTime has six digits, third parties write any number of digits.

const RFC3339 =
  /^(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

// Years in RFC 3339 have four digits. An offset can lead outside this range, and such a time
// neither parses again nor compares as text.
const YEAR_0 = Date.parse('0000-01-01T00:00:00Z');
const YEAR_10000 = Date.parse('9999-12-31T23:59:59.999Z') + 1;

/**
 * Parses an RFC 3339 time to microseconds since 1970 UTC; undefined if the text is no such time.
 *
 * **Units**: microseconds; finer digits are cut, not rounded.
 */
export function parseMicroTime(text: string): bigint | undefined {
  const parts = RFC3339.exec(text);
  if (parts === null) return undefined;
  const [, seconds = '', fraction = '', sign, offsetHour, offsetMinute] = parts;
  const ms = Date.parse(`${seconds.toUpperCase()}Z`);
  if (Number.isNaN(ms)) return undefined;
  const micros = BigInt(ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
  if (sign === undefined) return micros;
  const offset = BigInt(Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000_000n;
  return sign === '+' ? micros - offset : micros + offset;
}

/** Renders a time in UTC with six digits and `Z`; undefined and out-of-range times give ''. */
export function renderMicroTime(micros: bigint | undefined): string {
  if (micros === undefined) return '';
  const ms = millisecondsOf(micros);
  if (!(ms >= YEAR_0 && ms < YEAR_10000)) return '';
  const date = new Date(ms);
  const rest = Number(micros - BigInt(ms) * 1000n);
  return `${date.toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

// API servers write whole seconds or six digits. Only the leap day needs a calendar.
const CUSTOMARY =
  /^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{6})?Z$/;
const SECONDS_LENGTH = '2026-01-31T23:59:59Z'.length;

/** Converts an RFC 3339 time to the form of `renderMicroTime`; '' if the text is no such time. */
export function toMicroTime(text: string): string {
  // Every Event has three times, and most of them need no arithmetic.
  if (text === '') return '';
  if (!CUSTOMARY.test(text)) return renderMicroTime(parseMicroTime(text));
  return text.length === SECONDS_LENGTH ? `${text.slice(0, -1)}.000000Z` : text;
}

/** Converts microseconds to whole milliseconds, rounded down. */
export function millisecondsOf(micros: bigint): number {
  const cut = micros / 1000n;
  return Number(micros < 0n && micros % 1000n !== 0n ? cut - 1n : cut);
}
