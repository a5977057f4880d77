// What Go's decoder and the original's loop make of odd lists of filters, and what is reported of
// each. Its sample lists are original-lists.spec.ts's.

import { expect } from 'chai';
import { compileOriginal, originalKey } from '../../lib/filters/brigade-rules.ts';
import { decide } from '../../lib/filters/decide.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { anEvent, anOccurrence } from '../support/builders.ts';

/** What a list says about an Event of the kind Pod in `shop` with a reason. */
function says(filters: unknown, reason = 'BackOff'): string {
  const { chain } = compileOriginal(filters, { vocabulary: EVENT_FIELDS, trigger: 'brigade' });
  const occurrence = anOccurrence({ event: anEvent({ reason }) });
  const { action, rule } = decide(chain, occurrence);
  return `${action} ${rule?.index ?? 'default'}`;
}

function problems(filters: unknown): readonly string[] {
  return compileOriginal(filters, { vocabulary: EVENT_FIELDS, trigger: 'brigade' }).findings.map(
    ({ severity, code, path }) => `${severity} ${code} ${path}`,
  );
}

const CATCH_ALL = { action: 'accept' };

describe('compileOriginal', () => {
  it('gives every rule the identity of none and the one trigger', () => {
    const { chain } = compileOriginal([CATCH_ALL, { action: 'reject' }], {
      vocabulary: EVENT_FIELDS,
      trigger: 'brigade',
    });
    expect(chain.rules.map(({ decision }) => decision)).to.deep.equal([
      {
        action: 'accept',
        rule: { index: 0, name: null, identity: '' },
        triggers: ['brigade'],
        quietMs: 3_600_000,
      },
      {
        action: 'reject',
        rule: { index: 1, name: null, identity: '' },
        triggers: [],
        quietMs: 0,
      },
    ]);
  });

  it('takes the silence that it is given', () => {
    const { chain } = compileOriginal([CATCH_ALL], {
      vocabulary: EVENT_FIELDS,
      trigger: 'brigade',
      quietMs: 7,
    });
    expect(chain.rules[0]?.decision.quietMs).to.equal(7);
  });

  // What Go's decoder makes of it, then the loop of the original; each with what is reported.
  const decided: readonly (readonly [string, unknown, string, readonly string[]])[] = [
    ['no list at all', undefined, 'reject default', []],
    ['null for a list', null, 'reject default', []],
    ['an empty list', [], 'reject default', []],
    ['a rule that matches', [{ kind: 'Pod', ...CATCH_ALL }], 'accept 0', []],
    [
      'every condition',
      [{ namespace: 'shop', kind: 'Pod', reasons: ['BackOff'], action: 'accept' }],
      'accept 0',
      [],
    ],
    ['another kind', [{ kind: 'Node', ...CATCH_ALL }], 'reject default', []],
    ['another letter case of a kind', [{ kind: 'pod', ...CATCH_ALL }], 'reject default', []],
    ['another namespace', [{ namespace: 'pay', ...CATCH_ALL }], 'reject default', []],
    ['other reasons', [{ reasons: ['Killing', 'Failed'], ...CATCH_ALL }], 'reject default', []],
    ['the second reason', [{ reasons: ['Killing', 'BackOff'], ...CATCH_ALL }], 'accept 0', []],
    [
      'an empty namespace, kind and list of reasons',
      [{ namespace: '', kind: '', reasons: [], ...CATCH_ALL }],
      'accept 0',
      [],
    ],
    [
      'nulls, which change nothing',
      [{ namespace: null, kind: null, reasons: null, ...CATCH_ALL }],
      'accept 0',
      [],
    ],
    ["an empty reason, which is ''", [{ reasons: [''], ...CATCH_ALL }], 'reject default', []],
    ["a null reason, which is ''", [{ reasons: [null], ...CATCH_ALL }], 'reject default', []],
    [
      '* for a namespace',
      [{ namespace: '*', ...CATCH_ALL }],
      'reject default',
      ['warning never-matches /filters/0/namespace'],
    ],
    [
      '* for a kind',
      [{ kind: '*', ...CATCH_ALL }],
      'reject default',
      ['warning never-matches /filters/0/kind'],
    ],
    [
      'a glob and an expression among reasons',
      [{ reasons: ['Back*', 'BackOff', '/Back/'], ...CATCH_ALL }],
      'accept 0',
      ['warning never-matches /filters/0/reasons/0', 'warning never-matches /filters/0/reasons/2'],
    ],
    [
      'action Accept',
      [{ action: 'Accept' }, CATCH_ALL],
      'reject 0',
      ['warning action-not-accept /filters/0/action'],
    ],
    [
      'action accept with a space',
      [{ action: 'accept ' }, CATCH_ALL],
      'reject 0',
      ['warning action-not-accept /filters/0/action'],
    ],
    [
      'an empty action',
      [{ action: '' }, CATCH_ALL],
      'reject 0',
      ['warning action-not-accept /filters/0/action'],
    ],
    [
      'no action',
      [{ kind: 'Pod' }, CATCH_ALL],
      'reject 0',
      ['warning action-not-accept /filters/0'],
    ],
    [
      'a null rule, which rejects everything',
      [null, CATCH_ALL],
      'reject 0',
      ['warning action-not-accept /filters/0'],
    ],
    [
      'an unknown key',
      [{ knid: 'Node', ...CATCH_ALL }],
      'accept 0',
      ['warning ignored-key /filters/0/knid'],
    ],
    [
      'an unknown key with a slash',
      [{ 'a/b~': [{}], ...CATCH_ALL }],
      'accept 0',
      ['warning ignored-key /filters/0/a~1b~0'],
    ],
    [
      'another letter case',
      [{ KIND: 'Node', ...CATCH_ALL }],
      'reject default',
      ['warning letter-case /filters/0/KIND'],
    ],
    [
      'another letter case of action',
      [{ Action: 'accept' }],
      'accept 0',
      ['warning letter-case /filters/0/Action'],
    ],
    [
      'two spellings, the last counts',
      [{ kind: 'Pod', Kind: 'Node', ...CATCH_ALL }],
      'reject default',
      ['warning letter-case /filters/0/Kind'],
    ],
    [
      'two spellings, the exact one last',
      [{ Kind: 'Node', kind: 'Pod', ...CATCH_ALL }],
      'accept 0',
      ['warning letter-case /filters/0/Kind'],
    ],
    [
      'a second spelling that is null',
      [{ kind: 'Node', Kind: null, ...CATCH_ALL }],
      'reject default',
      ['warning letter-case /filters/0/Kind'],
    ],
    [
      'a second spelling of reasons that is null',
      [{ reasons: ['Killing'], Reasons: null, ...CATCH_ALL }],
      'accept 0',
      ['warning letter-case /filters/0/Reasons'],
    ],
    [
      'a null in a second spelling of reasons',
      [{ reasons: ['BackOff'], Reasons: [null], ...CATCH_ALL }],
      'accept 0',
      ['warning letter-case /filters/0/Reasons'],
    ],
    [
      'a long s in a key',
      [{ 'rea\u017fons': ['Killing'], ...CATCH_ALL }],
      'reject default',
      ['warning letter-case /filters/0/rea\u017fons'],
    ],
    [
      'a key of ours in another letter case',
      [{ Name: 'x', ...CATCH_ALL }],
      'accept 0',
      ['warning ignored-key /filters/0/Name'],
    ],
  ];
  for (const [title, filters, expected, found] of decided) {
    it(`decides ${title} as the original did: ${expected}`, () => {
      expect(says(filters)).to.equal(expected);
      expect(problems(filters)).to.deep.equal(found);
    });
  }

  it("matches a reason '' with an Event that has none", () => {
    expect(says([{ reasons: [''], ...CATCH_ALL }], '')).to.equal('accept 0');
  });

  it('reads a lone surrogate as U+FFFD, as Go does', () => {
    expect(says([{ reasons: ['a\ud800'], ...CATCH_ALL }], 'a\ufffd')).to.equal('accept 0');
  });

  // Here the decoder of the original failed and the process with it.
  const refused: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['an object for a list', { kind: 'Pod' }, ['error wrong-type /filters']],
    ['a text for a list', 'x', ['error wrong-type /filters']],
    ['false for a list', false, ['error wrong-type /filters']],
    [
      'rules that are none',
      ['x', 1, [], true],
      [0, 1, 2, 3].map((index) => `error wrong-type /filters/${index}`),
    ],
    ['a list for a kind', [{ kind: ['Pod'], ...CATCH_ALL }], ['error wrong-type /filters/0/kind']],
    [
      'a number for a namespace',
      [{ namespace: 7, ...CATCH_ALL }],
      ['error wrong-type /filters/0/namespace'],
    ],
    [
      'a text for reasons',
      [{ reasons: 'BackOff', ...CATCH_ALL }],
      ['error wrong-type /filters/0/reasons'],
    ],
    [
      'an object for reasons',
      [{ reasons: {}, ...CATCH_ALL }],
      ['error wrong-type /filters/0/reasons'],
    ],
    [
      'a number among reasons',
      [{ reasons: ['x', 3], ...CATCH_ALL }],
      ['error wrong-type /filters/0/reasons/1'],
    ],
    [
      'an action that is no text',
      [{ action: true }],
      ['error wrong-type /filters/0/action', 'warning action-not-accept /filters/0/action'],
    ],
  ];
  for (const [title, filters, expected] of refused) {
    it(`refuses ${title}, where the original's decoder failed`, () => {
      expect(problems(filters)).to.deep.equal(expected);
      expect(says(filters)).to.equal('reject default');
    });
  }

  const ours = [
    'name',
    'formerly',
    'source',
    'objectName',
    'apiVersion',
    'fieldPath',
    'eventNamespace',
    'type',
    'message',
    'component',
    'host',
    'count',
    'not',
    'again',
    'triggers',
  ];
  for (const key of ours) {
    it(`refuses ${key}, which only our form has, and says where to read on`, () => {
      const { findings } = compileOriginal([{ [key]: 'x', ...CATCH_ALL }], {
        vocabulary: EVENT_FIELDS,
        trigger: 'brigade',
      });
      const [finding] = findings;
      expect(finding).to.include({
        code: 'wrong-form',
        severity: 'error',
        path: `/filters/0/${key}`,
      });
      expect(finding?.hint).to.contain('convert').and.to.contain('docs/configuration.md');
    });
  }
});

describe('originalKey', () => {
  const known = ['kind', 'reasons', 'action'] as const;
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['kind', 'kind'],
    ['KIND', 'kind'],
    ['\u212aind', 'kind'],
    ['rea\u017fon\u017f', 'reasons'],
    ['act\u0131on', undefined],
    ['ACT\u0130ON', undefined],
    ['kinds', undefined],
    [' kind', undefined],
    ['__proto__', undefined],
  ];
  for (const [written, key] of cases) {
    it(`reads ${JSON.stringify(written)} as ${key ?? 'no key'}`, () => {
      expect(originalKey(written, known)).to.equal(key);
    });
  }
});
