// A stand-in for an incoming webhook of Slack: accepted requests and refusals.
// Source: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
// https://docs.slack.dev/reference/block-kit/composition-objects/text-object (1 to 3,000
// characters), https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
// (statuses and texts), https://docs.slack.dev/apis/web-api/rate-limits (429 with Retry-After).

import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
} from '../../../lib/core/json-object.ts';
import { mediaTypeOf, objectIn, pathOf, type StandIn, textAnswer } from './answer.ts';

/** State of Slack. */
export interface Slack {
  /** The path of the webhook, which is its secret. */
  readonly path: string;
  readonly state: 'open' | 'prohibited' | 'archived' | 'limited';
}

const STATES = {
  prohibited: textAnswer(403, 'action_prohibited'),
  archived: textAnswer(410, 'channel_is_archived'),
  limited: textAnswer(429, 'rate_limited', { 'retry-after': '30' }),
} as const;

/** Slack in one state. */
export function slack({ path, state }: Slack): StandIn {
  return (request) => {
    if (pathOf(request) !== path) return textAnswer(404, 'no_service');
    if (state !== 'open') return STATES[state];
    const message = mediaTypeOf(request) === 'application/json' ? objectIn(request) : undefined;
    const why = message === undefined ? 'invalid_payload' : faultOf(message);
    return why === undefined ? textAnswer(200, 'ok') : textAnswer(400, why);
  };
}

function faultOf({ text, blocks, attachments }: JsonObject): string | undefined {
  if (text !== undefined && typeof text !== 'string') return 'invalid_payload';
  const isEmpty = text === undefined || text === '';
  if (isEmpty && blocks === undefined && attachments === undefined) return 'no_text';
  if (blocks === undefined) return undefined;
  return isJsonList(blocks) && blocks.length > 0 && blocks.every(isSection)
    ? undefined
    : 'invalid_blocks';
}

const LONGEST_TEXT = 3_000;

/** Of all blocks only sections with a text are known here. */
function isSection(block: Json): boolean {
  const object = jsonAt(block, 'text');
  if (jsonAt(block, 'type') !== 'section' || !isJsonObject(object)) return false;
  const { type, text, emoji = true } = object;
  const isKnown = type === 'plain_text' || (type === 'mrkdwn' && !('emoji' in object));
  const isText = typeof text === 'string' && text.length >= 1 && text.length <= LONGEST_TEXT;
  return isKnown && isText && typeof emoji === 'boolean';
}
