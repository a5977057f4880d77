// The kind `http`: its descriptor, and the checks of a section that the schema cannot make. Requests and
// the meaning of answers are in http/, connections in lib/net. It follows no redirect and knows no
// receiver by name.
// Follows docs/triggers.md (formats, headers, statuses) and docs/guarantees.md (idempotency keys).

import type { Observation } from '../core/observation.ts';
import type { Trigger } from '../core/ports/trigger.ts';
import { errorAt, type Finding } from '../core/problem.ts';
import { parsePath } from '../kit/data/json-path.ts';
import { isSecretItself } from '../kit/secret.ts';
import { quoted } from '../kit/text/printable.ts';
import { parseDuration, parseSize } from '../kit/text/quantity.ts';
import { userAgent } from '../kit/version.ts';
import { hostOf, isForbidden, targetOf } from '../net/address.ts';
import { environmentProxies } from '../net/proxies.ts';
import { createHttpClient, RotatingClient } from '../net/undici-client.ts';
import { inBatches } from './http/batch.ts';
import { BATCH_FORMATS } from './http/body.ts';
import { compileBody } from './http/body-template.ts';
import { clearSecretFindings } from './http/clear-secrets.ts';
import { type ClientSettings, neededSecrets, proxyBlock } from './http/request-credentials.ts';
import {
  HTTP_DEFAULTS,
  type HttpSection,
  httpSchema,
  keyLifeOf,
  type ProxySection,
} from './http/section.ts';
import { Sender, type SendingClient } from './http/sender.ts';
import { oneByOne, previewRequest } from './http/single.ts';
import { compileHeaders, headerNameFault, isHeaderName, toFinding } from './http/templates.ts';
import { compileUrl, forbiddenHost } from './http/url-template.ts';
import { prefixFromName, type TriggerKind, type TriggerParts } from './trigger-kind.ts';

// Lanes allow at most 1,000 attempts at once. With fewer sockets, attempts would wait for each other
// while their time runs.
const MAX_SOCKETS = 1_000;

/** Sends each delivery, or a batch of deliveries, as an HTTP request. */
export const httpKind: TriggerKind<HttpSection> = {
  kind: 'http',
  summary: 'makes an HTTP request',
  starts: 'an HTTP request',
  templatesAt: ['/url', '/headers', '/body'],
  schema: httpSchema,
  onLostAnswer: 'atLeastOnce',
  needsCluster: false,
  needsExec: false,
  hasKey: (section) => keyLifeOf(section) > 0,
  defaultPrefix: prefixFromName,
  check: httpFindings,
  secrets: (section) => Object.values(neededSecrets(section)),
  preview: (section, _parts, delivery) => previewRequest(section, delivery),
  receiver: receiverOf,
  create: (section, parts) => {
    const { clock, environment } = parts;
    const options = { maxSockets: MAX_SOCKETS, userAgent: userAgent(), ...excerptOf(section) };
    return createHttpTrigger(section, parts, (settings) =>
      createHttpClient({ ...options, ...settings }, { clock, environment }),
    );
  },
};

// CI systems describe a build in a few kilobytes. A body that is cut is not valid JSON.
const JSON_BYTES = 256 * 1024;

/** A body that is parsed must be kept whole; for people the default length is enough. */
function excerptOf({ expect, started = { header: '' } }: HttpSection): { excerptBytes?: number } {
  const isRead = expect?.json !== undefined || 'json' in started;
  return isRead ? { excerptBytes: JSON_BYTES } : {};
}

/** Creates the trigger of a section; `create` makes its clients. */
export function createHttpTrigger(
  section: HttpSection,
  parts: TriggerParts,
  create: (settings: ClientSettings) => SendingClient,
): Trigger {
  const { clock, folder, environment, random, observe } = parts;
  const used = proxyUsed(section, parts);
  if (used !== null) observe(used);
  // Settings are another object once a certificate was rotated.
  const clients = new RotatingClient(create);
  const sender = new Sender(section, { clock, clients, places: { folder, environment } });
  return {
    ...(section.batch === undefined
      ? oneByOne(section, sender)
      : inBatches(section, sender, random)),
    isRenewed: () => sender.isRenewed(),
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  };
}

