// Every secret and certificate that a section names: where it is, which key names it, and what it
// must look like. Nothing is read here.

import type { NeededSecret, SecretRef } from '../../kit/secret.ts';
import { toPointer } from '../manifest/places.ts';
import { proxyBlock } from './proxy.ts';
import type { HttpSection } from './section.ts';
import { parseSigningKeys, SIGNING_EXPECTED } from './signing.ts';
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

type Fault = NonNullable<NeededSecret['fault']>;

const holds =
  (pattern: RegExp, expected: string): Fault =>
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
const URL_TEXT: Fault = (text) => {
  const fault = urlFault(text);
  return fault === undefined ? undefined : `holds ${fault}`;
};
// Each is looked for in answers, character by character.
const LONGEST_NAMED = 16_384;
const NAMED_TEXT: Fault = (text) =>
  text.length > LONGEST_NAMED ? 'holds more than 16 Ki characters (expected fewer)' : undefined;
const SIGNING: Fault = (text) =>
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
  readonly fault: Fault;
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
