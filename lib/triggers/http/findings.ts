// What values of a section that the schema accepted can not be used, all of them at once. Pure:
// files and variables are looked at where a start needs them (needed-secrets.ts).
import type { Finding } from '../../core/problem.ts';
import { parseDuration } from '../../kit/duration.ts';
import { quoted } from '../../kit/printable.ts';
import { parseSize } from '../../kit/size.ts';
import { BATCH_FORMATS } from './body.ts';
import { compileHeaders, headerNameFault } from './header-templates.ts';
import type { HttpSection } from './section.ts';
import { HTTP_DEFAULTS } from './section.ts';
import { compileUrl } from './url-template.ts';

/** Everything wrong with a section; paths are relative to it. */
export function httpFindings(section: HttpSection): readonly Finding[] {
  const scope = section.batch === undefined ? 'delivery' : 'batch';
  return [
    ...compileUrl(section.url, scope).findings,
    ...compileHeaders(section.headers ?? {}, scope).findings,
    ...authFindings(section),
    ...inlineFindings(section),
    ...tlsFindings(section),
    ...proxyFindings(section.proxy),
    ...batchFindings(section),
    ...timeFindings(section),
    ...originFindings(section.handshake),
  ];
}

type Said = Pick<Finding, 'message' | 'hint'>;

function wrong(path: string, said: Said): Finding {
  return { severity: 'error', code: 'wrong-value', path, ...said };
}

function missing(path: string, said: Said): Finding {
  return { severity: 'error', code: 'missing-key', path, ...said };
}

function authFindings({ auth = {}, headers = {} }: HttpSection): readonly Finding[] {
  const findings: Finding[] = [];
  const username = auth.basic?.username ?? '';
  // RFC 7617 §2: the first colon ends the name.
  if (/[:\p{Cc}]/u.test(username)) {
    const message = 'found a colon or a control character in the user name (expected neither)';
    findings.push(wrong('/auth/basic/username', { message, hint: 'mend the name' }));
  }
  const { header } = auth;
  if (header === undefined) return findings;
  const fault = headerNameFault(header.name);
  if (fault !== undefined && header.name.toLowerCase() !== 'authorization') {
    findings.push({ severity: 'error', path: '/auth/header/name', ...fault });
  }
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (names.includes(header.name.toLowerCase())) {
    const message = `found the header ${quoted(header.name, 100)} under headers: too (expected it once)`;
    findings.push(wrong('/auth/header/name', { message, hint: 'remove it under headers:' }));
  }
  return findings;
}

// A signing secret is known by its prefix; where it stands for a file or a variable, later messages
// would show it as a name.
function inlineFindings({ signing }: HttpSection): readonly Finding[] {
  return Object.entries(signing ?? {})
    .filter(([, name]) => name.startsWith('whsec_'))
    .map(([key]) =>
      wrong(`/signing/${key}`, {
        message: `found a secret, which is not shown (expected the name of ${key.endsWith('File') ? 'a file' : 'a variable'} that holds it)`,
        hint: 'move the secret there, and make a new one if this file was shared',
      }),
    );
}

function tlsFindings({ tls, url }: HttpSection): readonly Finding[] {
  if (tls === undefined) return [];
  const findings: Finding[] = [];
  const pair = { message: 'found one of certFile and keyFile (expected both or neither)' };
  const hint = 'a client certificate is of no use without its key';
  if (tls.keyFile === undefined && tls.certFile !== undefined) {
    findings.push(missing('/tls', { ...pair, hint }));
  }
  if (tls.certFile === undefined && tls.keyFile !== undefined) {
    findings.push(missing('/tls', { ...pair, hint }));
  }
  if (/^http:/i.test(url)) {
    const message = 'found tls: beside a URL of http: (expected https:)';
    const said = { message, hint: 'write https:// in the URL, or remove tls:' };
    findings.push({ ...wrong('/tls', said), severity: 'warning' });
  }
  return findings;
}

function proxyFindings(proxy: HttpSection['proxy']): readonly Finding[] {
  if (proxy === undefined) return [];
  const findings: Finding[] = [];
  const url = URL.parse(proxy.url);
  if (url?.protocol !== 'http:' || /[@#?]/.test(proxy.url)) {
    // Not quoted: people put credentials into proxy URLs.
    findings.push(
      wrong('/proxy/url', {
        message: 'found no plain URL of http: (expected http://host:port without credentials)',
        hint: 'write the user name and the file of the password beside it',
      }),
    );
  }
  const hasPassword = proxy.passwordFile !== undefined || proxy.passwordEnv !== undefined;
  if (proxy.passwordFile !== undefined && proxy.passwordEnv !== undefined) {
    const message = 'found passwordFile and passwordEnv (expected one of them)';
    findings.push(wrong('/proxy', { message, hint: 'remove one of the two' }));
  }
  if ((proxy.username !== undefined) !== hasPassword) {
    const message = 'found one of user name and password (expected both or neither)';
    const hint = 'write username: and passwordFile: or passwordEnv:';
    findings.push(missing('/proxy', { message, hint }));
  }
  return findings;
}

function batchFindings({ batch, format = HTTP_DEFAULTS.format }: HttpSection): readonly Finding[] {
  if (batch === undefined) return [];
  const findings: Finding[] = [];
  if (!BATCH_FORMATS.some((one) => one === format)) {
    findings.push(
      wrong('/format', {
        message: `found the format ${format} beside batch: (expected ${BATCH_FORMATS.join(' or ')})`,
        hint: 'its entries would have no id to tell them by; choose another format or remove batch:',
      }),
    );
  }
  if (batch.size !== undefined && (parseSize(batch.size) ?? 0) < SMALLEST_BATCH) {
    const message = `found ${batch.size} (expected at least 1Ki)`;
    findings.push(wrong('/batch/size', { message, hint: 'write a size such as 1Mi' }));
  }
  if (batch.wait !== undefined && (parseDuration(batch.wait) ?? 0) > LONGEST_WAIT_MS) {
    const message = `found ${batch.wait} (expected at most 10m)`;
    findings.push(wrong('/batch/wait', { message, hint: 'write a duration such as 1s' }));
  }
  return findings;
}

// Less than the smallest document: every delivery would go alone.
const SMALLEST_BATCH = 1024;
// Deliveries that wait are claimed and sit in memory.
const LONGEST_WAIT_MS = 600_000;

function timeFindings({ connectTimeout }: HttpSection): readonly Finding[] {
  if (connectTimeout === undefined || (parseDuration(connectTimeout) ?? 0) > 0) return [];
  const message = `found ${connectTimeout} (expected more than 0s)`;
  return [wrong('/connectTimeout', { message, hint: 'write a duration such as 5s' })];
}

function originFindings(handshake: HttpSection['handshake']): readonly Finding[] {
  if (handshake === undefined || /^[\u0021-\u007e]+$/.test(handshake.origin)) return [];
  const message = `found the origin ${quoted(handshake.origin, 100)} (expected a DNS name)`;
  return [
    wrong('/handshake/origin', { message, hint: 'write a name such as sluice.example.test' }),
  ];
}
