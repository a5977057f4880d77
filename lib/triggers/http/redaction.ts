// Takes secrets out of texts that a receiver sent back: it may echo what it was given as it is, in a
// JSON text, percent-encoded or in a page, and languages differ in what of it they escape.

/** What stands for a secret. */
export const REDACTED = '[redacted]';

// A shorter text is no secret, and taking every `a` out of a sentence hides the sentence.
const SHORTEST = 4;

/** A function that takes these texts out of others, the longest first. */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const patterns = [...new Set(secrets)]
    .filter((secret) => secret.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
    .map((secret) => new RegExp(Array.from(secret, patternOf).join(''), 'g'));
  return (text) => patterns.reduce((rest, pattern) => rest.replace(pattern, REDACTED), text);
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['"', '&quot;'],
  ['&', '&amp;'],
  ["'", '&apos;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);

/** A character in every way in which it may be written; letters and digits are written in one. */
function patternOf(character: string): string {
  if (/[0-9A-Za-z]/.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  const inJson = JSON.stringify(character).slice(1, -1);
  const written = [
    inJson,
    // JSON in a text of JSON.
    JSON.stringify(inJson).slice(1, -1),
    `\\${character}`,
    units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join(''),
    // Forms encode characters that a URI leaves alone, such as ~ and !.
    Buffer.from(character, 'utf8').toString('hex').replaceAll(/../g, '%$&'),
    `&#${code};`,
    `&#x${code.toString(16)};`,
    ENTITIES.get(character) ?? character,
    // How forms write it.
    character === ' ' ? '+' : character,
  ];
  const forms = written.map((form) => {
    const literal = form.replaceAll(/[$()*+./?[\\\]^{|}-]/g, '\\$&');
    // Hexadecimal digits in either case.
    return form === character ? literal : literal.replaceAll(/[a-f]/gi, eitherCase);
  });
  return `(?:${[...new Set(forms)].join('|')})`;
}

function eitherCase(letter: string): string {
  return `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
}
