// The kind `kubernetes`: creates one object from a manifest, for instance a Job, a Tekton
// PipelineRun or an Argo Workflow. The object is not watched. Rendering is in manifest/, the meaning
// of answers in api-answer-table.ts.
// Follows docs/configuration.md (templates) and docs/guarantees.md (key life).
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

import type { Delivery } from '../core/delivery.ts';
import {
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  objectOf,
  stringAt,
} from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import { toLabelValue } from '../kit/text/label.ts';
import { resourceOf, resourcePath } from '../kubernetes/client/objects.ts';
import { createEach, DELIVERY_KEY, type MadeObject, renderCreation } from './create-object.ts';
import { dryRunOf } from './dry-run.ts';
import { compileManifest } from './manifest/compile-manifest.ts';
import { toTemplateDocument } from './manifest/document.ts';
import { keyLifeOf, type ManifestSection, manifestFindings } from './manifest/manifest-findings.ts';
import type { TooLarge } from './manifest/render-leaf.ts';
import { objectName, type PreviewParts, prefixFromName, type TriggerKind } from './trigger-kind.ts';

/** The section `kubernetes:` of a trigger. */
export interface KubernetesSection extends ManifestSection {
  readonly resource?: string;
  readonly tooLarge?: TooLarge;
}

// A build with a part of a message is worth more than no build.
const DEFAULT_TOO_LARGE: TooLarge = 'truncate';

const schema: JsonSchema = {
  type: 'object',
  description:
    'Creates one object: a Job, a Tekton PipelineRun, an Argo Workflow or any other kind.',
  additionalProperties: false,
  required: ['manifest'],
  properties: {
    manifest: {
      type: 'object',
      description:
        'The object, with `${path}` templates in its values. Values of the Event are allowed in annotations, labels, env values, args (a whole argument or `--name=${…}`), Tekton params and Workflow parameters. Sluice sets the name.',
      required: ['apiVersion', 'kind'],
      properties: {
        apiVersion: { type: 'string', minLength: 1, description: 'Its API group and version.' },
        kind: { type: 'string', minLength: 1, description: 'Its kind.' },
        metadata: {
          type: 'object',
          description: 'Namespace (absent: the build namespace), labels and annotations.',
        },
      },
      additionalProperties: true,
      examples: [{ apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: 'ci' } }],
    },
    allowFromEvent: {
      type: 'array',
      description:
        'Further places at which values of the Event are allowed, as JSON Pointers into the manifest. The author of an Event then decides the value there. A command is never allowed.',
      items: {
        type: 'string',
        pattern: '^/',
        description: 'A JSON Pointer begins with /, as in /spec/template/spec/hostname.',
      },
      examples: [['/spec/template/spec/containers/0/image']],
    },
    tooLarge: {
      enum: ['truncate', 'refuse'],
      description:
        'What happens to a value that is too large for its place. `truncate` cuts it and marks its end. `refuse` refuses the delivery.',
      default: DEFAULT_TOO_LARGE,
    },
    resource: {
      type: 'string',
      description:
        'The plural of the kind as the API spells it, if it is irregular (regular: jobs, pipelineruns, policies): lower-case letters, digits, - and dots.',
      pattern: '^[a-z0-9.-]+$',
      examples: ['jobs'],
    },
  },
};

/** The kind of trigger that creates an object from a manifest. */
export const kubernetesKind: TriggerKind<KubernetesSection> = {
  kind: 'kubernetes',
  summary: 'creates one object from a manifest',
  starts: 'a ${/manifest/kind}',
  templatesAt: ['/manifest'],
  schema,
  onLostAnswer: 'atMostOnce',
  needsCluster: true,
  needsExec: false,
  hasKey: () => true,
  defaultPrefix: prefixFromName,
  check: (section, context) =>
    manifestFindings(section, namespaceOf(section, context.buildNamespace), context.onLostAnswer),
  grants: [
    {
      namespaces: { at: '/manifest/metadata/namespace', otherwise: 'builds' },
      manifestAt: '/manifest',
      pluralAt: '/resource',
      verbs: ['create', 'get'],
      // Permission to get Secrets would let the gateway read every Secret there.
      verbsOnSecrets: ['create'],
      why: 'creates its objects, and reads an existing one to compare its delivery id',
    },
  ],
  create: (section, parts) =>
    createEach(keyLifeOf(section.manifest).ms, compileCreation(section, parts), parts),
  dryRun: (section, parts, signal) =>
    dryRunOf(compileCreation(section, parts)(parts.delivery), parts, signal),
  preview: (section, parts, delivery) => {
    const made = compileCreation(section, parts)(delivery);
    return made.ok
      ? { ok: true, text: renderCreation(made.creation) }
      : { ok: false, why: made.detail };
  },
};