/** The receiver by which the environment chooses the proxy; null if it does not choose. */
function receiverOf({ url = '', proxy }: HttpSection): URL | null {
  // Templates are only allowed after the host. An invalid URL is another finding, and a secret URL is
  // not known here.
  return proxy === undefined ? URL.parse(/^[^/]*\/\/[^/?#]*/.exec(url)?.[0] ?? '') : null;
}

/** The observation of the proxy that a trigger uses; null if it uses none. */
function proxyUsed(
  section: HttpSection,
  { name, environment }: Pick<TriggerParts, 'name' | 'environment'>,
): Observation | null {
  const used = { kind: 'proxy-used', trigger: name } as const;
  const named = proxyBlock(section.proxy);
  if (named !== undefined) return { ...used, proxy: new URL(named.url).origin, from: 'proxy' };
  const receiver = receiverOf(section);
  if (receiver === null) return null;
  const route = environmentProxies(environment).routeTo(targetOf(receiver));
  if (route.kind !== 'proxy') return null;
  return { ...used, proxy: route.proxy.url.origin, from: route.variable };
}

/** All mistakes of a section; paths are relative to it. Pure: secrets are read at the start. */
function httpFindings(section: HttpSection): readonly Finding[] {
  const scope = section.batch === undefined ? 'delivery' : 'batch';
  const { url, headers = {} } = section;
  const secrets = Object.keys(section.secrets ?? {});
  return [
    ...(url === undefined ? [] : compileUrl(url, scope, secrets).findings),
    ...compileHeaders(headers, scope, secrets).findings,
    ...bodyFindings(section),
    ...answerFindings(section),
    ...clearSecretFindings(section),
    ...authFindings(section),
    ...inlineFindings(section),
    ...tlsFindings(section),
    ...proxyFindings(proxyBlock(section.proxy)),
    ...batchFindings(section),
    ...valueFindings(section),
  ];
}

function wrong(path: string, words: Pick<Finding, 'message' | 'hint'>): Finding {
  return errorAt('wrong-value', path, words);
}

/** Checks `body:` and the keys that need or exclude it. */
function* bodyFindings(section: HttpSection): Iterable<Finding> {
  const { body, format, batch, contentType } = section;
  if (body === undefined) {
    if (contentType === undefined) return;
    const message = 'found contentType: without body: (expected both or neither)';
    const hint = 'each format has a content type of its own: remove contentType:, or write body:';
    yield wrong('/contentType', { message, hint });
    return;
  }
  yield* compileBody(section)?.findings ?? [];
  if (format !== undefined) {
    const message = `found body: beside format: ${format} (expected one of them)`;
    const hint = 'remove format: for a body of your own, or remove body:';
    yield wrong('/body', { message, hint });
  }
  if (batch !== undefined) {
    const message = 'found body: beside batch: (expected one of them)';
    const hint = 'body: describes one Event: remove batch:, or choose a format instead of body:';
    yield wrong('/body', { message, hint });
  }
}

function* answerFindings({ expect, started }: HttpSection): Iterable<Finding> {
  for (const [place, status] of (expect?.status ?? []).entries()) {
    if (!NEVER_ACCEPTED.has(status)) continue;
    const message = `found ${status} (expected a status that a receiver can answer after it accepted the request)`;
    const hint = 'remove it: the request is retried until the receiver accepts it';
    yield wrong(`/expect/status/${place}`, { message, hint });
  }
  const inStarted = started !== undefined && 'json' in started ? started.json : undefined;
  const paths = { '/expect/json/path': expect?.json?.path, '/started/json': inStarted };
  for (const [path, text] of Object.entries(paths)) {
    if (text === undefined || parsePath(text) !== undefined) continue;
    const message = `found ${quoted(text, 100)} (expected a path of keys and indexes)`;
    yield wrong(path, { message, hint: 'write one such as ok or data[0].state' });
  }
  if (started !== undefined && 'header' in started && !isHeaderName(started.header)) {
    const message = `found the header ${quoted(started.header, 100)} (expected a name of letters, digits and -)`;
    yield wrong('/started/header', { message, hint: 'write one such as Location' });
  }
}

// They ask for a credential, or for a later request: the receiver did not accept the request.
const NEVER_ACCEPTED: ReadonlySet<number> = new Set([401, 407, 425, 429, 511]);

function* authFindings({ auth = {}, headers = {} }: HttpSection): Iterable<Finding> {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (names.includes('authorization') && (auth.bearer ?? auth.basic) !== undefined) {
    const message = 'found the header authorization under headers: too (expected it once)';
    yield wrong('/auth', { message, hint: 'remove auth:, or the header' });
  }
  const username = auth.basic?.username ?? '';
  // RFC 7617 §2: the first colon ends the name.
  if (/[:\p{Cc}]/u.test(username)) {
    const message = 'found a colon or a control character in the user name (expected neither)';
    yield wrong('/auth/basic/username', { message, hint: 'correct the name' });
  }
  const { header } = auth;
  if (header === undefined) return;
  const fault = headerNameFault(header.name);
  if (fault !== undefined && header.name.toLowerCase() !== 'authorization') {
    yield toFinding('/auth/header/name', fault);
  }
  if (names.includes(header.name.toLowerCase())) {
    const message = `found the header ${quoted(header.name, 100)} under headers: too (expected it once)`;
    yield wrong('/auth/header/name', { message, hint: 'remove it under headers:' });
  }
}

/** Finds secrets in the place of a file or variable, by their form. */
function inlineFindings(section: HttpSection): readonly Finding[] {
  return Object.values(neededSecrets(section))
    .filter(({ ref }) => isSecretItself(ref))
    .map(({ path, ref }) =>
      wrong(path, {
        message: `found a secret, which is not shown (expected the name of ${'file' in ref ? 'a file' : 'a variable'} that holds it)`,
        hint: 'move the secret there, and make a new one if this file was shared',
      }),
    );
}

function* tlsFindings({ tls, url }: HttpSection): Iterable<Finding> {
  if (tls === undefined) return;
  if ((tls.keyFile === undefined) !== (tls.certFile === undefined)) {
    const message = 'found one of certFile and keyFile (expected both or neither)';
    const hint = 'a client certificate needs its key';
    yield errorAt('missing-key', '/tls', { message, hint });
  }
  if (/^http:/i.test(url ?? '')) {
    const message = 'found tls: beside a URL of http: (expected https:)';
    const said = { message, hint: 'write https:// in the URL, or remove tls:' };
    yield { ...wrong('/tls', said), severity: 'warning' };
  }
}

function* proxyFindings(proxy: ProxySection | undefined): Iterable<Finding> {
  if (proxy === undefined) return;
  const url = URL.parse(proxy.url);
  if (url === null || !/^https?:$/.test(url.protocol) || /[@#?]/.test(proxy.url)) {
    // Not quoted, because people put credentials into proxy URLs.
    const found = 'no plain URL of http: or https: (expected http://host:port without credentials)';
    const hint = 'write the user name and the file of the password beside it';
    yield wrong('/proxy/url', { message: `found ${found}`, hint });
  } else if (isForbidden(hostOf(url))) {
    const { found, hint } = forbiddenHost(hostOf(url));
    yield wrong('/proxy/url', { message: `found ${found}`, hint });
  }
  const hasPassword = proxy.passwordFile !== undefined || proxy.passwordEnv !== undefined;
  if (proxy.passwordFile !== undefined && proxy.passwordEnv !== undefined) {
    const message = 'found passwordFile and passwordEnv (expected one of them)';
    yield wrong('/proxy', { message, hint: 'remove one of the two' });
  }
  if ((proxy.username !== undefined) !== hasPassword) {
    const message = 'found one of user name and password (expected both or neither)';
    const hint = 'write username: and passwordFile: or passwordEnv:';
    yield errorAt('missing-key', '/proxy', { message, hint });
  }
}

function* batchFindings({ batch, format = HTTP_DEFAULTS.format }: HttpSection): Iterable<Finding> {
  if (batch === undefined) return;
  if (!BATCH_FORMATS.some((one) => one === format)) {
    yield wrong('/format', {
      message: `found the format ${format} beside batch: (expected ${BATCH_FORMATS.join(' or ')})`,
      hint: 'its entries have no id: choose another format or remove batch:',
    });
  }
  if (batch.size !== undefined && (parseSize(batch.size) ?? 0) < SMALLEST_BATCH) {
    const message = `found ${batch.size} (expected at least 1Ki)`;
    yield wrong('/batch/size', { message, hint: 'write a size such as 1Mi' });
  }
  if (batch.wait !== undefined && (parseDuration(batch.wait) ?? 0) > LONGEST_WAIT_MS) {
    const message = `found ${batch.wait} (expected at most 10m)`;
    yield wrong('/batch/wait', { message, hint: 'write a duration such as 1s' });
  }
}

// Less than the smallest document: every delivery would be sent alone.
const SMALLEST_BATCH = 1024;
// Waiting deliveries are claimed and in memory.
const LONGEST_WAIT_MS = 600_000;

function* valueFindings({ connectTimeout, handshake }: HttpSection): Iterable<Finding> {
  if (connectTimeout !== undefined && (parseDuration(connectTimeout) ?? 0) === 0) {
    const message = `found ${connectTimeout} (expected more than 0s)`;
    yield wrong('/connectTimeout', { message, hint: 'write a duration such as 5s' });
  }
  if (handshake !== undefined && !/^[\u0021-\u007e]+$/.test(handshake.origin)) {
    const message = `found the origin ${quoted(handshake.origin, 100)} (expected a DNS name)`;
    const hint = 'write a name such as sluice.example.test';
    yield wrong('/handshake/origin', { message, hint });
  }
}
