// The kind `brigade`: starts a build of Brigade v1 by creating the Secret that its controller waits
// for. The Secret itself is brigade-secret.ts, what an answer means api-outcome.ts. Brigade v2 has
// another API and is another kind.

import { type Delivery } from '../core/delivery.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/event.ts';
import type { JsonSchema } from '../core/kind.ts';
import type { Finding } from '../core/problem.ts';
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
import {
  createObject,
  namespaceFindings,
  type ObjectCreation,
  objectName,
  renderCreation,
} from './create-object.ts';
import { oneEach, type PreviewParts, type TriggerKind } from './trigger-kind.ts';

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
      'The project: its id (begins with `brigade-`) or its name, from which the id is made.',
      { minLength: 1, examples: ['org/repo'] },
    ),
    profile: {
      enum: [...BRIGADE_PROFILES],
      description:
        'The version of Brigade whose Secret is written. `v0.10` is that of the original gateway: it has the label `commit_id` and no keys that came later. Its payload has only the fields that the original’s client knew.',
      default: BRIGADE_DEFAULTS.profile,
    },
    namespace: text('The namespace of Brigade; absent: the build namespace of the gateway.', {
      minLength: 1,
    }),
    provider: text('What scripts see as `e.provider`.', { default: BRIGADE_DEFAULTS.provider }),
    ref: text('The git reference to build.', { default: BRIGADE_DEFAULTS.ref }),
    commit: text('The git commit to build; absent: what the reference points at.'),
    cloneURL: text('Where to clone from; absent: the URL of the project.'),
    logLevel: text('The log level of the worker.', { examples: ['DEBUG'] }),
    shortTitle: text('The short title of the build.'),
    longTitle: text('The long title of the build.'),
    script: text('A script for the worker, before the one in the repository.'),
    config: text('A brigade.json for the worker, before the one in the repository.'),
    tooLarge: {
      enum: ['truncate', 'refuse'],
      description:
        'What happens to an Event that does not fit into a Secret of 1 MiB. `truncate` cuts its longest texts, each with a mark. `refuse` refuses the delivery.',
      default: 'truncate',
    },
  },
};

// Brigade keeps builds until its vacuum removes them, by age or by number: an hour is what every
// object without a life of its own is trusted with.
const KEY_LIFE_MS = 3_600_000;

/** Brigade v1 builds. */
export const brigadeKind: TriggerKind<BrigadeSection> = {
  kind: 'brigade',
  summary: 'starts a build of Brigade v1',
  schema,
  onLostAnswer: 'atMostOnce',
  needsCluster: true,
  needsExec: false,
  hasKey: () => true,
  buildNamespaces: (section, context) => [section.namespace ?? context.buildNamespace],
  // The name that Brigade's own tools give, and look for.
  defaultPrefix: () => 'brigade-worker',
  check: (section, context) => [
    ...projectFindings(section),
    ...profileFindings(section),
    ...namespaceFindings(section.namespace ?? context.buildNamespace, '/namespace'),
  ],
  // No get: it would let the gateway read every Secret there. A 409 is then not verified.
  permissions: (section, context) => [
    {
      namespace: section.namespace ?? context.buildNamespace,
      group: '',
      resource: 'secrets',
      verbs: ['create'],
      why: `trigger ${context.name}: create build Secrets for Brigade`,
    },
  ],
  create: (section, parts) =>
    oneEach(KEY_LIFE_MS, async (delivery, signal) => {
      const made = toCreation(section, parts, delivery);
      if (!made.ok) return { outcome: 'refused', reason: 'too-large', detail: made.detail };
      const { creation } = made;
      return createObject(parts.api, { ...creation, now: parts.clock.now() }, signal);
    }),
  preview: (section, parts, delivery) => {
    const made = toCreation(section, parts, delivery);
    if (!made.ok) return { ok: false, why: made.detail };
    const { creation } = made;
    return { ok: true, text: renderCreation({ ...creation, object: decoded(creation.object) }) };
  },
};

/** The build Secret of a delivery and where it is created, or why there is none. */
function toCreation(
  section: BrigadeSection,
  parts: PreviewParts,
  { id, occurrences }: Delivery,
):
  | { readonly ok: true; readonly creation: Omit<ObjectCreation, 'now'> }
  | { readonly ok: false; readonly detail: string } {
  const namespace = section.namespace ?? parts.buildNamespace;
  const name = objectName(parts.prefix, id);
  const secret = toBuildSecret(section, { id, name, namespace, occurrence: occurrences[0] });
  if (!secret.ok) {
    return { ok: false, detail: `create Secret ${namespace}/${name}: ${secret.why}` };
  }
  const collection = resourcePath({ group: '', version: 'v1', namespace, plural: 'secrets' });
  return { ok: true, creation: { collection, resource: 'secrets', object: secret.object } };
}

/** The same Secret with `data` as text under `stringData`, which an API server takes alike. */
function decoded({ data, stringData, ...secret }: JsonObject): JsonObject {
  const given = isJsonObject(stringData) ? stringData : {};
  const texts = Object.entries(isJsonObject(data) ? data : {}).map(
    ([key, value]): [string, Json] => [
      key,
      Buffer.from(typeof value === 'string' ? value : '', 'base64').toString('utf8'),
    ],
  );
  return { ...secret, stringData: { ...given, ...Object.fromEntries(texts) } };
}

function projectFindings(section: BrigadeSection): readonly Finding[] {
  const id = projectId(section.project);
  if (toLabelValue(id) === id) return [];
  return [
    {
      severity: 'error',
      code: 'wrong-value',
      path: '/project',
      message: `found the project id ${JSON.stringify(section.project)} (expected a label value: at most 63 letters, digits, - _ . and a letter or digit at both ends)`,
      hint: 'give the id of the project as `brig project list` shows it, or its name, such as org/repo',
    },
  ];
}

/** Keys that the profile v0.10 has no place for, and a commit that cannot be its label. */
function profileFindings(section: BrigadeSection): readonly Finding[] {
  if (section.profile !== 'v0.10') return [];
  const later = SINCE_V0_10.filter((key) => section[key] !== undefined).map(
    (key): Finding => ({
      severity: 'error',
      code: 'wrong-value',
      path: `/${key}`,
      message: `found ${key} with the profile v0.10, expected it with v1.5 only: Brigade v0.10 has no such key`,
      hint: `remove ${key}, or write profile: v1.5`,
    }),
  );
  const { commit = '' } = section;
  if (commit === '' || toLabelValue(commit) === commit) return later;
  const label: Finding = {
    severity: 'error',
    code: 'wrong-value',
    path: '/commit',
    message: `found the commit ${quoted(commit, 80)}, which the profile v0.10 makes a label (expected at most 63 letters, digits, - _ .)`,
    hint: 'write the hash of the commit',
  };
  return [...later, label];
}
