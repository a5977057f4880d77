// What a receiver is reached and convinced with: credentials, signing keys and the settings of the
// connection, made from the secrets that the section names. It is made anew when one of them
// changed, and only then.

import type { Clock } from '../../core/clock.ts';
import { type SecretPlaces, SecretSet } from '../../kit/secret.ts';
import { parseDuration } from '../../kit/text/quantity.ts';
import { environmentProxies, secretsOf } from '../../net/proxies.ts';
import { redactor } from './answer.ts';
import { type ClientSettings, proxySetting } from './client-cache.ts';
import {
  clearSecrets,
  namedSecrets,
  neededSecrets,
  type SecretName,
  secretPartsOf,
} from './secret-refs.ts';
import { HTTP_DEFAULTS, type HttpSection } from './section.ts';
import { parseSigningKeys, type SigningKeys } from './signing.ts';
import type { Header } from './templates.ts';

type Texts = Readonly<Partial<Record<SecretName, string>>>;

/** What requests are made with. */
export interface Credentials {
  readonly credentials: readonly Header[];
  readonly signingKeys: SigningKeys | null;
  /** From `urlFile` or `urlEnv`; null if `url` says where to. */
  readonly url: URL | null;
  /** Secrets of `${secret:NAME}`, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The same object as long as no certificate and no proxy password changed. */
  readonly settings: ClientSettings;
  /** Takes every text of it that must not be shown out of another. */
  readonly redact: (text: string) => string;
}

/** The material, or which secret it lacks. */
type CurrentMaterial =
  | { readonly ok: true; readonly material: Credentials }
  | { readonly ok: false; readonly why: string };

/** Makes the material of one trigger and keeps it while its secrets stay what they are. */
export class RequestCredentials {
  readonly #section: HttpSection;
  readonly #environment: SecretPlaces['environment'];
  readonly #secrets: SecretSet<SecretName>;
  #texts: Texts | null = null;
  #material: Credentials | null = null;

  constructor(section: HttpSection, places: SecretPlaces, clock: Clock) {
    this.#section = section;
    this.#environment = places.environment;
    this.#secrets = new SecretSet(neededSecrets(section), places, clock);
  }

  /** The material by secrets that are at most ten seconds old. */
  async current(): Promise<CurrentMaterial> {
    const read = await this.#secrets.read();
    if (!read.ok) return read;
    const { texts } = read;
    // The same texts, read again, are no other credential.
    const known = isUnchanged(texts, this.#texts) ? this.#material : null;
    const material = known ?? this.#make(texts);
    this.#material = material;
    this.#texts = texts;
    return { ok: true, material };
  }

  /** The receiver refused the credentials: the next use reads them again. */
  forget(): void {
    this.#secrets.forget();
  }

  #make(texts: Texts): Credentials {
    const before = this.#texts;
    const known = this.#material;
    const isSame =
      before !== null &&
      (['ca', 'cert', 'key', 'proxyPassword'] as const).every(
        (name) => before[name] === texts[name],
      );
    const { signing, url } = texts;
    const secrets = namedSecrets(texts);
    const credentials = credentialsOf(this.#section, texts);
    const settings = known !== null && isSame ? known.settings : settingsOf(this.#section, texts);
    const hidden = [...secretTexts(texts), ...proxySecrets(settings, this.#environment)];
    return {
      credentials,
      signingKeys: signing === undefined ? null : (parseSigningKeys(signing) ?? null),
      // Looked at when it was read.
      url: url === undefined ? null : URL.parse(url),
      secrets,
      settings,
      redact: redactor([
        ...credentials.flatMap(shownAs),
        ...hidden,
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
  // Both have the same names in the same order.
  return before !== null && JSON.stringify(before) === JSON.stringify(texts);
}

function credentialsOf({ auth = {} }: HttpSection, texts: Texts): readonly Header[] {
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
    // What is not written must not be there at all.
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

/** A header's value, and what of it stands behind `Bearer` or `Basic`. */
function shownAs([, value]: Header): readonly string[] {
  return [value, value.slice(value.indexOf(' ') + 1)];
}

/** A URL that is a secret, whole and in parts. */
function urlTexts(text: string): readonly string[] {
  const url = URL.parse(text);
  return url === null ? [text] : [text, url.href, ...secretPartsOf(url)];
}

/** A signing secret also by itself: the text may hold several. Certificates are no secrets. */
function secretTexts({ token, password, value, signing, key }: Texts): string[] {
  const several = (signing ?? '').split(/\s+/).flatMap((one) => [one, one.replace('whsec_', '')]);
  const single = [token, password, value, key];
  return [...several, ...single.flatMap((one) => one ?? [])].filter((one) => one !== '');
}

// Signatures by Standard Webhooks: what a receiver checks to know that a request is ours and was
// not changed or replayed. Symmetric only (`v1`).
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
