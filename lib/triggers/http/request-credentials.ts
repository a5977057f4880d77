// Secrets and certificates of a section, and the credentials made of them: headers, signing keys and
// settings of the connection. Secrets are read, and read again, by kit/secret.ts.
// Source: https://github.com/standard-webhooks/standard-webhooks (form of signing secrets).

import type { Clock } from '../../core/clock.ts';
import { toPointer } from '../../kit/data/json-pointer.ts';
import { type NeededSecret, type SecretPlaces, SecretSet } from '../../kit/secret.ts';
import { parseDuration } from '../../kit/text/quantity.ts';
import { environmentProxies, type HttpProxy, secretsOf } from '../../net/proxies.ts';
import type { TlsIdentity } from '../../net/undici-client.ts';
import { clearSecrets, redactor, secretPartsOf } from './clear-secrets.ts';
import { HTTP_DEFAULTS, type HttpSection, type ProxySection } from './section.ts';
import type { Header } from './templates.ts';
import { type UrlSecrets, urlFault } from './url-template.ts';

/** Credentials of requests, made of secrets that were read together. */
export interface HttpCredentials extends UrlSecrets {
  /** The header of `auth:`, or none. */
  readonly headers: readonly Header[];
  readonly signingKeys: SigningKeys | null;
  /** The same object as long as no certificate and no proxy password changed. */
  readonly settings: ClientSettings;
  /** Removes everything secret from a text. */
  readonly redact: (text: string) => string;
}

type CurrentCredentials =
  | { readonly ok: true; readonly credentials: HttpCredentials }
  | { readonly ok: false; readonly why: string };

// A change of one of them needs a new connection.
const CONNECTION_SECRETS = ['ca', 'cert', 'key', 'proxyPassword'] as const;

/** Makes the credentials of one trigger, and makes them again only if a secret changed. */
export class RequestCredentials {
  readonly #section: HttpSection;
  readonly #environment: SecretPlaces['environment'];
  readonly #secrets: SecretSet<SecretName>;
  #texts: Texts | null = null;
  #credentials: HttpCredentials | null = null;

  constructor(section: HttpSection, places: SecretPlaces, clock: Clock) {
    this.#section = section;
    this.#environment = places.environment;
    this.#secrets = new SecretSet(neededSecrets(section), places, clock);
  }

