// The dry run of a creation: the API server does everything but store the object. It finds what would
// refuse every delivery: a misspelled field, an invalid value, a kind or namespace that does not exist.
// Answers that may pass, and those of webhooks and policies, find nothing: they can depend on the Event,
// and a webhook may refuse dry runs only.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run and #field-validation

import { type Json, type JsonObject, objectOf, stringAt } from '../core/json-object.ts';
import type { DryRun } from '../core/ports/trigger.ts';
import { printable } from '../kit/text/printable.ts';
import type { ApiAnswer } from '../kubernetes/client/kubernetes-api.ts';
import { create } from '../kubernetes/client/objects.ts';
import { causesOf, outcomeOf } from './api-answer-table.ts';
import type { MadeObject } from './create-object.ts';
import type { DryRunParts } from './trigger-kind.ts';

/** Webhooks may take long; without an answer a dry run finds nothing. */
const DRY_RUN_MS = 10_000;

const NOTHING: DryRun = { ok: true };

/** Creates an object without storing it. */
export async function dryRunOf(
  made: MadeObject,
  { api, clock }: Pick<DryRunParts, 'api' | 'clock'>,
  signal: AbortSignal,
): Promise<DryRun> {
  // An Event decides whether an object can be rendered.
  if (!made.ok) return NOTHING;
  const { collection: path, object, resource } = made.creation;
  const send: SendDry = (sent, fieldValidation) => {
    const options = { timeoutMs: DRY_RUN_MS, dryRun: 'All', fieldValidation } as const;
    return create(api, { path, object: sent, ...options }, signal);
  };
  const name = stringAt(object, 'metadata', 'name');
  const namespace = stringAt(object, 'metadata', 'namespace');
  const answer = await send(object, 'Strict');
  if (!answer.ok) return NOTHING;
  const { status, body } = answer;
  const outcome = outcomeOf(answer, { doing: '', name, needs: '', now: clock.now() });
  const reason = outcome.outcome === 'refused' ? outcome.reason : '';
  const apiVersion = stringAt(object, 'apiVersion');
  if (reason === 'not-found') {
    if (stringAt(body, 'details', 'kind') === 'namespaces') {
      return { ok: false, fault: 'no-such-namespace', detail: `no namespace ${namespace}` };
    }
    return { ok: false, fault: 'no-such-kind', detail: `no ${resource} in ${apiVersion}` };
  }
  if (reason !== 'invalid') return NOTHING;
  if (status === 422) return invalidFields(body);
  if (status !== 400) return NOTHING;
  // A webhook may give the same status and reason as the server, for instance to every dry run. The
  // server gives it to an unknown field only as long as it does not ignore them.
  const ignoring = await send(object, 'Ignore');
  if (!ignoring.ok) return NOTHING;
  if (ignoring.status !== 400) {
    return { ok: false, fault: 'unknown-field', detail: unknownFields(body) };
  }
  if (await isDecoded(object, send)) return NOTHING;
  return { ok: false, fault: 'invalid', detail: wrongType(body) };
}

type SendDry = (object: JsonObject, fieldValidation: 'Strict' | 'Ignore') => Promise<ApiAnswer>;

/**
 * Whether a 400 for the object comes from a webhook, and not from decoding a value of a wrong type. A
 * name that validation refuses does not reach validating webhooks; mutating ones, which come before,
 * also see an object without its content.
 */
async function isDecoded(object: JsonObject, send: SendDry): Promise<boolean> {
  const { apiVersion = '', kind = '', metadata } = object;
  const misnamed = { ...objectOf(metadata), name: '_' };
  const whole = await send({ ...object, metadata: misnamed }, 'Ignore');
  if (!whole.ok || whole.status !== 400) return true;
  const empty = await send({ apiVersion, kind, metadata: misnamed }, 'Ignore');
  return !empty.ok || empty.status === 400;
}

/** The fields of a validation; a webhook may answer so without naming any. */
function invalidFields(body: Json): DryRun {
  const fields = causesOf({ body }).flatMap((cause) => {
    const field = stringAt(cause, 'field');
    const why = stringAt(cause, 'reason').replace(/^FieldValue/, '');
    // The message of the cause quotes the value.
    return field === '' ? [] : [`${field} (${why})`];
  });
  if (fields.length === 0) return NOTHING;
  return { ok: false, fault: 'invalid', detail: shortened(fields) };
}

/** The names in the server's message; the fault was recognized before, without the message. */
function unknownFields(body: Json): string {
  const message = stringAt(body, 'message');
  const fields = [...message.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g)];
  return shortened(fields.map(([, field = '']) => field)) || 'a field that this kind does not have';
}

/** The field in the server's message, which a decoder of Go writes. */
function wrongType(body: Json): string {
  const found = /Go struct field \w+\.([\w.]+) of type/.exec(stringAt(body, 'message'));
  return shortened([`${found?.[1] ?? 'a value'} has a wrong type`]);
}

// Enough for the first mistakes of a manifest.
const LONGEST = 300;

function shortened(fields: readonly string[]): string {
  return printable([...new Set(fields)].join(', '), LONGEST);
}
