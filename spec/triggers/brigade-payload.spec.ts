// The payload of the profile v0.10, field by field as Go's encoder writes the structs of 1.8.

import { expect } from 'chai';
import type { Json, JsonObject } from '../../lib/core/json-object.ts';
import { toOriginalPayload, toPayload } from '../../lib/triggers/brigade-secret.ts';

const EMPTY = {
  metadata: { creationTimestamp: null },
  involvedObject: {},
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
};

describe('toOriginalPayload', () => {
  const rows: readonly (readonly [what: string, event: JsonObject, payload: Json])[] = [
    ['nothing as the zero values that Go cannot leave out', {}, EMPTY],
    ['no kind and no version', { kind: 'Event', apiVersion: 'v1' }, EMPTY],
    [
      'no field that came after 1.8',
      { eventTime: 'x', series: {}, action: 'a', related: {} },
      EMPTY,
    ],
    ['no reporter', { reportingComponent: 'a', reportingInstance: 'b' }, EMPTY],
    ['no managed fields', { metadata: { managedFields: [{}] } }, EMPTY],
    ['no empty text and no count of zero', { reason: '', message: '', type: '', count: 0 }, EMPTY],
    ['values of another type as none', { reason: 5, count: '3', source: 'a', metadata: [] }, EMPTY],
    ['a count', { count: 3 }, { ...EMPTY, count: 3 }],
    [
      'a source',
      { source: { host: 'n', component: 'k' } },
      { ...EMPTY, source: { component: 'k', host: 'n' } },
    ],
    [
      'labels in the order of their keys',
      { metadata: { labels: { b: '1', B: '2', a: '' } } },
      { ...EMPTY, metadata: { creationTimestamp: null, labels: { B: '2', a: '', b: '1' } } },
    ],
    [
      'owners, whose texts are always there',
      { metadata: { ownerReferences: [{ kind: 'Pod', name: 'a', controller: true }] } },
      {
        ...EMPTY,
        metadata: {
          creationTimestamp: null,
          ownerReferences: [{ apiVersion: '', kind: 'Pod', name: 'a', uid: '', controller: true }],
        },
      },
    ],
    [
      'no empty maps and lists',
      { metadata: { labels: {}, finalizers: [], ownerReferences: [] } },
      EMPTY,
    ],
  ];
  for (const [what, event, payload] of rows) {
    it(`writes ${what}`, () => {
      // The order of keys counts: the text is compared, not the value.
      const inOrder = sorted(payload);
      expect(toOriginalPayload(event)).to.equal(JSON.stringify(inOrder));
    });
  }

  it('escapes what Go escapes without changing the value', () => {
    const message = '<a> & "b"\u2028\u2029\n';
    const payload = toOriginalPayload({ message });
    expect(payload).to.include('"\\u003ca\\u003e \\u0026 \\"b\\"\\u2028\\u2029\\n"');
    expect(JSON.parse(payload)).to.have.property('message', message);
  });
});

/** Top-level keys in the order of the Go struct. */
function sorted(payload: Json): Json {
  const order = ['metadata', 'involvedObject', 'reason', 'message', 'source', 'firstTimestamp'];
  const all = [...order, 'lastTimestamp', 'count', 'type'];
  const entries = Object.entries(payload ?? {}) as [string, Json][];
  return Object.fromEntries(entries.toSorted(([a], [b]) => all.indexOf(a) - all.indexOf(b)));
}

describe('toPayload', () => {
  it('keeps everything but kind and apiVersion, in the order of the server', () => {
    const event = { kind: 'Event', z: 1, apiVersion: 'v1', eventTime: 'x', a: '<' };
    expect(toPayload(event)).to.equal('{"z":1,"eventTime":"x","a":"<"}');
  });
});