/** Compiles the manifest once, to a function that makes the object of each delivery. */
function compileCreation(
  section: KubernetesSection,
  parts: PreviewParts,
): (delivery: Delivery) => MadeObject {
  const { manifest, allowFromEvent: allowed = [], tooLarge = DEFAULT_TOO_LARGE } = section;
  const { render } = compileManifest(manifest, allowed, tooLarge);
  const namespace = namespaceOf(section, parts.buildNamespace);
  const resource = resourceOf(manifest, section.resource);
  const collection = resourcePath({ ...resource, namespace });
  return (delivery) => {
    const name = objectName(parts.prefix, delivery.id);
    const rendered = render(toTemplateDocument(delivery));
    if (!rendered.ok) {
      const doing = `create ${stringAt(manifest, 'kind')} ${namespace}/${name}`;
      return { ok: false, reason: rendered.reason, detail: `${doing}: ${rendered.why}` };
    }
    const own = { id: delivery.id, name, namespace, trigger: parts.name };
    const object = withOwnMetadata(rendered.object, own);
    return { ok: true, creation: { collection, resource: resource.plural, object } };
  };
}

function namespaceOf(section: KubernetesSection, buildNamespace: string): string {
  return stringAt(section.manifest, 'metadata', 'namespace') || buildNamespace;
}

/** Metadata that Sluice sets on every object; `trigger` is its name in the configuration. */
type OwnMetadata = Readonly<Record<'id' | 'name' | 'namespace' | 'trigger', string>>;

/**
 * The object with name, namespace, delivery id and the labels by which people and the loop guard
 * recognize a build. They override those of the manifest.
 */
function withOwnMetadata(object: JsonObject, own: OwnMetadata): JsonObject {
  const { id, name, namespace, trigger } = own;
  const labels = {
    'app.kubernetes.io/managed-by': 'sluice',
    [DELIVERY_KEY]: id,
    'sluice.dev/trigger': toLabelValue(trigger),
  };
  const given = labelled({ ...objectOf(object['metadata']), name, namespace }, labels);
  const annotations = { ...objectOf(given['annotations']), [DELIVERY_KEY]: id };
  const metadata = { ...given, annotations };
  return withPodLabels({ ...object, metadata }, labels);
}

/**
 * The object with the labels for its pods. A Job's pods have the labels of its pod template, a
 * Workflow's those of spec.podMetadata. A PipelineRun passes on its own labels.
 */
function withPodLabels(object: JsonObject, labels: JsonObject): JsonObject {
  const spec = object['spec'];
  if (!isJsonObject(spec)) return object;
  const isArgo = stringAt(object, 'apiVersion').startsWith('argoproj.io/');
  if (isArgo && object['kind'] === 'Workflow') {
    return { ...object, spec: { ...spec, podMetadata: labelled(spec['podMetadata'], labels) } };
  }
  const template = spec['template'];
  // A pod template has a pod spec: in a Job, a Deployment and kinds of the same shape.
  if (!isJsonObject(template) || !isJsonObject(jsonAt(template, 'spec'))) return object;
  const metadata = labelled(template['metadata'], labels);
  return { ...object, spec: { ...spec, template: { ...template, metadata } } };
}

function labelled(metadata: Json | undefined, labels: JsonObject): JsonObject {
  const given = objectOf(metadata);
  return { ...given, labels: { ...objectOf(given['labels']), ...labels } };
}
