// The request to explain Events: reads the body of a client and limits how many do so at once.
// lib/views/explanations.ts makes the explanations.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { toExplanationDocument } from '../filters/decide.ts';
import { type ExplainPlan, explainEvent } from '../plan/explain-event.ts';
import { type EventsText, type ExplanationAnswer, explainAll } from '../views/explanations.ts';
import { badParameter } from '../views/parameters.ts';
import { RequestLimit } from './request-limit.ts';
import { badRequest, document, type RouteAnswer, type RouteCall, refusal } from './route.ts';

/** Largest JSON body: enough for a list of some thousand Events. */
export const BODY_BYTES = 16 * 1024 * 1024;
// Parsing YAML takes about 0.1 s a MiB and blocks the gateway for that time.
const YAML_BYTES = 1024 * 1024;
// Each holds a body, then an answer; the gateway needs the rest of the memory.
const AT_ONCE = { most: 4, what: '4 explanations are being made' };

/** Dependencies of the explainer. */
interface ExplainerParts {
  readonly plan: ExplainPlan;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** Explains the Events in request bodies. */
export class Explainer {
  readonly #parts: ExplainerParts;
  readonly #limit: RequestLimit;

  constructor(parts: ExplainerParts) {
    this.#parts = parts;
    this.#limit = new RequestLimit({ ...AT_ONCE, clock: parts.clock });
  }

  /** Explains the Events in a body; decisions are for `source`, or the first source that reads each. */
  async explain(
    { request, response }: RouteCall,
    source: string | undefined,
  ): Promise<RouteAnswer<ExplanationAnswer>> {
    const { plan, clock } = this.#parts;
    const sources = plan.sources.map(({ name }) => name);
    if (source !== undefined && !sources.includes(source)) {
      return badRequest(badParameter('source', `expected one of ${sources.join(', ')}`));
    }
    const full = this.#limit.admit(response);
    if (full !== null) return refusal(full);
    const body = await readBody(request, response, { json: BODY_BYTES, yaml: YAML_BYTES });
    if ('kind' in body) return body;
    const explained = await explainAll(body, {
      ...this.#parts,
      maxCharacters: BODY_BYTES,
      explain: (event) => {
        const made = explainEvent(event, plan, { source, now: clock.now() });
        return toExplanationDocument(made.occurrence, made.explanation, made.facts);
      },
    });
    if (explained.ok) return document(explained.answer);
    const { why, detail } = explained;
    return refusal({ status: why === 'too-large' ? 413 : 400, detail });
  }
}

type RefusedBody = RouteAnswer<never>;

function refused(status: 400 | 413 | 415, detail: string): RefusedBody {
  return refusal({ status, detail });
}

/** Media types of each form, also as a suffix (`application/cloudevents+json`). */
const FORMS = {
  json: /^application\/(?:(?:[a-z0-9.+-]+\+)?json|(?:x-)?ndjson|jsonl)\s*(?:;|$)/i,
  // RFC 9512, and the older name.
  yaml: /^application\/(?:(?:[a-z0-9.+-]+\+)?yaml|x-yaml)\s*(?:;|$)/i,
} as const;
/** The header Expect as Node reads it; see RFC 9110 §10.1.1. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/**
 * Reads a body up to the limit of its form. It sends 100 Continue to a client that waits for it.
 *
 * **Errors**: refuses web forms and plain text, because a page of another origin could send them.
 * Refuses compressed bodies, because their size is unknown before they are unpacked.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: { readonly json: number; readonly yaml: number },
): Promise<EventsText | RefusedBody> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  const form = FORMS.json.test(type) ? 'json' : FORMS.yaml.test(type) ? 'yaml' : null;
  if (form === null) {
    return refused(415, 'expected a body with Content-Type: application/json or application/yaml');
  }
  if (encoding.toLowerCase() !== 'identity') {
    return refused(415, 'expected a body without Content-Encoding');
  }
  const most = maxBytes[form];
  const tooLarge = refused(413, `expected a body of at most ${most} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > most) return tooLarge;
  if (CONTINUE.test(request.headers.expect ?? '')) response.writeContinue();
  const bytes = await readBytes(request, most);
  if (bytes === null) return tooLarge;
  const text = decoded(bytes);
  return text === null ? refused(400, 'the body is not UTF-8') : { text, form };
}

/** Reads at most so many bytes; null if there are more. */
async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Decodes UTF-8; null if it is invalid. */
function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // The decoder gives no details; the caller refuses the body.
    return null;
  }
}
