// Every secret and certificate that a section names: where it is, which key names it, and what it
// must look like. Nothing is read here.

import { isJsonList, isJsonObject, type Json } from '../../core/event.ts';
import type { Finding } from '../../core/problem.ts';
import type { NeededSecret, SecretRef } from '../../kit/secret.ts';
import { quoted } from '../../kit/text/printable.ts';
import { toPointer } from '../manifest/manifest-places.ts';
import { proxyBlock } from './client-cache.ts';
import type { HttpSection } from './section.ts';
import { parseSigningKeys, SIGNING_EXPECTED } from './signing.ts';
import { namesSecret } from './templates.ts';
import { urlFault } from './url-template.ts';

/** What a secret of the section is for. */
export type SecretName = OwnSecret | NamedSecret;

type OwnSecret =
  | 'token'
  | 'password'
  | 'value'
  | 'signing'
  | 'proxyPassword'
  | 'ca'
  | 'cert'
  | 'key'
  | 'url';

/** A secret of `secrets:`, by its name there. */
type NamedSecret = `secret ${string}`;

/** The secrets of a section by what they are for. */
type NeededSecrets = Readonly<Partial<Record<OwnSecret, NeededSecret>>> &
  Readonly<Record<NamedSecret, NeededSecret>>;

/** The secrets of `secrets:` among all that were read, by their names there. */
export function namedSecrets(
  texts: Readonly<Partial<Record<SecretName, string>>>,
): Readonly<Record<string, string>> {
  const named = Object.entries(texts).filter(([name]) => name.startsWith(NAMED));
  return Object.fromEntries(named.map(([name, text]) => [name.slice(NAMED.length), text ?? '']));
}

const NAMED = 'secret ';

type SecretFault = NonNullable<NeededSecret['fault']>;

const holds =
  (pattern: RegExp, expected: string): SecretFault =>
  (text) =>
    pattern.test(text) ? undefined : `holds ${expected}`;

const TOKEN = holds(
  /^[\u0021-\u007e]+$/,
  'a character that no header takes (expected one word of ASCII)',
);
const VALUE = holds(
  /^[\u0020-\u007e]+$/,
  'a character that no header takes (expected one line of ASCII)',
);
const PASSWORD = holds(/^\P{Cc}+$/u, 'a control character (expected one line)');
const CERTIFICATE = holds(/-----BEGIN CERTIFICATE-----/, 'no certificate (expected PEM)');
const KEY = holds(/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'no private key (expected PEM)');
const URL_TEXT: SecretFault = (text) => {
  const fault = urlFault(text);
  return fault === undefined ? undefined : `holds ${fault}`;
};
// Each is looked for in answers, character by character.
const LONGEST_NAMED = 16_384;
const NAMED_TEXT: SecretFault = (text) =>
  text.length > LONGEST_NAMED ? 'holds more than 16 Ki characters (expected fewer)' : undefined;
const SIGNING: SecretFault = (text) =>
  parseSigningKeys(text) === undefined ? `holds ${SIGNING_EXPECTED}` : undefined;

/** The secrets of a section by what they are for; paths are relative to the section. */
export function neededSecrets(section: HttpSection): NeededSecrets {
  const { auth = {}, signing, tls = {}, proxy } = section;
  const all: readonly (readonly [SecretName, NeededSecret | undefined])[] = [
    ['token', byReference(auth.bearer, { at: '/auth/bearer', what: 'token', fault: TOKEN })],
    ['password', byReference(auth.basic, { at: '/auth/basic', what: 'password', fault: PASSWORD })],
    ['value', byReference(auth.header, { at: '/auth/header', what: 'value', fault: VALUE })],
    ['signing', byReference(signing, { at: '/signing', what: 'secret', fault: SIGNING })],
    [
      'proxyPassword',
      byReference(proxyBlock(proxy), { at: '/proxy', what: 'password', fault: PASSWORD }),
    ],
    ['ca', byReference(tls, { at: '/tls', what: 'ca', fault: CERTIFICATE })],
    ['cert', byReference(tls, { at: '/tls', what: 'cert', fault: CERTIFICATE })],
    ['key', byReference(tls, { at: '/tls', what: 'key', fault: KEY })],
    ['url', byReference(section, { at: '', what: 'url', fault: URL_TEXT })],
    ...named(section),
  ];
  return Object.fromEntries(
    all.flatMap(([name, needed]) => (needed === undefined ? [] : [[name, needed] as const])),
  );
}

