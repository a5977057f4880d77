// The places of values in a manifest, and the closed list of places for Event values, as data. The
// author of an Event must not choose an image, a command or a name.
// Source: docs/triggers.md; the Pod, Tekton v1 PipelineRun and Argo Workflow API references.

import { toPointer } from '../../kit/data/json-pointer.ts';

/**
 * A kind of place. `fixed` allows no template and `command` no Event value. `script`, `path` and
 * `elsewhere` allow one only if `allowFromEvent` names the place; kubelet expands `path`.
 */
export type ManifestPlace =
  | 'annotation'
  | 'label'
  | 'env'
  | 'argument'
  | 'command'
  | 'param'
  | 'script'
  | 'path'
  | 'fixed'
  | 'elsewhere';

/** The steps from the manifest to a value: keys, and indexes as decimal text. */
export type Steps = readonly string[];

/** The places that allow Event values without `allowFromEvent`. */
export const EVENT_PLACES: readonly ManifestPlace[] = [
  'annotation',
  'label',
  'env',
  'argument',
  'param',
];

/** The places whose text kubelet expands: `$(NAME)` there is the variable NAME. */
export const EXPANDED_PLACES: readonly ManifestPlace[] = ['env', 'argument', 'command', 'path'];

interface PlaceRow {
  readonly place: ManifestPlace;
  /** Matches the JSON Pointer of the value. */
  readonly pointer: RegExp;
  /** Matches the manifest's apiVersion; absent: any. */
  readonly apiVersion?: RegExp;
}

const CONTAINER = '(?:containers|initContainers|ephemeralContainers)/\\d+';

const TEKTON = /^(?:[a-z0-9-]+\.)*tekton\.dev\//;
const ARGO = /^(?:[a-z0-9-]+\.)*argoproj\.io\//;

/** The first row that fits applies. */
const ROWS: readonly PlaceRow[] = [
  // The loop guard must know the namespaces of created objects before any Event.
  { place: 'fixed', pointer: /^\/(?:apiVersion|kind|metadata\/namespace)$/ },
  { place: 'annotation', pointer: /\/(?:metadata|podMetadata)\/annotations\/[^/]+$/ },
  { place: 'label', pointer: /\/(?:metadata|podMetadata)\/labels\/[^/]+$/ },
  { place: 'param', pointer: /^\/spec\/params\/\d+\/value(?:\/|$)/, apiVersion: TEKTON },
  { place: 'param', pointer: /^\/spec\/arguments\/parameters\/\d+\/value$/, apiVersion: ARGO },
  // Containers, steps, probes and hooks of every kind, also inside custom resources.
  { place: 'command', pointer: /^\/spec\/(?:.*\/)?command(?:\/\d+)?$/ },
  // All arguments as one template: no word of them could be checked.
  { place: 'command', pointer: new RegExp(`/${CONTAINER}/args$`) },
  { place: 'script', pointer: /^\/spec\/(?:.*\/)?script(?:\/source)?$/ },
  { place: 'path', pointer: /\/volumeMounts\/\d+\/subPathExpr$/ },
  // Tekton and Argo replace references before kubelet does, also in env and args of embedded tasks
  // and templates. Values must be passed as parameters there.
  { place: 'elsewhere', pointer: /^/, apiVersion: TEKTON },
  { place: 'elsewhere', pointer: /^/, apiVersion: ARGO },
  { place: 'env', pointer: new RegExp(`/${CONTAINER}/env/\\d+/value$`) },
  { place: 'argument', pointer: new RegExp(`/${CONTAINER}/args/\\d+$`) },
  { place: 'elsewhere', pointer: /^/ },
];

/** The kind of place of a value. */
export function placeOf(steps: Steps, apiVersion: string): ManifestPlace {
  const pointer = toPointer(steps);
  const row = ROWS.find(
    (candidate) =>
      candidate.pointer.test(pointer) && (candidate.apiVersion?.test(apiVersion) ?? true),
  );
  return row?.place ?? 'elsewhere';
}

/** The beginning of a reference in a text. */
export type Opener = '$(' | '{{';

/**
 * The references that the controller of an object replaces in its texts, in several passes.
 *
 * **Source**: Tekton Pipelines, docs/variables.md (`$(…)`); Argo Workflows, docs/variables.md
 * (`{{…}}`). Pods of both have kubelet's `$(…)` as well.
 */
export function openersOf(apiVersion: string): readonly Opener[] {
  if (TEKTON.test(apiVersion)) return ['$('];
  return ARGO.test(apiVersion) ? ['{{', '$('] : [];
}
