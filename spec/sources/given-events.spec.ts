// Events in values from people, and descriptions of all other values.

import { expect } from 'chai';
import { type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import { type GivenEvent, givenIn, toRecordedEvent } from '../../lib/sources/given-events.ts';
import { anEvent } from '../support/builders.ts';

const first = anEvent({ reason: 'First' });
const second = anEvent({ reason: 'Second' });
const { kind: _kind, apiVersion: _version, ...kindless } = anEvent({ reason: 'Kindless' });
const REGARDING = { kind: 'Pod', name: 'web-1', namespace: 'shop' };
const newStyle: JsonObject = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'web-1.17', namespace: 'shop' },
  regarding: REGARDING,
  reason: 'New',
};
const { kind: _newKind, apiVersion: _newVersion, ...kindlessNew } = newStyle;

const given = (value: unknown): readonly GivenEvent[] => [...givenIn(value, 'line 1')];

describe('Events in a value', () => {
  const read: readonly (readonly [what: string, value: unknown, reasons: readonly string[]])[] = [
    ['an Event', first, ['First']],
    ['an Event without apiVersion', { kind: 'Event', reason: 'Bare' }, ['Bare']],
    ['an Event without kind', kindless, ['Kindless']],
    ['an Event of events.k8s.io', newStyle, ['New']],
    ['one of v1beta1', { ...newStyle, apiVersion: 'events.k8s.io/v1beta1' }, ['New']],
    ['one without apiVersion', { kind: 'Event', regarding: REGARDING, reason: 'New' }, ['New']],
    ['one without kind', kindlessNew, ['New']],
    ['a List', { kind: 'List', apiVersion: 'v1', items: [first, newStyle] }, ['First', 'New']],
    ['a list without kind', { items: [first] }, ['First']],
    ['an array', [first, second], ['First', 'Second']],
    ['a List in an array', [{ kind: 'List', items: [first] }, second], ['First', 'Second']],
    ['an EventList', { kind: 'EventList', apiVersion: 'v1', items: [kindless] }, ['Kindless']],
    ['an EventList with bare items', { kind: 'EventList', items: [{ reason: 'Bare' }] }, ['Bare']],
    [
      'an EventList of events.k8s.io',
      { kind: 'EventList', apiVersion: 'events.k8s.io/v1', items: [kindlessNew] },
      ['New'],
    ],
    ['an empty List', { kind: 'List', items: [] }, []],
    ['a List of which Go made null', { kind: 'EventList', apiVersion: 'v1', items: null }, []],
    ['a watch line', { type: 'ADDED', object: first }, ['First']],
    ['a line of a recording', { at: 1, type: 'MODIFIED', object: newStyle }, ['New']],
  ];
  for (const [what, value, reasons] of read) {
    it(`are found in ${what}`, () => {
      const found = given(value).map((one) =>
        one.kind === 'event' ? stringAt(one.event, 'reason') : one.kind,
      );
      expect(found).to.deep.equal(reasons);
    });
  }

  it('of events.k8s.io are translated to core/v1 at every place', () => {
    const lists = [
      newStyle,
      kindlessNew,
      { kind: 'EventList', apiVersion: 'events.k8s.io/v1', items: [kindlessNew] },
      { type: 'ADDED', object: newStyle },
    ];
    for (const value of lists) {
      const [one] = given(value);
      expect(one).to.have.nested.property('event.involvedObject').that.deep.equals(REGARDING);
      expect(one).to.have.nested.property('event.apiVersion', 'v1');
    }
  });

  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
  const skipped: readonly (readonly [object, object])[] = [
    [
      { type: 'DELETED', object: first },
      { what: 'DELETED', detail: '' },
    ],
    [
      { type: 'BOOKMARK', object: { kind: 'Event' } },
      { what: 'BOOKMARK', detail: '' },
    ],
    [
      { type: 'ERROR', object: status },
      { what: 'ERROR', detail: '410 Expired: too old' },
    ],
    [
      { type: 'ERROR', object: 7 },
      { what: 'ERROR', detail: '' },
    ],
  ];
  for (const [line, what] of skipped) {
    it(`are not looked for in ${JSON.stringify(line).slice(0, 20)}…, which is skipped`, () => {
      expect(given(line)).to.deep.equal([{ kind: 'skipped', place: 'line 1', ...what }]);
    });
  }
});

