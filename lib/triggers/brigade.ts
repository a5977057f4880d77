// The kind `brigade`: starts a build of Brigade v1 by creating the Secret that its controller waits
// for. The Secret is rendered by brigade-secret.ts and the answer classified by api-answer-table.ts.
// Brigade v2 has another API and is not supported here.

import type { Delivery } from '../core/delivery.ts';
import { type JsonObject, objectOf, stringAt } from '../core/json-object.ts';
import type { JsonSchema } from '../core/ports/kind.ts';
import { errorAt, type Finding } from '../core/problem.ts';
import { toLabelValue } from '../kit/text/label.ts';
import { quoted } from '../kit/text/printable.ts';
import { resourcePath } from '../kubernetes/client/objects.ts';
import {
  BRIGADE_DEFAULTS,
  BRIGADE_PROFILES,
  type BrigadeSection,
  projectId,
  SINCE_V0_10,
  toBuildSecret,
} from './brigade-secret.ts';
import { createEach, type MadeObject, namespaceFindings, renderCreation } from './create-object.ts';
import { objectName, type PreviewParts, type TriggerKind } from './trigger-kind.ts';

const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...more,
});

const schema: JsonSchema = {
  type: 'object',
  description:
    'Starts a build of Brigade v1: creates the build Secret that its controller picks up.',
  additionalProperties: false,
  required: ['project'],
  properties: {
    project: text(
      'The project: its id, which begins with `brigade-`, or its name, from which the id is made.',
      { minLength: 1, examples: ['org/repo'] },
    ),
    profile: {
      enum: [...BRIGADE_PROFILES],
      description:
        'The version of Brigade whose Secret is written. `v0.10` is that of the original gateway: it has the label `commit_id` and no later keys. Its payload has only the fields that the original’s client knew.',
      default: BRIGADE_DEFAULTS.profile,
    },
    namespace: text('The namespace of Brigade; absent: the build namespace of the gateway.', {
      minLength: 1,
    }),
    provider: text('Value of `e.provider` in scripts.', { default: BRIGADE_DEFAULTS.provider }),
    ref: text('The git reference to build.', { default: BRIGADE_DEFAULTS.ref }),
    commit: text('The git commit to build; absent: the commit of the reference.'),
    cloneURL: text('The URL to clone; absent: the URL of the project.'),
    logLevel: text('The log level of the worker.', { examples: ['DEBUG'] }),
    shortTitle: text('The short title of the build.'),
    longTitle: text('The long title of the build.'),
    script: text('A script for the worker, before the one in the repository.'),
    config: text('A brigade.json for the worker, before the one in the repository.'),
    tooLarge: {
      enum: ['truncate', 'refuse'],
      description:
        'What happens to an Event that does not fit into a Secret of 1 MiB. `truncate` cuts its longest texts and marks each cut. `refuse` refuses the delivery.',
      default: 'truncate',
    },
  },
};

// Brigade keeps builds until its vacuum removes them, by age or by number. Objects without a time
// to live are assumed to exist for one hour.
const KEY_LIFE_MS = 3_600_000;

/** The kind of trigger that starts builds of Brigade v1. */
export const brigadeKind: TriggerKind<BrigadeSection> = {
  kind: 'brigade',
  summary: 'starts a build of Brigade v1',
  starts: 'a Brigade build of ${/project}',
  schema,
  onLostAnswer: 'atMostOnce',
  needsCluster: true,
  needsExec: false,
  hasKey: () => true,
  // Brigade's own tools use and expect this prefix.
  defaultPrefix: () => 'brigade-worker',
  check: (section, context) => [
    ...projectFindings(section),
    ...profileFindings(section),
    ...namespaceFindings(section.namespace ?? context.buildNamespace, '/namespace'),
  ],
  // No get: it would let the gateway read every Secret there. So a 409 is not verified.
  grants: [
    {
      namespaces: { at: '/namespace', otherwise: 'builds' },
      group: '',
      resource: 'secrets',
      verbs: ['create'],
      why: 'creates build Secrets for Brigade',
    },
  ],
  create: (section, parts) =>
    createEach(KEY_LIFE_MS, (delivery) => toCreation(section, parts, delivery), parts),
  preview: (section, parts, delivery) => {
    const made = toCreation(section, parts, delivery);
    if (!made.ok) return { ok: false, why: made.detail };
    const { creation } = made;
    return { ok: true, text: renderCreation({ ...creation, object: decoded(creation.object) }) };
  },
};

/** The creation of a delivery's build Secret, or why it is impossible. */
function toCreation(
  section: BrigadeSection,
  parts: PreviewParts,
  { id, occurrences }: Delivery,
): MadeObject {
  const namespace = section.namespace ?? parts.buildNamespace;
  const name = objectName(parts.prefix, id);
  const secret = toBuildSecret(section, { id, name, namespace, occurrence: occurrences[0] });
  if (!secret.ok) {
    const detail = `create Secret ${namespace}/${name}: ${secret.why}`;
    return { ok: false, reason: 'too-large', detail };
  }
  const collection = resourcePath({ group: '', version: 'v1', namespace, plural: 'secrets' });
  return { ok: true, creation: { collection, resource: 'secrets', object: secret.object } };
}

/** The same Secret with `data` as text under `stringData`, which the API server treats alike. */
function decoded({ data, stringData, ...secret }: JsonObject): JsonObject {
  const texts = Object.keys(objectOf(data)).map((key) => {
    return [key, Buffer.from(stringAt(data, key), 'base64').toString()] as const;
  });
  return { ...secret, stringData: { ...objectOf(stringData), ...Object.fromEntries(texts) } };
}

function projectFindings(section: BrigadeSection): readonly Finding[] {
  const id = projectId(section.project);
  if (toLabelValue(id) === id) return [];
  return [
    errorAt('wrong-value', '/project', {
      message: `found the project id ${JSON.stringify(section.project)} (expected a label value: at most 63 letters, digits, - _ . and a letter or digit at both ends)`,
      hint: 'give the id of the project as `brig project list` shows it, or its name, such as org/repo',
    }),
  ];
}

/** Keys that the profile v0.10 does not have, and a commit that cannot be its label. */
function profileFindings(section: BrigadeSection): readonly Finding[] {
  if (section.profile !== 'v0.10') return [];
  const later = SINCE_V0_10.filter((key) => section[key] !== undefined).map((key) =>
    errorAt('wrong-value', `/${key}`, {
      message: `found ${key} with the profile v0.10 (expected it with v1.5 only: Brigade v0.10 has no such key)`,
      hint: `remove ${key}, or write profile: v1.5`,
    }),
  );
  const { commit = '' } = section;
  if (toLabelValue(commit) === commit) return later;
  const label = errorAt('wrong-value', '/commit', {
    message: `found the commit ${quoted(commit, 80)}, which the profile v0.10 makes a label (expected at most 63 letters, digits, - _ .)`,
    hint: 'write the hash of the commit',
  });
  return [...later, label];
}
