// The build Secret of Brigade v1, as its store writes it at v1.5.0. Pure: from a delivery and the
// section's options to the object. Every key is always there, empty or not.
// Source: brigadecore/brigade v1.5.0, pkg/storage/kube/build.go (CreateBuild) and
// pkg/brigade/project.go (ProjectID); the original gateway's cmd/k8s-gateway/main.go (createSecret).
import { createHash } from 'node:crypto';
import type { DeliveredOccurrence } from '../core/delivery.ts';
import type { JsonObject } from '../core/event.ts';
import { stringAt } from '../core/event.ts';
import { DELIVERY_KEY } from './create-object.ts';
import { toProcessText } from './process-text.ts';

/** The section `brigade:` of a trigger. */
export interface BrigadeSection {
  readonly project: string;
  readonly namespace?: string;
  readonly provider?: string;
  readonly ref?: string;
  readonly commit?: string;
  readonly cloneURL?: string;
  readonly logLevel?: string;
  readonly shortTitle?: string;
  readonly longTitle?: string;
  readonly script?: string;
  readonly config?: string;
}

/** What the original gateway called itself, and the branch it built. */
export const BRIGADE_DEFAULTS = { provider: 'k8s-gateway', ref: 'refs/heads/master' } as const;

const ID_PREFIX = 'brigade-';
const ID_DIGITS = 54;

/** A project's id: itself where it is one already, else made from the project's name. */
export function projectId(project: string): string {
  if (project.startsWith(ID_PREFIX)) return project;
  return `${ID_PREFIX}${createHash('sha256').update(project, 'utf8').digest('hex').slice(0, ID_DIGITS)}`;
}

/** One build to ask for. */
export interface BrigadeBuild {
  readonly id: string;
  /** `<prefix>-<id>`. */
  readonly name: string;
  readonly namespace: string;
  readonly occurrence: DeliveredOccurrence;
}

/**
 * The Secret that asks Brigade for a build.
 *
 * **Shape**: `data` is base64 and `stringData` plain, as Brigade's own store sends them; `build_id`
 * is the Secret's name. The payload is the Event as compact JSON without `kind` and `apiVersion`,
 * its keys in the order in which the API server sent them, which is that of the Go struct. The
 * delivery's id stands in an annotation, which Brigade ignores; it is never a label `status`, which
 * would make the controller pass the build over.
 */
export function toBuildSecret(section: BrigadeSection, build: BrigadeBuild): JsonObject {
  const project = projectId(section.project);
  const { event } = build.occurrence;
  const kind = stringAt(event, 'involvedObject', 'kind');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: build.name,
      namespace: build.namespace,
      labels: { build: build.id, component: 'build', heritage: 'brigade', project },
      annotations: { [DELIVERY_KEY]: build.id },
    },
    type: 'brigade.sh/build',
    data: {
      script: toBase64(section.script ?? ''),
      payload: toBase64(toPayload(event)),
      config: toBase64(section.config ?? ''),
    },
    stringData: {
      build_id: build.name,
      build_name: build.name,
      commit_id: section.commit ?? '',
      commit_ref: section.ref ?? BRIGADE_DEFAULTS.ref,
      event_provider: section.provider ?? BRIGADE_DEFAULTS.provider,
      // A variable of the worker's environment.
      event_type: toProcessText(`${kind}:${stringAt(event, 'reason')}`),
      project_id: project,
      log_level: section.logLevel ?? '',
      clone_url: section.cloneURL ?? '',
      short_title: section.shortTitle ?? '',
      long_title: section.longTitle ?? '',
    },
  };
}

function toPayload(event: JsonObject): string {
  const bare = Object.entries(event).filter(([key]) => key !== 'kind' && key !== 'apiVersion');
  return JSON.stringify(Object.fromEntries(bare));
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
