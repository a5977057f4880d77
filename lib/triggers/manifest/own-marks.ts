// What Sluice writes on every object it creates and on the pods that come of it: the name made from
// the delivery id, the id itself, and labels by which people and the loop guard know a build.
// Source: facts of the Kubernetes API: a Job's pods carry the labels of its pod template, a
// Workflow's those of spec.podMetadata, a PipelineRun hands its own labels down.

import { isJsonObject, type Json, type JsonObject, jsonAt } from '../../core/event.ts';
import { toLabelValue } from '../../kit/label.ts';
import { DELIVERY_KEY } from '../create-object.ts';

/** Whose object it is. */
export interface Marks {
  readonly id: string;
  /** The object's name. */
  readonly name: string;
  readonly namespace: string;
  /** The trigger's name in the configuration. */
  readonly trigger: string;
}

/** The object with name, namespace, annotation and labels; ours win over the manifest's. */
export function withMarks(object: JsonObject, marks: Marks): JsonObject {
  const labels = labelsOf(marks);
  const metadata = toObject(object['metadata']);
  const marked: JsonObject = {
    ...object,
    metadata: {
      ...metadata,
      name: marks.name,
      namespace: marks.namespace,
      labels: { ...toObject(metadata['labels']), ...labels },
      annotations: { ...toObject(metadata['annotations']), [DELIVERY_KEY]: marks.id },
    },
  };
  return withPodLabels(marked, labels);
}

function withPodLabels(object: JsonObject, labels: JsonObject): JsonObject {
  const spec = object['spec'];
  if (!isJsonObject(spec)) return object;
  if (isWorkflow(object)) {
    return { ...object, spec: { ...spec, podMetadata: labelled(spec['podMetadata'], labels) } };
  }
  const template = spec['template'];
  // What has a pod template has pod specs in it: Job, Deployment and whatever copies their shape.
  if (!isJsonObject(template) || !isJsonObject(jsonAt(template, 'spec'))) return object;
  const metadata = labelled(template['metadata'], labels);
  return { ...object, spec: { ...spec, template: { ...template, metadata } } };
}

function labelled(metadata: Json | undefined, labels: JsonObject): JsonObject {
  const own = toObject(metadata);
  return { ...own, labels: { ...toObject(own['labels']), ...labels } };
}

function labelsOf(marks: Marks): JsonObject {
  return {
    'app.kubernetes.io/managed-by': 'sluice',
    [DELIVERY_KEY]: marks.id,
    'sluice.dev/trigger': toLabelValue(marks.trigger),
  };
}

function isWorkflow(object: JsonObject): boolean {
  const apiVersion = object['apiVersion'];
  return (
    typeof apiVersion === 'string' &&
    apiVersion.startsWith('argoproj.io/') &&
    object['kind'] === 'Workflow'
  );
}

function toObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
