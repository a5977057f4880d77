// Which form a document has, and what is said of one that has none.

import { expect } from 'chai';
import type { Json } from '../../lib/core/json-object.ts';
import { recognizeForm } from '../../lib/plan/detect-form.ts';

const RULE = { kind: 'Pod', action: 'accept' };
const OURS = { version: 1, filters: [RULE], triggers: {} };

describe('recognizeForm', () => {
  const forms: readonly (readonly [document: Json, form: string])[] = [
    [{ version: 1 }, 'ours'],
    [{ triggers: {} }, 'ours'],
    [{ sources: {}, filters: [] }, 'ours'],
    [{ filters: [RULE], trigers: {} }, 'ours'],
    [{ filters: [RULE], Triggers: {} }, 'ours'],
    [{ filters: [RULE], sinks: {}, sources: {} }, 'ours'],
    [{ project: 'p', filters: [RULE] }, 'original'],
    [{ project: 'p', filters: [RULE], trigers: {} }, 'original'],
    [{ PROJECT: 'p' }, 'original'],
    [{ filters: null }, 'original'],
    [{ filters: [RULE], image: {}, rbac: {} }, 'original'],
  ];
  for (const [document, form] of forms) {
    it(`reads ${JSON.stringify(document)} as ${form}`, () => {
      expect(recognizeForm(document)).to.deep.equal({ form, document });
    });
  }

  type Row = readonly [what: string, document: Json, path: string, message: RegExp, hint: RegExp];
  const wrong: readonly Row[] = [
    ['no keys', {}, '', /no keys, expected filters/, /complete example/],
    [
      'our form below a key',
      { config: OURS },
      '/config',
      /under the key config,/,
      /move .* config /,
    ],
    [
      'the original form two keys down',
      { a: { 'b/c': { project: 'p', filters: [RULE] } } },
      '/a/b~1c',
      /under the key a\.b\/c/,
      /to the top/,
    ],
    ['our form as a text', { data: 'a: 1\nfilters:\n- x\n' }, '/data', /the key data/, /./],
    ['our form as a JSON text', { c: '{\n  "triggers": {}\n}' }, '/c', /the key c/, /./],
    [
      'our form in Helm values, which names the key first',
      { image: {}, rbac: {}, config: OURS },
      '/config',
      /the key config/,
      /helm install --values/,
    ],
    ['Helm values', { image: {}, rbac: {} }, '', /Helm values/, /config/],
    ['an exporter', { logLevel: 'x', receivers: [] }, '', /kubernetes-event-exporter/, /filters:/],
    ['a file that shares a key with ours', { sources: {}, sinks: {} }, '', /Vector/, /filters:/],
    ['a compose file', { version: '3', services: {} }, '', /Docker Compose/, /./],
    [
      'misspelled keys',
      { fliters: [], projct: 'p' },
      '',
      /fliters, projct/,
      /filters and project\?$/,
    ],
    ['ours without its keys', { limits: {}, other: 1 }, '', /limits, other/, /^add version: 1 and/],
    ['anything else', { a: 1, b: 2, c: 3, d: 4, e: 5 }, '', /found a, b, c, d, …,/, /example/],
    ['a Kubernetes object', { apiVersion: 'v1', kind: 'Pod' }, '', /kind Pod/, /manifest/],
    ['a list', [1], '', /a list/, /example/],
    ['a list of rules', [RULE], '', /a list/, /^put the rules under filters:$/],
    ['a text', 'x', '', /text/, /./],
    ['nothing', null, '', /empty/, /./],
  ];
  for (const [what, document, path, message, hint] of wrong) {
    it(`refuses ${what}`, () => {
      const found = recognizeForm(document);
      if (found.document !== null) throw new Error(`read as ${found.form}`);
      expect(found.wrong).to.include({ severity: 'error', code: 'wrong-file', path });
      expect(found.wrong.message).to.match(message);
      expect(found.wrong.hint).to.match(hint);
    });
  }

  it('compares a bounded number of keys, and searches to a bounded depth', () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => [`fliters${index}`, {}] as const);
    const deep = Array.from({ length: 5_000 }).reduce<Json>((inner) => ({ a: inner }), OURS);
    for (const document of [Object.fromEntries(keys), deep]) {
      expect(recognizeForm(document)).to.have.property('document', null);
    }
  });
});
