// A stand-in for the sink of a Tekton EventListener with the CEL filter of the recipe before its
// trigger. The filter runs after the answer: a request that it stops is answered 202 too.
// Source: https://tekton.dev/docs/triggers/eventlisteners/ (payload validation, the answer),
// https://tekton.dev/docs/triggers/cel_expressions/ (compareSecret), HandleEvent and IsValidPayload
// in pkg/sink of tektoncd/triggers (202, and 400 for a body that is no JSON object).

import type { JsonObject } from '../../../lib/core/json-object.ts';
import { jsonAnswer, objectIn, type StandIn } from './answer.ts';

/** State of the EventListener. */
export interface EventListener {
  /** Value that the filter expects in the header `X-Sluice-Token`. */
  readonly token: string;
  /** Whether an ingress before it asks for credentials that the recipe does not send. */
  readonly isGuarded: boolean;
}

const ANSWER = {
  eventListener: 'sluice',
  namespace: 'tekton',
  eventListenerUID: 'ea71a6e4-9531-43a1-94fe-6136515d938c',
};

/** An EventListener in one state; it passes each body that passes its filter to `triggered`. */
export function eventListener(
  { token, isGuarded }: EventListener,
  triggered: (body: JsonObject) => void,
): StandIn {
  return (request) => {
    if (isGuarded) return jsonAnswer(401, { message: 'Unauthorized' });
    const body = objectIn(request);
    if (body === undefined) {
      const errorMessage = 'Invalid event body format : no JSON object';
      return jsonAnswer(400, { ...ANSWER, errorMessage });
    }
    if (request.headers['x-sluice-token'] === token) triggered(body);
    return jsonAnswer(202, { ...ANSWER, eventID: '14a657c3-6816-45bf-b214-4afdaefc4ebd' });
  };
}
