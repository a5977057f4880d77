// A key and a certificate that signs itself, for a playback over HTTPS: Node makes keys but no
// certificates. Good for a server on this machine that a client is told to trust, and nothing else.
// Source: RFC 5280 §4.1 (structure), RFC 5758 §3.2 (ECDSA with SHA-256).

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bits, der, oid, sequence, TAG } from './der.ts';
import type { TlsPair } from './playback.ts';

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
const DAY_MS = 86_400_000;
// Long enough for any demonstration; a clock that is off by a day does no harm.
const LIFE_DAYS = 30;

/** A fresh pair for these hosts: DNS names and IPv4 addresses. */
export function selfSigned(hosts: readonly string[], now: number): TlsPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const name = sequence(
    der(TAG.set, sequence(oid(COMMON_NAME), der(TAG.text, Buffer.from('sluice playback')))),
  );
  const body = sequence(
    der(TAG.version, der(TAG.integer, Buffer.from([2]))),
    // A first byte from 0x40 to 0x7f: positive, and no leading zero.
    der(TAG.integer, Buffer.from([0x40]), randomBytes(15)),
    algorithm,
    name,
    sequence(utcTime(now - DAY_MS), utcTime(now + LIFE_DAYS * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(TAG.extensions, sequence(subjectAltName(hosts), isAuthority())),
  );
  const signature = bits(sign('sha256', body, privateKey));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(sequence(body, algorithm, signature)),
  };
}

function subjectAltName(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    isIPv4(host)
      ? der(IP_ADDRESS, Buffer.from(host.split('.').map(Number)))
      : der(DNS_NAME, Buffer.from(host, 'ascii')),
  );
  return sequence(oid(SUBJECT_ALT_NAME), der(TAG.octets, sequence(...names)));
}

// Critical; with it the certificate can stand in a client's list of authorities.
function isAuthority(): Buffer {
  const yes = der(TAG.boolean, Buffer.from([0xff]));
  return sequence(oid(BASIC_CONSTRAINTS), yes, der(TAG.octets, sequence(yes)));
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '');
  return der(TAG.utcTime, Buffer.from(`${digits.slice(2, 14)}Z`, 'ascii'));
}

function pem(bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
