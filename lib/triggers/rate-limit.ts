// What a receiver says of the limit on requests that it counts: that none is left, and until when. In
// the forms that CI systems and the drafts of the IETF use. It only reads; who waits decides.
// Source: docs.github.com "Rate limits for the REST API" (x-ratelimit-remaining, x-ratelimit-reset in
// epoch seconds); docs.gitlab.com "User and IP rate limits" (RateLimit-Remaining, RateLimit-Reset in
// epoch seconds); draft-ietf-httpapi-ratelimit-headers-06 (the same names, seconds from now), -07
// (RateLimit: limit=…, remaining=…, reset=…) and -08 and later (RateLimit: "policy";r=…;t=…).

type Headers = Readonly<Record<string, string>>;

/** Pairs of headers: how many requests are left, and when there are more. */
const PAIRS = [
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ['ratelimit-remaining', 'ratelimit-reset'],
  ['x-rate-limit-remaining', 'x-rate-limit-reset'],
] as const;

/**
 * How long no request is allowed because none is left; undefined when one is, or nothing readable is
 * said. Of several limits that are used up the longest counts.
 *
 * **Units**: milliseconds from `sent`, the moment of the answer by the receiver's own clock (ms since
 * 1970), with which an epoch is compared. No bound.
 */
export function exhaustedMs(headers: Headers, sent: number): number | undefined {
  const waits = [...pairWaits(headers, sent), ...fieldWaits(headers['ratelimit'] ?? '')];
  return waits.length === 0 ? undefined : Math.max(...waits);
}

function pairWaits(headers: Headers, sent: number): readonly number[] {
  return PAIRS.flatMap(([remaining, reset]) => {
    const left = numberIn(headers[remaining]);
    const until = numberIn(headers[reset]);
    return left === 0 && until !== undefined ? [waitMs(until, sent)] : [];
  });
}

// Some write a policy behind the number (`0;w=60`), some the same header twice.
function numberIn(text: string | undefined): number | undefined {
  const found = /^\s*(\d{1,15}(?:\.\d+)?)\s*(?:[;,]|$)/.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

// No window of a limit is as long as 30 years, and in milliseconds the epoch is past 1e12.
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e11;

/** One name, two meanings: GitHub and GitLab count seconds since 1970, the drafts seconds from now. */
function waitMs(reset: number, sent: number): number {
  if (reset >= EPOCH_MS) return Math.max(0, reset - sent);
  if (reset >= EPOCH_SECONDS) return Math.max(0, reset * 1000 - sent);
  return reset * 1000;
}

/** The field `RateLimit`: a list of policies, or one policy as a dictionary. */
function fieldWaits(field: string): readonly number[] {
  const plain = field.replaceAll(/"[^"]*"/g, '');
  const dictionary = waitOf(plain, /(?:^|,)\s*remaining=0\s*(?:,|$)/, /(?:^|,)\s*reset=(\d{1,9})/);
  const policies = plain
    .split(',')
    .flatMap((policy) => waitOf(policy, /;\s*r=0\s*(?:;|$)/, /;\s*t=(\d{1,9})/));
  return [...dictionary, ...policies];
}

function waitOf(text: string, isUsedUp: RegExp, reset: RegExp): readonly number[] {
  const seconds = reset.exec(text)?.[1];
  return isUsedUp.test(text) && seconds !== undefined ? [Number(seconds) * 1000] : [];
}
