// Secrets in clear in a section, and the redaction of secrets. A secret in clear is recognized by its
// place: query parameters, headers and keys of the body by their names, and URLs of webhooks. `check`
// warns of it, and it is hidden wherever other secrets are. Secrets by reference are in
// request-credentials.ts.
// Source: the documentation of each webhook in WEBHOOKS.

import { childrenOf, type Json } from '../../core/json-object.ts';
import type { Finding } from '../../core/problem.ts';
import { toPointer } from '../../kit/data/json-pointer.ts';
import { quoted } from '../../kit/text/printable.ts';
import type { HttpSection } from './section.ts';
import { namesSecret } from './templates.ts';

/** A webhook whose URL is its only credential. */
interface Webhook {
  readonly name: string;
  readonly host: RegExp;
  /** Required if other hosts offer the same path, or if the host has other pages. */
  readonly path?: RegExp;
  /** Whether the path alone identifies the webhook, on any host. */
  readonly anywhere?: true;
}

const WEBHOOKS: readonly Webhook[] = [
  {
    name: 'Slack',
    host: /^hooks\.slack(?:-gov)?\.com$/,
    path: /^\/services\/T\w+\/B\w+\/./,
    anywhere: true,
  },
  { name: 'Slack', host: /^hooks\.slack(?:-gov)?\.com$/, path: /^\/(?:workflows|triggers)\/./ },
  {
    name: 'Teams',
    host: /\.webhook\.office\.com$|^outlook\.office(?:365)?\.com$/,
    path: /^\/webhook/,
  },
  {
    name: 'Power Automate',
    host: /\.logic\.azure\.com$|\.api\.powerplatform\.com$/,
    path: /\/workflows\//,
  },
  {
    name: 'Discord',
    host: /^(?:\w+\.)?discord(?:app)?\.com$/,
    path: /^\/api\/(?:v\d+\/)?webhooks\/\d+\/./,
    anywhere: true,
  },
  { name: 'Google Chat', host: /^chat\.googleapis\.com$/, path: /^\/v1\/spaces\// },
  { name: 'Mattermost', host: /^mattermost\./, path: /^\/hooks\/[a-z0-9]{26}$/, anywhere: true },
  { name: 'Telegram', host: /^api\.telegram\.org$/, path: /^\/bot\d/ },
  { name: 'Webex', host: /^webexapis\.com$/, path: /^\/v1\/webhooks\/incoming\// },
  { name: 'Feishu', host: /^open\.(?:feishu\.cn|larksuite\.com)$/, path: /\/bot\/.*hook\// },
  { name: 'Zapier', host: /^hooks\.zapier\.com$/ },
  { name: 'IFTTT', host: /^maker\.ifttt\.com$/ },
];

const SECRET = '(?:token|secret|passw(?:or)?d|pwd|passphrase|credentials?|signature)';
const CLEAR_KEY =
  '(?:api|access|private|routing|integration|service|auth|account|webhook)[-_.]?key';
const IN_QUERY = new RegExp(
  `(?:^|[-_.]|[a-z])(?:${SECRET}|${CLEAR_KEY})$|^(?:key|sig|code|auth|pat)$`,
  'i',
);
const IN_HEADER = new RegExp(
  `(?:^|-)(?:${SECRET}|${CLEAR_KEY}|auth)$|^(?:(?:proxy-)?authorization|cookie|x-key)$`,
  'i',
);
const IN_BODY = new RegExp(
  `(?:^|[-_.]|[a-z])(?:${SECRET}|${CLEAR_KEY})$|^(?:authorization|cookie)$`,
  'i',
);

/** A secret in clear with its place. */
interface ClearSecret {
  /** A JSON Pointer from the section. */
  readonly path: string;
  /** Place of the secret for people, without the secret. */
  readonly what: string;
  readonly texts: readonly string[];
}

/** Warnings of secrets in clear. A header `authorization` in clear is an error in templates.ts. */
export function clearSecretFindings(section: HttpSection): readonly Finding[] {
  const found = clearSecrets(section).filter(
    ({ path }) => !/^\/headers\/authorization$/i.test(path),
  );
  return found.map(({ path, what }) => ({
    severity: 'warning',
    code: 'secret-in-clear',
    path,
    message: `found what looks like a secret in ${what}, which is not shown (expected it in a file or variable)`,
    hint:
      path === '/url'
        ? 'write urlFile: or urlEnv:, or name it in secrets: and write ${secret:NAME} in its place'
        : 'name it in secrets: and write ${secret:NAME} in its place',
  }));
}

/** Finds the secrets in clear of a section. */
export function clearSecrets(section: HttpSection): readonly ClearSecret[] {
  const { url = '', headers = {}, body } = section;
  const inHeaders = Object.entries(headers).map(([name, text]): ClearSecret | null => {
    if (!IN_HEADER.test(name) || !isInClear(text)) return null;
    const what = `the header ${quoted(name, 100)}`;
    return { path: toPointer(['headers', name]), what, texts: [text] };
  });
  return [
    ...inUrl(url),
    ...inHeaders.filter((one) => one !== null),
    ...(body === undefined ? [] : inBody(body, section.contentType)),
  ];
}

/** Looks into texts only if they are forms: other texts do not show where a secret is. */
function inBody(body: NonNullable<HttpSection['body']>, type = ''): readonly ClearSecret[] {
  if (typeof body !== 'string') return inTree(body, ['body']);
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return [];
  return [...new URLSearchParams(body)]
    .flatMap(([key, value]) => inTree(value, ['body', key]))
    .map((one) => ({ ...one, path: '/body' }));
}

function inUrl(text: string): readonly ClearSecret[] {
  const url = URL.parse(text);
  if (url === null) return [];
  const path = '/url';
  const { hostname, pathname, search } = url;
  const query = [...new URLSearchParams(search)]
    .filter(([key, value]) => IN_QUERY.test(key) && isInClear(value))
    .map(([key, value]) => ({
      path,
      what: `the query parameter ${quoted(key, 100)}`,
      texts: [value],
    }));
  const name = isInClear(text) ? webhookOf(hostname, pathname) : undefined;
  if (name === undefined) return query;
  return [{ path, what: `the URL of a ${name} webhook`, texts: secretPartsOf(url) }, ...query];
}

function webhookOf(host: string, pathname: string): string | undefined {
  if (pathname === '/') return undefined;
  return WEBHOOKS.find((one) => {
    const fits = one.path?.test(pathname) ?? true;
    return fits && (one.anywhere === true || one.host.test(host));
  })?.name;
}

function inTree(value: Json, steps: readonly string[]): readonly ClearSecret[] {
  if (typeof value !== 'string') {
    return childrenOf(value).flatMap(([key, item]) => inTree(item, [...steps, key]));
  }
  const key = steps.at(-1) ?? '';
  if (!IN_BODY.test(key) || !isInClear(value)) return [];
  const what = `the key ${quoted(key, 100)} of the body`;
  return [{ path: toPointer(steps), what, texts: [value] }];
}

/** Parts of a secret URL that a receiver may echo: all except the host. */
export function secretPartsOf({ pathname, search, searchParams }: URL): readonly string[] {
  const path = pathname === '/' ? '' : pathname;
  const segments = pathname.split('/').filter(isRandom);
  const values = [...searchParams].filter(
    ([name, value]) => IN_QUERY.test(name) || isRandom(value),
  );
  const parts = [`${path}${search}`, path, search, ...segments];
  return [...parts, ...parts.map(decoded), ...values.map(([, value]) => value)];
}

/** Whether a part looks random. Redacting common words would make answers unreadable. */
function isRandom(text: string): boolean {
  return text.length >= 20 || (text.length >= 6 && /[a-z]/i.test(text) && /\d/.test(text));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing is left as it is.
    return text;
  }
}

// A shorter text is not a secret: redacting every `a` would make answers unreadable.
const SHORTEST = 4;

// These words are settings.
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'none', 'null', 'basic', 'bearer']);

