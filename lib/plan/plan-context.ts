// What planning is given besides the text, and how findings of a section get the section's path.

import { pointerStep } from '../config/source-map.ts';
import type { CheckContext } from '../core/kind.ts';
import type { Finding } from '../core/problem.ts';
import type { OnLostAnswer } from '../core/trigger.ts';

/** Local commands run, are an error, or, where nothing runs, are worth a note. */
type ExecPermission = 'allowed' | 'refused' | 'noted';

/** What a plan depends on besides the configuration. */
export interface PlanContext {
  /** The gateway's own namespace; '' means all. */
  readonly namespace: string;
  /** Where builds go unless a trigger says otherwise. */
  readonly buildNamespace: string;
  /** Whether triggers may run local commands. */
  readonly exec: ExecPermission;
  /** Whether the gateway runs in a pod, which decides its default addresses; absent: it does not run. */
  readonly runsIn?: 'pod' | 'machine';
}

/** The context that a section's own checks see. */
export function sectionContext(name: string, context: PlanContext): CheckContext {
  return { name, namespace: context.namespace, buildNamespace: context.buildNamespace };
}

/** The same for a trigger, whose entry may say what becomes of lost answers. */
export function triggerContext(
  name: string,
  entry: { readonly onLostAnswer?: OnLostAnswer },
  context: PlanContext,
): CheckContext {
  const { onLostAnswer } = entry;
  const section = sectionContext(name, context);
  return onLostAnswer === undefined ? section : { ...section, onLostAnswer };
}

/** A JSON Pointer made of keys. */
export function pointerOf(...steps: readonly string[]): string {
  return steps.map((step) => `/${pointerStep(step)}`).join('');
}

/** Findings of a section as findings of the whole configuration. */
export function findingsAt(path: string, findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, path: `${path}${finding.path}` }));
}

/** An error, as most findings are. */
export function errorAt(path: string, said: Pick<Finding, 'code' | 'message' | 'hint'>): Finding {
  return { severity: 'error', path, ...said };
}
