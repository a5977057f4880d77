// The vocabulary of Events: the fields that rules may name on a state of an Event, and the parts of an
// Event that no source removes.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/

import { type Json, jsonAt } from '../core/json-object.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { TextField, Vocabulary } from '../core/vocabulary.ts';

type Read = (occurrence: Occurrence) => string;

interface Documented extends Pick<TextField, 'paths'> {
  readonly description: string;
  readonly examples: readonly Json[];
}

/** A field whose values recur. */
function recurring(name: string, read: Read, documented: Documented): TextField {
  return { name, type: 'text', read, recurs: true, isProse: false, ...documented };
}

/** A field with many values. */
function various(name: string, read: Read, documented: Documented): TextField {
  return { ...recurring(name, read, documented), recurs: false };
}

/** The fields of an Event, in the order in which conditions are tried. */
export const EVENT_FIELDS: Vocabulary = [
  recurring('source', ({ source }) => source, {
    paths: [],
    description: 'The name of the source that read the Event.',
    examples: ['shop'],
  }),
  recurring('namespace', ({ object }) => object.namespace, {
    paths: [['involvedObject', 'namespace']],
    description:
      'The namespace of the involved object; the empty value for objects without one, such as Nodes.',
    examples: ['kube-*'],
  }),
  recurring('kind', ({ object }) => object.kind, {
    paths: [['involvedObject', 'kind']],
    description: 'The kind of the involved object.',
    examples: ['Pod'],
  }),
  various('objectName', ({ object }) => object.name, {
    paths: [['involvedObject', 'name']],
    description: 'The name of the involved object.',
    examples: ['checkout-*'],
  }),
  recurring('apiVersion', ({ object }) => object.apiVersion, {
    paths: [['involvedObject', 'apiVersion']],
    description: 'The API version of the involved object.',
    examples: ['apps/v1'],
  }),
  various('fieldPath', ({ fields }) => fields.fieldPath, {
    paths: [['involvedObject', 'fieldPath']],
    description: 'The part of the involved object that the Event is about, such as a container.',
    examples: ['spec.containers{app}'],
  }),
  recurring('eventNamespace', ({ namespace }) => namespace, {
    paths: [['metadata', 'namespace']],
    description: 'The namespace in which the Event itself is stored.',
    examples: ['shop'],
  }),
  recurring('reasons', ({ fields }) => fields.reason, {
    paths: [['reason']],
    description: 'The reason of the Event.',
    examples: ['BackOff', '/^Failed/'],
  }),
  recurring('type', ({ fields }) => fields.type, {
    paths: [['type']],
    description: 'The type of the Event: `Normal` or `Warning`.',
    examples: ['Warning'],
  }),
  {
    ...various('message', ({ fields }) => fields.message, {
      paths: [['message']],
      description:
        'The message of the Event. Only globs and expressions: a plain word is an error, because it would be compared with the whole message.',
      examples: ['/restarting failed container/'],
    }),
    isProse: true,
  },
  recurring('component', ({ fields }) => fields.component, {
    paths: [['source', 'component'], ['reportingComponent']],
    description: 'The reporter: `source.component`, else `reportingComponent`.',
    examples: ['kubelet'],
  }),
  various('host', ({ fields }) => fields.host, {
    paths: [['source', 'host'], ['reportingInstance']],
    description:
      'The host of the reporter, usually a node: `source.host`, else `reportingInstance`.',
    examples: ['node-1'],
  }),
  {
    name: 'eventLabels',
    type: 'map',
    read: ({ event }) => jsonAt(event, 'metadata', 'labels'),
    keys: null,
    paths: [['metadata', 'labels']],
    description:
      'Labels of the Event itself, not of its object; the parts of Kubernetes set none. A label that is not there is the empty value.',
    examples: [{ team: 'pay' }],
  },
  {
    name: 'eventAnnotations',
    type: 'map',
    read: ({ event }) => jsonAt(event, 'metadata', 'annotations'),
    keys: null,
    paths: [['metadata', 'annotations']],
    description:
      'Annotations of the Event itself, not of its object. An annotation that is not there is the empty value.',
    examples: [{ 'example.com/ticket': '?*' }],
  },
  {
    name: 'related',
    type: 'map',
    read: ({ event }) => event['related'],
    keys: ['apiVersion', 'kind', 'namespace', 'name', 'uid', 'fieldPath'],
    paths: [['related']],
    description: 'A second object that the Event names, which few Events do.',
    examples: [{ kind: 'Node' }],
  },
  {
    name: 'count',
    type: 'count',
    read: ({ count }) => count,
    paths: [['count'], ['series', 'count']],
    description: 'How often the Event has happened: `count`, else `series.count`, else 1.',
    examples: [3, '>= 3'],
  },
];

/** Fields that users look for in rules on Events, with hints at what there is instead. */
export const MISSING_EVENT_FIELDS: ReadonlyMap<string, string> = new Map([
  [
    'labels',
    'labels are those of the involved object, which an Event does not have; those of the Event itself are eventLabels',
  ],
  [
    'annotations',
    'annotations are those of the involved object, which an Event does not have; those of the Event itself are eventAnnotations',
  ],
]);

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
