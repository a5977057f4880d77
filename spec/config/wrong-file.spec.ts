// Files that people pass by mistake.

import { expect } from 'chai';
import { recogniseText, recogniseValue } from '../../lib/config/wrong-file.ts';
import type { Json } from '../../lib/core/json-object.ts';

describe('recogniseText', () => {
  const wrong: readonly (readonly [what: string, text: string, message: RegExp, hint: RegExp])[] = [
    ['an empty file', '', /empty/, /leave the flag out/],
    ['a file of white space', ' \n\t\r\n\uFEFF', /empty/, /./],
    ['bytes that are no text', 'version: 1\n\0', /not UTF-8 text/, /UTF-8/],
    ['Latin-1', `a: caf${Buffer.from([0xe9]).toString('utf8')}`, /not UTF-8 text/, /UTF-8/],
    [
      'a recording',
      '{"at":1,"type":"ADDED","object":{"kind":"Event"}}\n{"at":2}\n',
      /recording/,
      /--events/,
    ],
    [
      'Events as JSON lines',
      '{"involvedObject":{},"reason":"x"}\r\n{"involvedObject":{}}',
      /Event/,
      /--events/,
    ],
    [
      'JSON lines of something else',
      '{"level":"info"}\n\n{"level":"warn"}\n',
      /JSON lines/,
      /one document/,
    ],
    ['a List as one line', '{"kind":"List","apiVersion":"v1","items":[]}', /List/, /--events/],
  ];
  for (const [what, text, message, hint] of wrong) {
    it(`knows ${what}`, () => {
      const found = recogniseText(text);
      expect(found?.message).to.match(message);
      expect(found?.hint).to.match(hint);
    });
  }

  for (const text of ['{"filters":[]}', '{broken\n', 'version: 1', '{}', '[1]', '{"type":"x"}\n']) {
    it(`takes ${JSON.stringify(text)} for what may be a configuration`, () => {
      expect(recogniseText(text)).to.equal(undefined);
    });
  }
});

describe('recogniseValue', () => {
  const wrong: readonly (readonly [what: string, value: Json, message: RegExp])[] = [
    ['a kubeconfig', { apiVersion: 'v1', kind: 'Config', clusters: [], users: [] }, /kubeconfig/],
    ['a manifest', { apiVersion: 'batch/v1', kind: 'Job' }, /manifest \(kind Job\)/],
    ['a ConfigMap', { apiVersion: 'v1', kind: 'ConfigMap', data: {} }, /manifest/],
    ['an Event', { apiVersion: 'v1', kind: 'Event', involvedObject: {} }, /Event/],
    ['a List of Events', { apiVersion: 'v1', kind: 'EventList', items: [] }, /List/],
    ['a list', [], /a list/],
    ['a text', 'filters', /text/],
    ['a number', 5, /a number/],
    ['nothing', null, /empty/],
  ];
  for (const [what, value, message] of wrong) {
    it(`knows ${what}`, () => {
      const finding = recogniseValue(value);
      expect(finding).to.include({ code: 'wrong-file', severity: 'error', path: '' });
      expect(finding?.message).to.match(message);
    });
  }

  const hints: readonly (readonly [what: string, value: Json, hint: RegExp])[] = [
    [
      'the only file of a ConfigMap',
      { apiVersion: 'v1', kind: 'ConfigMap', data: { 'a.yaml': '' } },
      /under a\.yaml in data /,
    ],
    [
      'the files of a ConfigMap',
      { apiVersion: 'v1', kind: 'ConfigMap', data: { a: '', b: '' } },
      /under data as/,
    ],
    [
      'the file of a Secret',
      { apiVersion: 'v1', kind: 'Secret', stringData: { a: '' } },
      /under a in stringData /,
    ],
    [
      'the rules of a Sensor',
      { apiVersion: 'argoproj.io/v1alpha1', kind: 'Sensor' },
      /as filters: and its triggers as triggers:/,
    ],
    ['the key of a list of rules', [{ kind: 'Pod', action: 'reject' }], /under filters:/],
  ];
  for (const [what, value, hint] of hints) {
    it(`names ${what}`, () => expect(recogniseValue(value)?.hint).to.match(hint));
  }

  it('takes every other block for what may be a configuration', () => {
    for (const value of [{}, { filters: [] }, { kind: 'Pod' }, { apiVersion: 'v1' }]) {
      expect(recogniseValue(value)).to.equal(undefined);
    }
  });
});
