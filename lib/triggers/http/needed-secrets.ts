// Every secret and certificate that a section names: where it is, which key names it, and what it
// must look like. Nothing is read here.
import type { NeededSecret, SecretRef } from '../../kit/secret.ts';
import type { HttpSection } from './section.ts';
import { parseSigningKeys, SIGNING_EXPECTED } from './signing.ts';

/** What a secret of the section is for. */
export type SecretName =
  | 'token'
  | 'password'
  | 'value'
  | 'signing'
  | 'proxyPassword'
  | 'ca'
  | 'cert'
  | 'key';

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
const SIGNING: Fault = (text) =>
  parseSigningKeys(text) === undefined ? `holds ${SIGNING_EXPECTED}` : undefined;

/** The secrets of a section by what they are for; paths are relative to the section. */
export function neededSecrets(
  section: HttpSection,
): Readonly<Partial<Record<SecretName, NeededSecret>>> {
  const { auth = {}, signing, tls = {}, proxy } = section;
  const all: readonly (readonly [SecretName, NeededSecret | undefined])[] = [
    ['token', byReference(auth.bearer, { at: '/auth/bearer', what: 'token', fault: TOKEN })],
    ['password', byReference(auth.basic, { at: '/auth/basic', what: 'password', fault: PASSWORD })],
    ['value', byReference(auth.header, { at: '/auth/header', what: 'value', fault: VALUE })],
    ['signing', byReference(signing, { at: '/signing', what: 'secret', fault: SIGNING })],
    ['proxyPassword', byReference(proxy, { at: '/proxy', what: 'password', fault: PASSWORD })],
    ['ca', byReference(tls, { at: '/tls', what: 'ca', fault: CERTIFICATE })],
    ['cert', byReference(tls, { at: '/tls', what: 'cert', fault: CERTIFICATE })],
    ['key', byReference(tls, { at: '/tls', what: 'key', fault: KEY })],
  ];
  return Object.fromEntries(all.filter(([, needed]) => needed !== undefined));
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
