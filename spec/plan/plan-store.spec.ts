// `store:` from text to plan: defaults, bounds that are no use, and that a section which is valid by
// itself is found in a file that is refused.

import { expect } from 'chai';
import { type LoadedPlan, loadPlan } from '../../lib/plan/load-plan.ts';
import { planStore, settledMsOf, storeAt } from '../../lib/plan/plan-store.ts';
import { aCommit } from '../support/builders.ts';
import { VALIDATORS } from '../support/validators.ts';

const RULE = 'filters: [{ kind: Pod, action: accept, triggers: [build] }]\n';
const KEYED = `${RULE}triggers: { build: { brigade: { project: org/repo } } }\n`;
const hook = (more: string): string =>
  `${RULE}triggers: { build: { http: { url: "https://ci.example.test/h"${more} } } }\n`;

function load(text: string): LoadedPlan {
  return loadPlan({
    text,
    namespace: 'shop',
    buildNamespace: 'ci',
    exec: 'allowed',
    validators: VALIDATORS,
  });
}

function found(text: string): readonly (readonly string[])[] {
  return load(text).problems.map(({ severity, code, path }) => [severity, code, path]);
}

describe('planStore', () => {
  const MI = 2 ** 20;
  const rows = [
    [{}, { kind: 'sqlite', overflow: 'block', maxBytes: 1024 * MI }],
    [{ maxSize: '4Gi' }, { kind: 'sqlite', overflow: 'block', maxBytes: 4096 * MI }],
    [{ sqlite: {} }, { kind: 'sqlite', overflow: 'block', maxBytes: 1024 * MI }],
    [{ memory: {} }, { kind: 'memory', overflow: 'block', maxBytes: 128 * MI }],
    [
      { memory: {}, maxSize: '64Mi', overflow: 'shed' },
      { kind: 'memory', overflow: 'shed', maxBytes: 64 * MI },
    ],
  ] as const;
  for (const [section, expected] of rows) {
    it(`plans ${JSON.stringify(section)}`, () => {
      expect(planStore(section)).to.include(expected);
    });
  }

  it('passes the bound to the store', async () => {
    const closed = planStore({ memory: {}, maxSize: '3Mi' }).create({ folder: '/nowhere' });
    await using store = await closed.open();
    const committed = await store.journal.commit(aCommit());
    expect(committed.usage.maxBytes).to.equal(3 * MI);
  });
});

describe('settledMsOf', () => {
  it('is a day by default, and becomes the retention', () => {
    expect(settledMsOf({})).to.equal(86_400_000);
    const { plan } = load(`${KEYED}store: { memory: {}, keepSettled: 2h }`);
    expect(plan?.retention).to.deep.equal({ goneMs: 7_200_000, settledMs: 7_200_000 });
  });
});

describe('storeAt', () => {
  it('replaces the kind and nothing else', () => {
    const shared = { maxSize: '1Gi', keepSettled: '1h' };
    const place = { kind: 'sqlite', own: { path: 'a.db' } };
    const moved = { ...shared, sqlite: { path: 'a.db' } };
    expect(storeAt({ ...shared, memory: {} }, place)).to.deep.equal(moved);
    expect(storeAt({ ...shared, sqlite: { path: 'b.db' } }, place)).to.deep.equal(moved);
  });
});

describe('store: of a configuration', () => {
  const error = (code: string, path: string): readonly string[][] => [['error', code, path]];
  const rows: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
    ['every shared key', '{ memory: {}, maxSize: 16Mi, overflow: shed, keepSettled: 0s }', []],
    ['two kinds', '{ memory: {}, sqlite: {} }', error('wrong-value', '/store')],
    ['no kind', '{ maxSize: 1Gi }', []],
    ['nothing', '{}', []],
    ['a kind that is misspelled', '{ sqlit: {} }', error('unknown-key', '/store/sqlit')],
    ['a size that is none', '{ memory: {}, maxSize: 1GB }', error('bad-size', '/store/maxSize')],
    ['a size of nothing', '{ memory: {}, maxSize: "0" }', error('wrong-value', '/store/maxSize')],
    ['a size below 1Mi', '{ memory: {}, maxSize: 1023Ki }', error('wrong-value', '/store/maxSize')],
    [
      'a size that an Event may not fit into',
      '{ memory: {}, maxSize: 1Mi }',
      [['warning', 'store-small', '/store/maxSize']],
    ],
    [
      'another word for what happens when it is full',
      '{ memory: {}, overflow: drop }',
      error('wrong-value', '/store/overflow'),
    ],
    [
      'a time that is none',
      '{ memory: {}, keepSettled: forever }',
      error('bad-duration', '/store/keepSettled'),
    ],
  ];
  for (const [what, section, expected] of rows) {
    it(`reports the expected problems for ${what}`, () => {
      expect(found(`${KEYED}store: ${section}\n`)).to.deep.equal(expected);
    });
  }

  const forgetting = [['warning', 'store-forgets', '/store/memory']];
  const triggers: readonly (readonly [string, string, readonly (readonly string[])[]])[] = [
    ['brigade', KEYED, []],
    ['http', hook(''), forgetting],
    ['http that deduplicates', hook(', receiver: deduplicates'), []],
    ['exec', `${RULE}triggers: { build: { exec: { command: [make] } } }\n`, forgetting],
  ];
  for (const [what, text, expected] of triggers) {
    it(`does not warn of sqlite with a trigger ${what}`, () => {
      expect(found(`${text}store: { sqlite: {} }\n`)).to.deep.equal([]);
    });
    it(`warns of memory ${expected.length === 0 ? 'not ' : ''}with a trigger ${what}`, () => {
      expect(found(`${text}store: { memory: {} }\n`)).to.deep.equal(expected);
    });
  }
});

describe('a store that is valid by itself', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['in a good file', `${KEYED}store: { memory: {} }`, true],
    ['with a warning', `${KEYED}store: { memory: {}, maxSize: 2Mi }`, true],
    ['beside errors', 'version: 1\nfilters: [{ actoin: accept }]\nstore: { memory: {} }', true],
    ['in a file that is taken for the original’s', 'filtres: []\nstore: { memory: {} }', true],
    ['nowhere', KEYED, false],
    ['beside one that is not', `${KEYED}store: { memory: {}, redis: {} }`, false],
    ['but too small', `${KEYED}store: { memory: {}, maxSize: 1Ki }`, false],
    ['in a file that is no YAML', `${KEYED}store: { memory: {}`, false],
    ['twice', `${KEYED}store: { memory: {} }\nstore: { memory: {}, maxSize: 2Gi }`, false],
    ['in a list', '[store]', false],
  ];
  for (const [where, text, isFound] of rows) {
    it(`is ${isFound ? '' : 'not '}found ${where}`, () => {
      expect(load(text).store !== null).to.equal(isFound);
    });
  }
});
