// URLs of requests: `url` with its templates, or a URL from a file or variable. Event values may stand
// in path segments and in values of the query. A value cannot add a segment, a parameter, a fragment,
// a host or credentials, and it cannot move the path with `..`. Of a URL with a secret, only scheme,
// host and port are shown.
// Source: RFC 3986 §3; the URL Standard (dot segments, also percent-encoded; backslashes).

import type { Json, JsonObject } from '../../core/json-object.ts';
import type { Finding } from '../../core/problem.ts';
import { nameOfSecret } from '../../kit/secret.ts';
import type { Template } from '../../kit/text/template.ts';
import { hostOf, isForbidden } from '../../net/address.ts';
import { clearSecrets } from './clear-secrets.ts';
import type { HttpSection } from './section.ts';
import {
  compileText,
  type Fault,
  MARK,
  marked,
  type TemplateScope,
  toFinding,
  withSecrets,
} from './templates.ts';

/** Secrets that a URL may need. */
export interface UrlSecrets {
  /** From `urlFile` or `urlEnv`; null if the section has `url`. */
  readonly url: URL | null;
  /** Secrets of `${secret:NAME}`, by name. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** A URL to send to with its form for people, or why there is none. */
type RenderedTarget =
  | { readonly ok: true; readonly url: URL; readonly shown: string }
  | Extract<RenderedUrl, { readonly ok: false }>;

interface RequestTarget {
  readonly render: (view: JsonObject, secrets: UrlSecrets) => RenderedTarget;
  /** The URL for people if its secrets cannot be read. */
  readonly where: (view: JsonObject) => string;
}

/** Compiles `url`, `urlFile` or `urlEnv` of a section. */
export function compileTarget(section: HttpSection, scope: TemplateScope): RequestTarget {
  if (section.url === undefined) return secretTarget(section);
  const { url, secrets: named = {} } = section;
  const { render, hasSecret, origin } = compileUrl(url, scope, Object.keys(named));
  const isSecret = hasSecret || clearSecrets(section).some(({ path }) => path === '/url');
  const shownAs = isSecret ? () => origin : pathOf;
  return {
    render: (view, { secrets }) => {
      const rendered = render(hasSecret ? withSecrets(view, secrets) : view);
      return rendered.ok ? { ...rendered, shown: shownAs(rendered.url) } : rendered;
    },
    where: (view) => {
      const rendered = render(view);
      return rendered.ok ? shownAs(rendered.url) : origin;
    },
  };
}

function secretTarget({ urlFile, urlEnv = '' }: HttpSection): RequestTarget {
  const ref = urlFile === undefined ? { env: urlEnv } : { file: urlFile };
  const where = `the URL of ${nameOfSecret(ref)}`;
  return {
    render: (_view, { url }) =>
      url === null
        ? { ok: false, reason: 'not-renderable', why: `no URL in ${where}` }
        : { ok: true, url, shown: url.origin },
    where: () => where,
  };
}

/** The URL without its query, which may have values that do not belong in a log. */
function pathOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** A rendered URL, or why there is none. `why` has no secret. */
type RenderedUrl =
  | { readonly ok: true; readonly url: URL }
  | { readonly ok: false; readonly reason: 'not-renderable' | 'too-large'; readonly why: string };

interface CompiledUrl {
  /** Its mistakes. Render only without errors. */
  readonly findings: readonly Finding[];
  /** Whether the URL has `${secret:NAME}`. */
  readonly hasSecret: boolean;
  /** Scheme, host and port; empty if the text is not a URL. */
  readonly origin: string;
  readonly render: (document: Json) => RenderedUrl;
}

// Common servers accept request lines of 8 KiB; some clients and proxies accept 4 KiB or less.
const LONGEST_URL = 8_192;

const PARTS = /^(https?):\/\/([^/?#]+)([^?#]*)(?:\?([^#]*))?(#.*)?$/i;

/** Compiles a text as a URL with templates; `secrets` are the names that `${secret:NAME}` may use. */
export function compileUrl(
  text: string,
  scope: TemplateScope,
  secrets: readonly string[] = [],
): CompiledUrl {
  const compiled = compileText(text, { path: '/url', scope, secrets });
  if (!compiled.ok) return unusable(compiled.finding);
  const { template } = compiled;
  // A literal mark becomes a line feed, which the check below refuses: no URL has one.
  const pattern = marked(template, '\n');
  const fault = faultOf(pattern);
  if (fault !== undefined) return unusable(toFinding('/url', fault));
  const url = new URL(pattern.replaceAll(MARK, 'x'));
  const { constant, hasSecret } = template;
  const render = constant ? () => ({ ok: true, url }) as const : renderer(template, pattern);
  return { findings: [], hasSecret, origin: url.origin, render };
}

/** The mistake in a URL that is a secret, without quoting it; undefined if there is none. */
export function urlFault(text: string): string | undefined {
  if (text.includes('${')) return 'a template (expected none in such a URL)';
  return faultOf(text.replaceAll(MARK, '\n'))?.found;
}

function unusable(finding: Finding): CompiledUrl {
  const why = finding.message;
  const render = (): RenderedUrl => ({ ok: false, reason: 'not-renderable', why });
  return { findings: [finding], hasSecret: false, origin: '', render };
}

/** Never quotes the text, because people put credentials into URLs. */
function faultOf(pattern: string): Fault | undefined {
  const wrong = (found: string, hint: string): Fault => ({ code: 'wrong-value', found, hint });
  const parts = PARTS.exec(pattern);
  if (parts === null) {
    return wrong(
      'no URL of http: or https: (expected one)',
      'write https://host/path; the scheme cannot be a template',
    );
  }
  const [, , authority = '', path = '', query = '', fragment] = parts;
  if (authority.includes('@')) {
    const found = 'credentials in the URL (expected none)';
    return wrong(found, 'name a file or variable under auth:, so that they reach no log');
  }
  const misplaced = misplacedTemplate(authority, query, fragment);
  if (misplaced !== undefined) return misplaced;
  if (fragment !== undefined) {
    return wrong('a fragment (expected none)', 'remove # and what follows, or write %23');
  }
  const plain = authority + (path + query).replaceAll(MARK, '');
  if (!/^[\u0021-\u007e]*$/.test(plain) || pattern.includes('\\')) {
    return wrong(
      'a space, a backslash or a character that is not ASCII in the URL (expected none)',
      'percent-encode it',
    );
  }
  const url = URL.parse(pattern.replaceAll(MARK, 'x'));
  if (url === null) {
    return wrong('an invalid host or port (expected host or host:port)', 'correct it');
  }
  if (!isForbidden(hostOf(url))) return undefined;
  const { found, hint } = forbiddenHost(hostOf(url));
  return wrong(found, hint);
}

/** The mistake about a host that nothing is sent to. `host` is in the form that sockets use. */
export function forbiddenHost(host: string): Pick<Fault, 'found' | 'hint'> {
  return {
    found: `the address ${host}, which is link-local, unspecified or a metadata service of a cloud (expected another host)`,
    hint: 'write the name or the address of the receiver itself; nothing is sent to such addresses',
  };
}

function misplacedTemplate(authority: string, query: string, fragment = ''): Fault | undefined {
  const parts = {
    'the host or port': authority,
    'the fragment': fragment,
    'the name of a query parameter': query.replaceAll(/=[^&]*/g, ''),
  };
  const where = Object.entries(parts).find(([, text]) => text.includes(MARK))?.[0];
  if (where === undefined) return undefined;
  return {
    code: 'template-place',
    found: `a template in ${where} (expected one in path segments and in values of the query only)`,
    hint: 'write that part as it is; use one trigger for each receiver',
  };
}

/** Joins literals and encoded values. Every segment that has a value is checked. */
function renderer(template: Template, pattern: string): CompiledUrl['render'] {
  const [, scheme = '', authority = '', path = '', query] = PARTS.exec(pattern) ?? [];
  const values = template.pieces.flatMap((piece) => ('path' in piece ? [piece] : []));
  const segments = path.split('/').slice(1);
  const inPath = segments.join('').split(MARK).length - 1;
  const base = `${scheme}://${authority}`;
  return (document) => {
    const texts = values.map(({ renderText }) => renderText(document).toWellFormed());
    const encoded = texts.map(encodeURIComponent);
    let used = 0;
    const filled = (text: string): string => text.replaceAll(MARK, () => encoded[used++] ?? '');
    const written = segments.map(filled);
    const bad = written.findIndex((text, at) => text !== segments[at] && MOVES.test(text));
    if (bad >= 0) return badSegment(bad + 1, written[bad] ?? '', values.slice(0, inPath));
    const asked = query === undefined ? '' : `?${filled(query)}`;
    const whole = [base, ...written].join('/') + asked;
    if (whole.length > LONGEST_URL) {
      const why = `the URL has ${whole.length} characters (expected at most ${LONGEST_URL})`;
      return { ok: false, reason: 'too-large', why };
    }
    return { ok: true, url: new URL(whole) };
  };
}

// An empty segment, `.` and `..`, also if the literal part has a percent-encoded dot. URL parsers
// read them as steps, and no encoding of them stays a segment.
const MOVES = /^(?:\.|%2e){0,2}$/i;

function badSegment(
  place: number,
  text: string,
  values: readonly { readonly path: string }[],
): RenderedUrl {
  const found = text === '' ? 'empty' : `"${text}"`;
  const paths = values.map(({ path }) => `\${${path}}`).join(', ');
  const why = `path segment ${place} of the URL is ${found} (expected a name; the path has ${paths})`;
  return { ok: false, reason: 'not-renderable', why };
}
