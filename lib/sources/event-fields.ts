// The vocabulary of Events: the fields that rules may name on a state of an Event.

import type { Json } from '../core/json-object.ts';
import type { Occurrence } from '../core/occurrence.ts';
import type { TextField, Vocabulary } from '../core/vocabulary.ts';

type Read = (occurrence: Occurrence) => string;

interface Documented {
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
    description: 'The name of the source that read the Event.',
    examples: ['shop'],
  }),
  recurring('namespace', ({ object }) => object.namespace, {
    description:
      'The namespace of the involved object; the empty value for objects without one, such as Nodes.',
    examples: ['kube-*'],
  }),
  recurring('kind', ({ object }) => object.kind, {
    description: 'The kind of the involved object.',
    examples: ['Pod'],
  }),
  various('objectName', ({ object }) => object.name, {
    description: 'The name of the involved object.',
    examples: ['checkout-*'],
  }),
  recurring('apiVersion', ({ object }) => object.apiVersion, {
    description: 'The API version of the involved object.',
    examples: ['apps/v1'],
  }),
  various('fieldPath', ({ fields }) => fields.fieldPath, {
    description: 'The part of the involved object that the Event is about, such as a container.',
    examples: ['spec.containers{app}'],
  }),
  recurring('eventNamespace', ({ series }) => series.namespace, {
    description: 'The namespace in which the Event itself is stored.',
    examples: ['shop'],
  }),
  recurring('reasons', ({ fields }) => fields.reason, {
    description: 'The reason of the Event.',
    examples: ['BackOff', '/^Failed/'],
  }),
  recurring('type', ({ fields }) => fields.type, {
    description: 'The type of the Event: `Normal` or `Warning`.',
    examples: ['Warning'],
  }),
  {
    ...various('message', ({ fields }) => fields.message, {
      description:
        'The message of the Event. Only globs and expressions: a plain word is an error, because it would be compared with the whole message.',
      examples: ['/restarting failed container/'],
    }),
    isProse: true,
  },
  recurring('component', ({ fields }) => fields.component, {
    description: 'The reporter: `source.component`, else `reportingComponent`.',
    examples: ['kubelet'],
  }),
  various('host', ({ fields }) => fields.host, {
    description:
      'The host of the reporter, usually a node: `source.host`, else `reportingInstance`.',
    examples: ['node-1'],
  }),
  {
    name: 'count',
    type: 'count',
    read: ({ count }) => count,
    description: 'How often the Event has happened: `count`, else `series.count`, else 1.',
    examples: [3, '>= 3'],
  },
];
