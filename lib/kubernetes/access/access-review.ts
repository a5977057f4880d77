// Asks the API server which permissions this account has, with one SelfSubjectAccessReview for each verb.
// Each account may ask that about itself. What an answer means to a start is in lib/gateway.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/

import type { Clock } from '../../core/clock.ts';
import { type Json, type JsonObject, jsonAt, stringAt } from '../../core/json-object.ts';
import type { Permission } from '../../core/ports/kind.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { mapSomeAtOnce } from '../../kit/async/some-at-once.ts';
import { printable } from '../../kit/text/printable.ts';
import type { ApiAnswer, ApiClient } from '../client/kubernetes-api.ts';
import { create, isTransient } from '../client/objects.ts';

/** One verb of a permission; with `names` it is about one of them. */
export interface AccessQuestion {
  readonly permission: Permission;
  readonly verb: string;
  /** Null: every name. */
  readonly name: string | null;
}

/** An answer to a question; `why` says for people why it is not allowed. */
type AccessAnswer =
  | { readonly answer: 'allowed' }
  /** `isCertain`: no authorizer had an error. One that had an error may allow it the next time. */
  | { readonly answer: 'denied'; readonly why: string; readonly isCertain: boolean }
  /** The server did not answer the question. `isFinal`: asking again would not help. */
  | { readonly answer: 'unknown'; readonly why: string; readonly isFinal: boolean };

/** A question with its answer. */
export type ReviewedAccess = AccessQuestion & AccessAnswer;

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** An authorizer answers in milliseconds; a server that needs longer is in trouble. */
const QUESTION_MS = 5_000;
/** For all questions together, so that a server that hangs does not hold up a command. */
const REVIEW_MS = 10_000;
/** Few enough that a large configuration does not use up a server's share for one account. */
const AT_ONCE = 4;

/** Lists the questions of permissions. */
export function questionsOf(permissions: readonly Permission[]): readonly AccessQuestion[] {
  return permissions.flatMap((permission) =>
    permission.verbs.flatMap((verb) =>
      (permission.names ?? [null]).map((name) => ({ permission, verb, name })),
    ),
  );
}

/**
 * Asks the first question, and then the others, some at once. If the first has no answer, no other is
 * asked: a token that the server refuses, or a server that is away, is the same for all.
 *
 * **Order and time**: answers are in the order of the questions. After 10 s, and after an abort, the
 * remaining ones are unknown.
 */
export async function reviewAccess(
  api: ApiClient,
  questions: readonly AccessQuestion[],
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<readonly ReviewedAccess[]> {
  using deadline = openDeadline(clock, REVIEW_MS, signal);
  const [first, ...others] = questions;
  if (first === undefined) return [];
  const review = async (question: AccessQuestion): Promise<ReviewedAccess> => ({
    ...question,
    ...(await ask(api, question, deadline.signal)),
  });
  const answered = await review(first);
  if (answered.answer === 'unknown') return questions.map((one) => ({ ...answered, ...one }));
  return [answered, ...(await mapSomeAtOnce(others, AT_ONCE, review))];
}

async function ask(
  api: ApiClient,
  { permission: { namespace, group, resource }, verb, name }: AccessQuestion,
  signal: AbortSignal,
): Promise<AccessAnswer> {
  const resourceAttributes: JsonObject = {
    ...(namespace !== null && { namespace }),
    ...(name !== null && { name }),
    ...{ verb, group, resource },
  };
  const object: JsonObject = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const question = { path: PATH, object, timeoutMs: QUESTION_MS, isQuestion: true } as const;
  return answerIn(await create(api, question, signal));
}

function answerIn(answer: ApiAnswer): AccessAnswer {
  if (!answer.ok) {
    const why = `${answer.code}: ${answer.detail}`;
    return { answer: 'unknown', why, isFinal: false };
  }
  const { status, body } = answer;
  const allowed = jsonAt(body, 'status', 'allowed');
  if (status >= 200 && status <= 299 && typeof allowed === 'boolean') {
    return allowed ? { answer: 'allowed' } : denialIn(body);
  }
  const said = stringAt(body, 'message');
  const why = `status ${status}${said === '' ? '' : `: ${printable(said, 300)}`}`;
  return { answer: 'unknown', why, isFinal: status >= 400 && !isTransient(answer) };
}

/** `denied` is the word of one authorizer, whatever errors the others had. */
function denialIn(body: Json): AccessAnswer {
  const error = stringAt(body, 'status', 'evaluationError');
  const why = printable(error || stringAt(body, 'status', 'reason'), 300);
  const isCertain = error === '' || jsonAt(body, 'status', 'denied') === true;
  return { answer: 'denied', why, isCertain };
}
