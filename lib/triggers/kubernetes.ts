// The kind `kubernetes`: creates one object from a manifest, whatever its kind: a Job, a Tekton
// PipelineRun, an Argo Workflow. How the manifest becomes an object is manifest/, what an answer
// means api-outcome.ts. It watches nothing of what it started.
// Follows docs/configuration.md (templates) and docs/guarantees.md (how long a name protects).
import { objectName } from '../core/delivery-id.ts';
import type { Delivery } from '../core/delivery.ts';
import type { JsonObject } from '../core/event.ts';
import { stringAt } from '../core/event.ts';
import type { CheckContext, JsonSchema } from '../core/kind.ts';
import type { Outcome } from '../core/outcome.ts';
import { resourcePath } from '../kubernetes/objects.ts';
import { createObject } from './create-object.ts';
import { compileManifest } from './manifest/compile.ts';
import { toTemplateDocument } from './manifest/document.ts';
import { keyLifeOf } from './manifest/key-life.ts';
import { manifestFindings } from './manifest/manifest-findings.ts';
import { withMarks } from './manifest/own-marks.ts';
import type { Complaint, TooLarge } from './manifest/render-leaf.ts';
import type { ApiResource } from './manifest/resource.ts';
import { resourceOf } from './manifest/resource.ts';
import { oneEach } from './one-each.ts';
import type { TriggerParts } from './parts.ts';
import type { TriggerKind } from './trigger-kind.ts';
import { prefixFromName } from './trigger-kind.ts';

/** The section `kubernetes:` of a trigger. */
export interface KubernetesSection {
  readonly manifest: JsonObject;
  /** JSON Pointers into the manifest. */
  readonly allowFromEvent?: readonly string[];
  readonly resource?: string;
  readonly tooLarge?: TooLarge;
}

// A build with a part of a message is worth more than none.
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
        'The object, with `${path}` templates in its values. Values of the Event may stand in annotations, labels, env values, args (a whole argument or `--name=${…}`), Tekton params and Workflow parameters. The name is given by Sluice.',
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
        'Further places at which values of the Event may stand, as JSON Pointers into the manifest. The author of an Event then decides what stands there. It opens no command.',
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
        'What happens to a value that is too large for its place. `truncate` cuts it and says so at its end. `refuse` refuses the delivery.',
      default: DEFAULT_TOO_LARGE,
    },
    resource: {
      type: 'string',
      description:
        'The plural of the kind as the API spells it, where it is not the customary one (jobs, pipelineruns, policies): lower-case letters, digits, - and dots.',
      pattern: '^[a-z0-9.-]+$',
      examples: ['jobs'],
    },
  },
};

/** Objects from a manifest. */
export const kubernetesKind: TriggerKind<KubernetesSection> = {
  kind: 'kubernetes',
  summary: 'creates one object from a manifest',
  schema,
  onLostAnswer: 'atMostOnce',
  needsCluster: true,
  needsExec: false,
  hasKey: () => true,
  buildNamespaces: (section, context) => [namespaceOf(section, context.buildNamespace)],
  defaultPrefix: prefixFromName,
  check: (section, context) =>
    manifestFindings(section, {
      namespace: namespaceOf(section, context.buildNamespace),
      ...(context.onLostAnswer !== undefined && { onLostAnswer: context.onLostAnswer }),
    }),
  permissions: (section, context) => {
    const { group, plural: resource } = resourceOfSection(section);
    // To get Secrets would let the gateway read every Secret there.
    const verbs = group === '' && resource === 'secrets' ? ['create'] : ['create', 'get'];
    return [{ ...whereAndWhy(section, context), group, resource, verbs }];
  },
  create: (section, parts) => {
    const { manifest, allowFromEvent: allowed = [], tooLarge = DEFAULT_TOO_LARGE } = section;
    const { render } = compileManifest(manifest, { allowed, tooLarge });
    const namespace = namespaceOf(section, parts.buildNamespace);
    const resource = resourceOfSection(section);
    const start = { parts, namespace, resource };
    return oneEach(keyLifeOf(section.manifest).ms, async (delivery, signal) => {
      const rendered = render(toTemplateDocument(delivery));
      if (!rendered.ok) return notRendered(section, start, { ...rendered, delivery });
      const object = withMarks(rendered.object, marksOf(start, delivery));
      return createObject(
        parts.api,
        {
          collection: resourcePath({ ...resource, namespace }),
          resource: resource.plural,
          object,
          now: parts.clock.now(),
        },
        signal,
      );
    });
  },
};

interface Start {
  readonly parts: TriggerParts;
  readonly namespace: string;
  readonly resource: ApiResource;
}

function marksOf({ parts, namespace }: Start, { id }: Delivery) {
  return { id, name: objectName(parts.prefix, id), namespace, trigger: parts.name };
}

function notRendered(
  section: KubernetesSection,
  start: Start,
  { delivery, reason, why }: Complaint & { readonly delivery: Delivery },
): Outcome {
  const { namespace, name } = marksOf(start, delivery);
  const doing = `create ${stringAt(section.manifest, 'kind')} ${namespace}/${name}`;
  return { outcome: 'refused', reason, detail: `${doing}: ${why}` };
}

function namespaceOf(section: KubernetesSection, buildNamespace: string): string {
  return stringAt(section.manifest, 'metadata', 'namespace') || buildNamespace;
}

function resourceOfSection({ manifest, resource }: KubernetesSection): ApiResource {
  return resourceOf(stringAt(manifest, 'apiVersion'), stringAt(manifest, 'kind'), resource);
}

function whereAndWhy(section: KubernetesSection, context: CheckContext) {
  const kind = stringAt(section.manifest, 'kind');
  return {
    namespace: namespaceOf(section, context.buildNamespace),
    why: `trigger ${context.name}: create each ${kind}, and tell whose it is where one exists`,
  };
}
