// Takes secrets out of texts that a receiver sent back: it may echo what it was given, in a JSON
// text, percent-encoded or as it is.

/** What stands for a secret. */
export const REDACTED = '[redacted]';

// A shorter text is no secret, and taking every `a` out of a sentence hides the sentence.
const SHORTEST = 4;

/** A function that takes these texts out of others, the longest first. */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const forms = [...new Set([...secrets].flatMap(formsOf))]
    .filter((form) => form.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length);
  return (text) => forms.reduce((rest, form) => rest.replaceAll(form, REDACTED), text);
}

function formsOf(secret: string): readonly string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return [secret, inJson, encodeURIComponent(secret.toWellFormed())];
}
