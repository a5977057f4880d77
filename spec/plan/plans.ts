// Plans of texts, as most specs of this room load them.

import type { ProblemCode } from '../../lib/core/problem.ts';
import { type LoadedPlan, loadPlan, type PlanRequest } from '../../lib/plan/load-plan.ts';
import type { Plan } from '../../lib/plan/plan.ts';
import { VALIDATORS } from '../support/validators.ts';

/** A trigger that needs nothing. */
export const TRIGGERS = 'triggers:\n  build:\n    brigade: { project: org/repo }\n';

/** Loads a text for the namespaces `shop` and `ci`. */
export function load(text: string | null, request: Partial<PlanRequest> = {}): LoadedPlan {
  const context = { namespace: 'shop', buildNamespace: 'ci', exec: 'refused' } as const;
  return loadPlan({ text, ...context, validators: VALIDATORS, ...request });
}

/** The plan of a text. **Errors**: throws if it is refused. */
export function plan(text: string | null, request: Partial<PlanRequest> = {}): Plan {
  const loaded = load(text, request);
  if (loaded.plan === null) throw new Error(JSON.stringify(loaded.problems));
  return loaded.plan;
}

/** Code and path of each problem. */
export function codes(
  text: string,
  request: Partial<PlanRequest> = {},
): readonly [ProblemCode, string][] {
  return load(text, request).problems.map(({ code, path }) => [code, path]);
}
