// The kind `http`: a request for each delivery, or one for several. What a request carries and what
// an answer means is http/; how it reaches the receiver is the room net. It follows no redirect and
// knows no receiver by name.
// Follows docs/triggers.md (formats, headers, statuses) and docs/guarantees.md (idempotency keys).

import type { Trigger } from '../core/trigger.ts';
import { userAgent } from '../kit/version.ts';
import { createHttpClient } from '../net/axios-client.ts';
import { inBatches } from './http/batch.ts';
import type { CreateClient } from './http/connections.ts';
import { httpFindings } from './http/findings.ts';
import { neededSecrets } from './http/needed-secrets.ts';
import { previewRequest } from './http/preview.ts';
import { proxyUsed, receiverOf } from './http/proxy.ts';
import { type HttpSection, httpSchema, keyLifeOf } from './http/section.ts';
import { Sender } from './http/sender.ts';
import { oneByOne } from './http/single.ts';
import type { TriggerParts } from './parts.ts';
import { prefixFromName, type TriggerKind } from './trigger-kind.ts';

// Lanes bound how many attempts run at once, at most 1,000; a bound below theirs would let attempts
// wait for each other within their time.
const MAX_SOCKETS = 1_000;

/** HTTP requests. */
export const httpKind: TriggerKind<HttpSection> = {
  kind: 'http',
  summary: 'makes an HTTP request',
  schema: httpSchema,
  onLostAnswer: 'atLeastOnce',
  needsCluster: false,
  needsExec: false,
  hasKey: (section) => keyLifeOf(section) > 0,
  buildNamespaces: () => [],
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

// A build as a CI system describes it has a few kilobytes; what is cut is no JSON any more.
const JSON_BYTES = 256 * 1024;

/** A body that is only shown to people needs less than one that is read. */
function excerptOf({ expect, started = { header: '' } }: HttpSection): { excerptBytes?: number } {
  const isRead = expect?.json !== undefined || 'json' in started;
  return isRead ? { excerptBytes: JSON_BYTES } : {};
}

/** The trigger of a section; its requests are made by the clients that `create` makes. */
export function createHttpTrigger(
  section: HttpSection,
  parts: TriggerParts,
  create: CreateClient,
): Trigger {
  const { clock, folder, environment, random, observe } = parts;
  const used = proxyUsed(section, parts);
  if (used !== null) observe(used);
  const sender = new Sender(section, { clock, create, places: { folder, environment } });
  return {
    ...(section.batch === undefined
      ? oneByOne(section, sender)
      : inBatches(section, { sender, random })),
    isRenewed: () => sender.isRenewed(),
    [Symbol.asyncDispose]: () => sender[Symbol.asyncDispose](),
  };
}
