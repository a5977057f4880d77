// Manifests, findings and rendered objects for the specs of this folder.

import { expect } from 'chai';
import type { Outcome } from '../../../lib/core/delivery.ts';
import { type Json, type JsonObject, jsonAt } from '../../../lib/core/json-object.ts';
import type { EventObject } from '../../../lib/core/occurrence.ts';
import { toText } from '../../../lib/kit/text/template.ts';
import { type KubernetesSection, kubernetesKind } from '../../../lib/triggers/kubernetes.ts';
import { aDelivery } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { FakeApi } from '../support/fake-api.ts';
import { CONTEXT, someParts } from '../support/parts.ts';

/** A value that an Event decides. */
export const EVENT = '${event.message}';

/** The place of the one container of `aJob`. */
export const CONTAINER = '/manifest/spec/template/spec/containers/0';

/** A Job with one container, and further keys of its pod template. */
export function aJob(container: JsonObject, template: JsonObject = {}): JsonObject {
  const spec = { containers: [{ name: 'build', image: 'build:1', ...container }] };
  return { apiVersion: 'batch/v1', kind: 'Job', spec: { template: { spec, ...template } } };
}

/** A Tekton PipelineRun. */
export function aRun(spec: JsonObject): JsonObject {
  return { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', spec };
}

/** An Argo Workflow. */
export function aWorkflow(spec: JsonObject): JsonObject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', spec };
}

/** The findings for a manifest as `code path`; a warning as `warning code path`. */
export function check(
  manifest: JsonObject,
  allowFromEvent: readonly string[] = [],
): readonly string[] {
  const findings = kubernetesKind.check?.({ manifest, allowFromEvent }, CONTEXT) ?? [];
  return findings.map(({ severity, code, path }) =>
    severity === 'error' ? `${code} ${path}` : `${severity} ${code} ${path}`,
  );
}

/** A variable of a container. */
export const variable = (name: string, value: Json): JsonObject => ({ name, value });

/** Result of an attempt. */
export interface Fired {
  readonly outcome: Outcome | undefined;
  /** The sent object; null if none was sent. */
  readonly object: JsonObject | null;
}

/** Makes one attempt for an Event. */
export async function fire(section: KubernetesSection, event: EventObject): Promise<Fired> {
  const api = new FakeApi();
  const delivery = aDelivery({ event });
  const trigger = kubernetesKind.create(section, someParts({ api }));
  const [outcome] = await trigger.fire([delivery], NEVER);
  return { outcome, object: api.created[0] ?? null };
}

/** The object that is created for an Event. */
export async function created(section: KubernetesSection, event: EventObject): Promise<JsonObject> {
  const { outcome, object } = await fire(section, event);
  expect(outcome, JSON.stringify(outcome).slice(0, 500)).to.include({ outcome: 'delivered' });
  return object ?? {};
}

/** The value at a JSON Pointer, as text. */
export function textAt(value: JsonObject, pointer: string): string {
  let here: Json | undefined = value;
  for (const step of pointer.split('/').slice(1)) {
    here = Array.isArray(here) ? (here as readonly Json[])[Number(step)] : jsonAt(here, step);
  }
  expect(here, pointer).to.not.equal(undefined);
  return toText(here ?? null);
}