  /** The credentials of secrets that were read at most ten seconds ago. */
  async current(): Promise<CurrentCredentials> {
    const read = await this.#secrets.read();
    if (!read.ok) return read;
    const { texts } = read;
    // The same texts, read again, must give the same object: `isRenewed` compares objects.
    const known = isUnchanged(texts, this.#texts) ? this.#credentials : null;
    const credentials = known ?? this.#make(texts);
    this.#credentials = credentials;
    this.#texts = texts;
    return { ok: true, credentials };
  }

  /** Makes the next use read the secrets again, because the receiver refused the credentials. */
  forget(): void {
    this.#secrets.forget();
  }

  #make(texts: Texts): HttpCredentials {
    const before = this.#texts;
    const known = this.#credentials;
    const isSame = CONNECTION_SECRETS.every((name) => before?.[name] === texts[name]);
    const { signing, url } = texts;
    const secrets = namedSecrets(texts);
    const headers = headersOf(this.#section, texts);
    const settings = known !== null && isSame ? known.settings : settingsOf(this.#section, texts);
    return {
      headers,
      signingKeys: signing === undefined ? null : (parseSigningKeys(signing) ?? null),
      // It was checked when it was read.
      url: url === undefined ? null : URL.parse(url),
      secrets,
      settings,
      redact: redactor([
        ...headers.flatMap(shownAs),
        ...secretTexts(texts),
        ...proxySecrets(settings, this.#environment),
        ...Object.values(secrets),
        ...(url === undefined ? [] : urlTexts(url)),
        ...clearSecrets(this.#section).flatMap((one) => one.texts),
      ]),
    };
  }
}

function isUnchanged(texts: Texts, before: Texts | null): boolean {
  // Every request asks this, and the secrets are rarely read again.
  if (texts === before) return true;
  // Both have the same names in the same order, so their JSON can be compared.
  return before !== null && JSON.stringify(before) === JSON.stringify(texts);
}

function headersOf({ auth = {} }: HttpSection, texts: Texts): readonly Header[] {
  const { token, password, value } = texts;
  if (token !== undefined) return [['authorization', `Bearer ${token}`]];
  if (auth.basic !== undefined && password !== undefined) {
    const pair = Buffer.from(`${auth.basic.username}:${password}`, 'utf8').toString('base64');
    return [['authorization', `Basic ${pair}`]];
  }
  if (auth.header === undefined || value === undefined) return [];
  return [[auth.header.name.toLowerCase(), value]];
}

function settingsOf(section: HttpSection, texts: Texts): ClientSettings {
  const { tls, connectTimeout } = section;
  const { ca, cert, key, proxyPassword } = texts;
  const written = { ca, cert, key, serverName: tls?.serverName };
  const fallback = parseDuration(HTTP_DEFAULTS.connectTimeout) ?? 0;
  return {
    connectTimeoutMs: parseDuration(connectTimeout ?? '') ?? fallback,
    // `TlsIdentity` has absent keys, not undefined values.
    tls: Object.fromEntries(Object.entries(written).filter(([, text]) => text !== undefined)),
    proxy: proxySetting(section, proxyPassword),
  };
}

function proxySecrets(
  { proxy }: ClientSettings,
  environment: SecretPlaces['environment'],
): readonly string[] {
  if (proxy === 'environment') return environmentProxies(environment).secrets;
  return proxy === null ? [] : secretsOf(proxy);
}

/** The value of a header, and its part after `Bearer` or `Basic`. */
function shownAs([, value]: Header): readonly string[] {
  return [value, value.slice(value.indexOf(' ') + 1)];
}

/** Texts of a secret URL: the whole URL and its parts. */
function urlTexts(text: string): readonly string[] {
  const url = URL.parse(text);
  return url === null ? [text] : [text, url.href, ...secretPartsOf(url)];
}

/** Texts of other secrets. `signing` may have several secrets. Certificates are public. */
function secretTexts({ token, password, value, signing, key }: Texts): string[] {
  const several = (signing ?? '').split(/\s+/).flatMap((one) => [one, one.replace('whsec_', '')]);
  const single = [token, password, value, key];
  return [...several, ...single.flatMap((one) => one ?? [])].filter((one) => one !== '');
}

/** Settings of the connection to a receiver. */
export interface ClientSettings {
  readonly connectTimeoutMs: number;
  readonly tls: TlsIdentity;
  readonly proxy: ProxySetting;
}

/** The proxy of a client: a proxy, the choice of the environment, or none. */
type ProxySetting = HttpProxy | 'environment' | null;

/** The block `proxy:`; undefined if the section has none or says `none`. */
export function proxyBlock(proxy: HttpSection['proxy']): ProxySection | undefined {
  return proxy === 'none' ? undefined : proxy;
}

function proxySetting(section: HttpSection, password: string | undefined): ProxySetting {
  const { proxy = 'environment' } = section;
  if (proxy === 'environment') return proxy;
  if (proxy === 'none') return null;
  const { url, username } = proxy;
  const isKnown = username !== undefined && password !== undefined;
  return { url: new URL(url), ...(isKnown && { credentials: { username, password } }) };
}

/** A secret of the section by its use. */
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

type Texts = Readonly<Partial<Record<SecretName, string>>>;

type NeededSecrets = Readonly<Partial<Record<OwnSecret, NeededSecret>>> &
  Readonly<Record<NamedSecret, NeededSecret>>;

const NAMED = 'secret ';

type SecretFault = NonNullable<NeededSecret['fault']>;

const holds =
  (pattern: RegExp, expected: string): SecretFault =>
  (text) =>
    pattern.test(text) ? undefined : `holds ${expected}`;

const TOKEN = holds(
  /^[\u0021-\u007e]+$/,
  'a character that headers do not allow (expected one word of ASCII)',
);
const VALUE = holds(
  /^[\u0020-\u007e]+$/,
  'a character that headers do not allow (expected one line of ASCII)',
);
const PASSWORD = holds(/^\P{Cc}+$/u, 'a control character (expected one line)');
const CERTIFICATE = holds(/-----BEGIN CERTIFICATE-----/, 'no certificate (expected PEM)');
const KEY = holds(/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'no private key (expected PEM)');
const URL_TEXT: SecretFault = (text) => {
  const fault = urlFault(text);
  return fault === undefined ? undefined : `holds ${fault}`;
};
// Each is searched for in answers, character by character.
const LONGEST_NAMED = 16_384;
const NAMED_TEXT: SecretFault = (text) =>
  text.length > LONGEST_NAMED ? 'holds more than 16 Ki characters (expected fewer)' : undefined;
const SIGNING_EXPECTED =
  'no signing secret (expected whsec_ and base64 of 24 to 64 bytes, or up to 8 of them, separated by white space)';
const SIGNING: SecretFault = (text) =>
  parseSigningKeys(text) === undefined ? `holds ${SIGNING_EXPECTED}` : undefined;

/** The secrets of a section by their use; paths are relative to the section. Reads none of them. */
export function neededSecrets(section: HttpSection): NeededSecrets {
  const { auth = {}, signing, tls = {}, proxy } = section;
  const all: readonly (readonly [SecretName, NeededSecret | undefined])[] = [
    ['token', byReference(auth.bearer, '/auth/bearer/token', TOKEN)],
    ['password', byReference(auth.basic, '/auth/basic/password', PASSWORD)],
    ['value', byReference(auth.header, '/auth/header/value', VALUE)],
    ['signing', byReference(signing, '/signing/secret', SIGNING)],
    ['proxyPassword', byReference(proxyBlock(proxy), '/proxy/password', PASSWORD)],
    ['ca', byReference(tls, '/tls/ca', CERTIFICATE)],
    ['cert', byReference(tls, '/tls/cert', CERTIFICATE)],
    ['key', byReference(tls, '/tls/key', KEY)],
    ['url', byReference(section, '/url', URL_TEXT)],
    ...named(section),
  ];
  return Object.fromEntries(
    all.flatMap(([name, needed]) => (needed === undefined ? [] : [[name, needed] as const])),
  );
}

/** Secrets of `secrets:`. A header accepts fewer characters than a URL or a body, which escape all. */
function named({ secrets = {}, headers = {} }: HttpSection) {
  const inHeaders = Object.values(headers).join('\n');
  return Object.entries(secrets).map(([name, ref]) => {
    const isInHeader = inHeaders.includes(`\${secret:${name}}`);
    const fault = isInHeader ? VALUE : NAMED_TEXT;
    const path = toPointer(['secrets', name, 'env' in ref ? 'env' : 'file']);
    return [`${NAMED}${name}`, { path, ref, fault }] as const;
  });
}

/** The secret at a JSON Pointer that lacks only `File` or `Env`; `block` has the key. */
function byReference(
  block: object | undefined,
  pointer: string,
  fault: SecretFault,
): NeededSecret | undefined {
  const what = pointer.slice(pointer.lastIndexOf('/') + 1);
  const keys = new Map<string, unknown>(Object.entries(block ?? {}));
  const file = keys.get(`${what}File`);
  if (typeof file === 'string') return { path: `${pointer}File`, ref: { file }, fault };
  const env = keys.get(`${what}Env`);
  return typeof env === 'string' ? { path: `${pointer}Env`, ref: { env }, fault } : undefined;
}

function namedSecrets(texts: Texts): Readonly<Record<string, string>> {
  const named = Object.entries(texts).filter(([name]) => name.startsWith(NAMED));
  return Object.fromEntries(named.map(([name, text]) => [name.slice(NAMED.length), text ?? '']));
}

/** The keys of `signing:`, in the order in which they sign. Symmetric only (`v1`). */
export type SigningKeys = readonly [Buffer, ...Buffer[]];

const PREFIX = 'whsec_';

// Bytes of a key, by Standard Webhooks.
const SHORTEST = 24;
const LONGEST = 64;

// A rotation needs two. Each adds 50 bytes to a header.
const KEYS_AT_MOST = 8;

/** The keys of one or several secrets, separated by white space; undefined if one of them is invalid. */
export function parseSigningKeys(text: string): SigningKeys | undefined {
  const words = text.split(/\s+/);
  const [first, ...others] = words.flatMap((word) => parseKey(word) ?? []);
  const isValid = others.length === words.length - 1 && words.length <= KEYS_AT_MOST;
  return first !== undefined && isValid ? [first, ...others] : undefined;
}

function parseKey(secret: string): Buffer | undefined {
  if (!secret.startsWith(PREFIX)) return undefined;
  const base64 = secret.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, 'base64');
  const isWhole = key.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  return isWhole && key.length >= SHORTEST && key.length <= LONGEST ? key : undefined;
}
