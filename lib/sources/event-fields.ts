// Fields of core/v1 Events by name: what identifies an Event, and what the fields of rules read.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/

/**
 * Paths that identify an Event, its series and its object, order its states, or protect from loops.
 * A source never removes or changes them.
 */
export const EVENT_IDENTITY: readonly string[] = [
  'apiVersion',
  'kind',
  'metadata.namespace',
  'metadata.name',
  'metadata.uid',
  'metadata.resourceVersion',
  'metadata.creationTimestamp',
  'involvedObject.apiVersion',
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'eventTime',
  'firstTimestamp',
  'lastTimestamp',
  'series.lastObservedTime',
  'count',
  'series.count',
  // A gateway recognizes its own Events by it.
  'reportingComponent',
];

/** By field of a rule: the keys that it reads, in the order in which it tries them. */
export const EVENT_FIELD_PATHS: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ['namespace', [['involvedObject', 'namespace']]],
  ['kind', [['involvedObject', 'kind']]],
  ['objectName', [['involvedObject', 'name']]],
  ['apiVersion', [['involvedObject', 'apiVersion']]],
  ['fieldPath', [['involvedObject', 'fieldPath']]],
  ['eventNamespace', [['metadata', 'namespace']]],
  ['reasons', [['reason']]],
  ['type', [['type']]],
  ['message', [['message']]],
  ['component', [['source', 'component'], ['reportingComponent']]],
  ['host', [['source', 'host'], ['reportingInstance']]],
  ['count', [['count'], ['series', 'count']]],
]);
