// Takes secrets out of texts and headers before anybody sees them. It knows no secrets by itself:
// the caller hands in those it holds. It is the last line, not a reason to put one into a message.

/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

// Names of headers that carry credentials, besides any that says so in its name.
const SECRET_HEADER =
  /^(?:.*-)?(?:authorization|cookie|cookie2|token|secret|signature|password)$|api-?key/i;

/** The text without the secrets: neither plain, nor in base64, nor percent-encoded. */
export function redact(text: string, secrets: readonly string[]): string {
  const spellings = secrets
    .filter((secret) => secret !== '')
    .flatMap(spellingsOf)
    // A secret that holds another goes first, or its rest would stay.
    .sort((a, b) => b.length - a.length);
  return spellings.reduce((rest, spelling) => rest.replaceAll(spelling, REDACTED), text);
}

/** The headers with the values of those that carry credentials hidden. */
export function redactHeaders(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      SECRET_HEADER.test(name) ? REDACTED : value,
    ]),
  );
}

function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const percent = encodeURIComponent(secret.toWellFormed());
  const base64 = bytes.toString('base64');
  return [
    ...new Set([secret, base64, base64.replace(/=+$/, ''), bytes.toString('base64url'), percent]),
  ];
}
