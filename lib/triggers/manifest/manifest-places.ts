// Where in a manifest a value stands, and so what may stand there: the closed list of places for
// Event values, as data. An Event's author must not choose an image, a command or a name.
// Source: docs/triggers.md; the Pod, Tekton v1 PipelineRun and Argo Workflow API references.

/**
 * A kind of place. `fixed` takes no template at all and `command` no Event value. `script`, `path` and
 * `elsewhere` take one only if it is allowed by name; kubelet expands `path`.
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

/** The places in which Event values may stand without being allowed by name. */
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
  /** Matched against the JSON Pointer of the value. */
  readonly pointer: RegExp;
  /** Matched against the manifest's apiVersion; absent: any. */
  readonly apiVersion?: RegExp;
}

const CONTAINER = '(?:containers|initContainers|ephemeralContainers)/\\d+';

const TEKTON = /^(?:[a-z0-9-]+\.)*tekton\.dev\//;
const ARGO = /^(?:[a-z0-9-]+\.)*argoproj\.io\//;

/** The first row that fits holds. */
const ROWS: readonly PlaceRow[] = [
  // The namespace guard must know where objects are created before there is an Event.
  { place: 'fixed', pointer: /^\/(?:apiVersion|kind|metadata\/namespace)$/ },
  { place: 'annotation', pointer: /\/(?:metadata|podMetadata)\/annotations\/[^/]+$/ },
  { place: 'label', pointer: /\/(?:metadata|podMetadata)\/labels\/[^/]+$/ },
  { place: 'param', pointer: /^\/spec\/params\/\d+\/value(?:\/|$)/, apiVersion: TEKTON },
  { place: 'param', pointer: /^\/spec\/arguments\/parameters\/\d+\/value$/, apiVersion: ARGO },
  // Containers, steps, probes and hooks of every kind, also those that custom resources embed.
  { place: 'command', pointer: /^\/spec\/(?:.*\/)?command(?:\/\d+)?$/ },
  // All arguments at once: no word of them could be judged.
  { place: 'command', pointer: new RegExp(`/${CONTAINER}/args$`) },
  { place: 'script', pointer: /^\/spec\/(?:.*\/)?script(?:\/source)?$/ },
  { place: 'path', pointer: /\/volumeMounts\/\d+\/subPathExpr$/ },
  // Tekton and Argo interpolate texts of their own before kubelet does, also in env and args of the
  // tasks and templates inside. Values travel there as parameters.
  { place: 'elsewhere', pointer: /^/, apiVersion: TEKTON },
  { place: 'elsewhere', pointer: /^/, apiVersion: ARGO },
  { place: 'env', pointer: new RegExp(`/${CONTAINER}/env/\\d+/value$`) },
  { place: 'argument', pointer: new RegExp(`/${CONTAINER}/args/\\d+$`) },
  { place: 'elsewhere', pointer: /^/ },
];

/** The kind of place that a value of a manifest stands in. */
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

/** Steps as a JSON Pointer (RFC 6901). */
export function toPointer(steps: Steps): string {
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