/** A header takes less than a URL or a body, in which every character is escaped. */
function named({ secrets = {}, headers = {} }: HttpSection) {
  const inHeaders = Object.values(headers).join('\n');
  return Object.entries(secrets).map(([name, ref]) => {
    const isInHeader = inHeaders.includes(`\${secret:${name}}`);
    const fault = isInHeader ? VALUE : NAMED_TEXT;
    const path = toPointer(['secrets', name, 'env' in ref ? 'env' : 'file']);
    return [`${NAMED}${name}`, { path, ref, fault }] as const;
  });
}

interface Reference {
  /** A JSON Pointer to the block that has the key. */
  readonly at: string;
  readonly what: string;
  readonly fault: SecretFault;
}

function byReference(
  block: object | undefined,
  { at, what, fault }: Reference,
): NeededSecret | undefined {
  for (const [suffix, kind] of [
    ['File', 'file'],
    ['Env', 'env'],
  ] as const) {
    const written: unknown = new Map(Object.entries(block ?? {})).get(`${what}${suffix}`);
    if (typeof written !== 'string') continue;
    const ref: SecretRef = kind === 'file' ? { file: written } : { env: written };
    return { path: `${at}/${what}${suffix}`, ref, fault };
  }
  return undefined;
}

// Secrets that stand in the section in clear, as far as their place gives them away. Such places are
// query parameters, headers and keys of the body by their names, and URLs of webhooks. `check` warns of
// them, and they are kept out of everything that is shown, as other secrets are.
// Source: the documentation of each webhook that WEBHOOKS names.

/** One webhook whose URL lets everybody in who knows it. */
interface Webhook {
  readonly name: string;
  readonly host: RegExp;
  /** The path, for those that other hosts offer in the same form or whose host has other pages. */
  readonly path?: RegExp;
  /** Whether the path alone gives it away, on any host. */
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

/** A secret in clear: where it stands, and its text. */
interface ClearSecret {
  /** A JSON Pointer from the section. */
  readonly path: string;
  /** Place of the secret for people, without the secret. */
  readonly what: string;
  readonly texts: readonly string[];
}

/** Warnings of the secrets that stand in clear; authorization in clear is an error elsewhere. */
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

/** The secrets of a section that stand in clear. */
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

/** A text is looked into if it is a form; nothing tells where other texts have their secrets. */
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
  if (isJsonList(value)) {
    return value.flatMap((item, place) => inTree(item, [...steps, String(place)]));
  }
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, item]) => inTree(item, [...steps, key]));
  }
  const key = steps.at(-1) ?? '';
  if (typeof value !== 'string' || !IN_BODY.test(key) || !isInClear(value)) return [];
  const what = `the key ${quoted(key, 100)} of the body`;
  return [{ path: toPointer(steps), what, texts: [value] }];
}

/** Parts of a URL that is a secret by which a receiver may echo it. All but the host. */
export function secretPartsOf({ pathname, search, searchParams }: URL): readonly string[] {
  const path = pathname === '/' ? '' : pathname;
  const segments = pathname.split('/').filter(isRandom);
  const values = [...searchParams].filter(
    ([name, value]) => IN_QUERY.test(name) || isRandom(value),
  );
  const parts = [`${path}${search}`, path, search, ...segments];
  return [...parts, ...parts.map(decoded), ...values.map(([, value]) => value)];
}

/** Whether a part is no word that a text has anyway: taking words out would hide what was said. */
function isRandom(text: string): boolean {
  return text.length >= 20 || (text.length >= 6 && /[a-z]/i.test(text) && /\d/.test(text));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing stays as it is.
    return text;
  }
}

// A shorter text is no secret, and these words are settings.
const SHORTEST = 4;
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'none', 'null', 'basic', 'bearer']);

/** Whether a text of the section has something of its own, and no reference to a secret. */
function isInClear(text: string): boolean {
  const own = text.replaceAll(/\$\{[^}]*\}/g, '').trim();
  if (own.length < SHORTEST || WORDS.has(own.toLowerCase())) return false;
  return !namesSecret(text);
}