/** Whether a text has a part that is no template, and no reference to a secret. */
function isInClear(text: string): boolean {
  const own = text.replaceAll(/\$\{[^}]*\}/g, '').trim();
  if (own.length < SHORTEST || WORDS.has(own.toLowerCase())) return false;
  return !namesSecret(text);
}

const REDACTED = '[redacted]';

/**
 * Makes a function that removes these secrets from texts, the longest first. A receiver may echo them
 * as they are, in JSON, percent-encoded or in HTML, and languages differ in the characters they escape.
 */
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

/** Matches a character in all forms in which it may be written. Letters and digits have one form. */
function patternOf(character: string): string {
  if (/[0-9A-Za-z]/.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  const inJson = JSON.stringify(character).slice(1, -1);
  const written = [
    inJson,
    // JSON inside a string of JSON.
    JSON.stringify(inJson).slice(1, -1),
    `\\${character}`,
    units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join(''),
    // Forms also encode characters that URIs do not encode, such as ~ and !.
    Buffer.from(character, 'utf8').toString('hex').replaceAll(/../g, '%$&'),
    `&#${code};`,
    `&#x${code.toString(16)};`,
    ENTITIES.get(character) ?? character,
    // A space in a form.
    character === ' ' ? '+' : character,
  ];
  const forms = written.map((form) => {
    const literal = form.replaceAll(/[$()*+./?[\\\]^{|}-]/g, '\\$&');
    // Hexadecimal digits may be in either case.
    return form === character ? literal : literal.replaceAll(/[a-f]/gi, eitherCase);
  });
  return `(?:${[...new Set(forms)].join('|')})`;
}

function eitherCase(letter: string): string {
  return `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
}