describe('a value that is no Event', () => {
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'web-1', namespace: 'shop' } };
  const audit = { kind: 'Event', apiVersion: 'audit.k8s.io/v1', auditID: '1' };
  const GET = 'kubectl get events -A -o json prints Events';
  const refused: readonly (readonly [what: string, value: unknown, found: string, hint: string])[] =
    [
      ['a number', 7, 'a number', GET],
      ['a text', 'x', 'a text', GET],
      ['null', null, 'null', GET],
      ['nothing', {}, 'an object without kind and without any key', GET],
      ['a log line', { log: 1, stream: 2 }, 'an object without kind (its keys: log, stream)', GET],
      ['a field alone', { reason: 'BackOff' }, 'an object without kind (its keys: reason)', GET],
      ['a Pod', pod, 'a Pod (v1)', '-n shop --for Pod/web-1 -o json'],
      ['an Ingress', { kind: 'Ingress' }, 'an Ingress', GET],
      ['a hostile name', { ...pod, metadata: { name: '$(x)', namespace: 'a' } }, 'a Pod (v1)', GET],
      ['a kind that is none', { kind: '\u001b[2J' }, 'kind "\\u001b[2J"', GET],
      ['a kind of another type', { kind: 7 }, 'kind 7', GET],
      ['an audit event', audit, 'an audit event, which is', GET],
      ['one without apiVersion', { kind: 'Event', auditID: '1' }, 'an audit event', GET],
      [
        'a list of audit events',
        { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [audit] },
        'a list of audit events',
        GET,
      ],
      [
        'an Event of another group',
        { kind: 'Event', apiVersion: 'example.com/v1' },
        'an Event of "example.com/v1"',
        'apiVersion v1 or events.k8s.io/v1',
      ],
      ['a list of Pods', { kind: 'PodList', apiVersion: 'v1', items: [] }, 'a PodList (v1)', GET],
      [
        'a Table',
        { kind: 'Table', apiVersion: 'meta.k8s.io/v1', rows: [] },
        'a Table, which',
        'ask without as=Table',
      ],
      [
        'a Status',
        { kind: 'Status', apiVersion: 'v1', code: 403, message: 'events is forbidden' },
        'a Status of an API server: 403 events is forbidden',
        'the request for Events failed',
      ],
      [
        'a kubeconfig',
        { kind: 'Config', apiVersion: 'v1', contexts: [], users: [{ token: 'secret' }] },
        'a kubeconfig',
        GET,
      ],
      [
        'a document of a delivery',
        { trigger: 't', occurrences: [] },
        'the document of a delivery',
        'jq',
      ],
      ['a CloudEvent', { specversion: '1.0', type: 'x' }, 'a CloudEvent', 'its data'],
      ['a configuration', { filters: [], triggers: {} }, 'a configuration', '--config'],
    ];
  for (const [what, value, found, hint] of refused) {
    it(`is refused with a description: ${what}`, () => {
      const [one, ...others] = given(value);
      expect(others).to.deep.equal([]);
      expect(one).to.include({ kind: 'refused', place: 'line 1' });
      const why = one?.kind === 'refused' ? one.why : '';
      expect(why.startsWith(`found ${found}`), why).to.equal(true);
      expect(why).to.include('(expected an Event)').and.to.include(hint);
      expect(why).not.to.include('secret');
    });
  }

  it('is refused with its place in a list', () => {
    const [, one] = given({ kind: 'List', items: [first, pod] });
    expect(one).to.include({ kind: 'refused', place: 'line 1, item 2' });
    const [inner] = given([[7]]);
    expect(inner).to.include({ place: 'line 1, item 1, item 1' });
  });

  it('is refused as a watch line of an unknown type', () => {
    expect(given({ type: 'SYNC', object: first })).to.deep.equal([
      {
        kind: 'refused',
        place: 'line 1',
        why: 'found a watch line of type "SYNC" (expected ADDED, MODIFIED, DELETED, BOOKMARK or ERROR)',
      },
    ]);
  });
});

describe('the object of a recording', () => {
  it('is an Event of core/v1, also without kind', () => {
    expect(toRecordedEvent({})).to.deep.equal({ ok: true, event: {} });
    expect(toRecordedEvent(newStyle)).to.have.nested.property('event.apiVersion', 'v1');
  });

  it('is no Pod', () => {
    const wanted = { ok: false, why: 'a Pod (v1) under "object"' };
    expect(toRecordedEvent({ kind: 'Pod', apiVersion: 'v1' })).to.deep.equal(wanted);
  });
});
