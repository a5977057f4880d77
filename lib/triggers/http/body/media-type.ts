// Content types of a configured body, and how values are written in each. A type that has no row
// takes no values, because nothing says how to escape them.
// Source: RFC 9110 §8.3 (media types), RFC 6839 (+json, +xml).

/** How a value of a template is written in a body. */
export type Writing = 'json' | 'form' | 'xml' | 'plain' | 'none';

/** Content type of a tree if the section says nothing. */
export const TREE_TYPE = 'application/json';
/** Content type of a text if the section says nothing. */
export const TEXT_TYPE = 'text/plain; charset=utf-8';

const WRITINGS: ReadonlyMap<string, Writing> = new Map([
  ['application/json', 'json'],
  ['text/json', 'json'],
  ['application/x-www-form-urlencoded', 'form'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  ['text/plain', 'plain'],
]);

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const TYPE = new RegExp(
  `^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[ -!#-~]*"))*)$`,
);

/** How values are written in a body of this type, or why the text is no type that can be sent. */
type MediaType =
  | { readonly ok: true; readonly writing: Writing }
  | { readonly ok: false; readonly found: string; readonly hint: string };

/** Reads a content type. */
export function parseMediaType(text: string): MediaType {
  const [, type, parameters = ''] = TYPE.exec(text) ?? [];
  if (type === undefined) {
    const found = 'no content type (expected type/subtype)';
    return { ok: false, found, hint: 'write one such as application/json' };
  }
  const charset = /;[ \t]*charset="?([^";]*)/i.exec(parameters)?.[1] ?? 'utf-8';
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset)) {
    const found = 'another charset (expected utf-8)';
    return { ok: false, found, hint: 'every body is sent as UTF-8: remove the charset' };
  }
  return { ok: true, writing: writingOf(type.toLowerCase()) };
}

function writingOf(type: string): Writing {
  if (type.endsWith('+json')) return 'json';
  if (type.endsWith('+xml')) return 'xml';
  return WRITINGS.get(type) ?? 'none';
}
