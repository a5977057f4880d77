// What compileChain refuses, notes and makes of rules: each mistake with its code and place. How a
// single condition reads is condition.spec.ts's.

import { expect } from 'chai';
import { type CompiledChain, compileChain } from '../../lib/filters/compile.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';

const OPTIONS = {
  vocabulary: EVENT_FIELDS,
  triggers: ['build', 'diagnose'],
  sources: ['shop', 'pay'],
  defaultQuietMs: 60,
};

/** Compiles what may be no rules at all, as a file can hold it. */
function compile(sections: unknown, options: Partial<typeof OPTIONS> = {}): CompiledChain {
  return compileChain(sections as readonly RuleSection[], { ...OPTIONS, ...options });
}

function problems(sections: unknown, options: Partial<typeof OPTIONS> = {}): readonly string[] {
  return compile(sections, options).findings.map(
    ({ severity, code, path }) => `${severity} ${code} ${path}`,
  );
}

const ACCEPT = { action: 'accept', triggers: ['build'] };

describe('compileChain', () => {
  it('finds nothing wrong with good rules', () => {
    const rules = [
      { action: 'reject' },
      { name: 'a', ...ACCEPT, kind: 'Pod', again: { per: 'series', quiet: '30m' } },
      { name: 'b', formerly: ['', 'c'], ...ACCEPT, not: [{ kind: 'Pod' }, { source: 'shop' }] },
      { action: 'accept', triggers: ['build', 'diagnose'], source: ['shop', '/^p/'], count: 3 },
    ];
    const { chain, findings } = compile(rules);
    expect(findings).to.deep.equal([
      {
        severity: 'info',
        code: 'shared-identity',
        path: '/filters/3',
        message:
          'rules 2 and 3 have no name and both start "build": a series that one of them started, the other never starts',
        hint: "name them if each should start by itself; formerly: [''] keeps the identity that one had",
      },
    ]);
    expect(chain.rules).to.have.lengthOf(4);
  });

  const refused: readonly (readonly [string, unknown, readonly string[]])[] = [
    [
      'a bad pattern in a list',
      [{ action: 'reject' }, { ...ACCEPT, reasons: ['A', '/(/'] }],
      ['error bad-pattern /filters/1/reasons/1'],
    ],
    [
      'a bad pattern under not',
      [{ ...ACCEPT, not: { kind: '/(/' } }],
      ['error bad-pattern /filters/0/not/kind'],
    ],
    [
      'a bad pattern in a list of blocks',
      [{ ...ACCEPT, not: [{ kind: 'Pod' }, { kind: ['/(/'] }] }],
      ['error bad-pattern /filters/0/not/1/kind/0'],
    ],
    [
      'a block that asks for nothing',
      [
        { ...ACCEPT, not: { host: '' } },
        { ...ACCEPT, name: 'x', not: [{ kind: '', reasons: [] }] },
      ],
      ['error wrong-value /filters/0/not', 'error wrong-value /filters/1/not/0'],
    ],
    [
      'a name used twice',
      [
        { ...ACCEPT, name: 'a' },
        { action: 'reject', name: 'a' },
      ],
      ['error duplicate-name /filters/1/name'],
    ],
    [
      'a name that an earlier rule had',
      [
        { ...ACCEPT, name: 'b', formerly: ['a'] },
        { ...ACCEPT, name: 'a' },
      ],
      ['error duplicate-name /filters/1/name'],
    ],
    [
      'an earlier name that another rule has',
      [
        { ...ACCEPT, name: 'a' },
        { ...ACCEPT, name: 'b', formerly: ['c', 'a'] },
      ],
      ['error duplicate-name /filters/1/formerly/1'],
    ],
    [
      'an earlier name in two rules',
      [
        { ...ACCEPT, name: 'a', formerly: ['c'] },
        { ...ACCEPT, name: 'b', formerly: ['c'] },
      ],
      ['error duplicate-name /filters/1/formerly/0'],
    ],
    ['no triggers among several', [{ action: 'accept' }], ['error triggers-missing /filters/0']],
    [
      'an empty list of triggers',
      [{ action: 'accept', triggers: [] }],
      ['error triggers-missing /filters/0/triggers'],
    ],
    [
      'unknown triggers',
      [{ action: 'accept', triggers: ['build', 'biuld', 7] }],
      ['error unknown-trigger /filters/0/triggers/1'],
    ],
    [
      'a trigger listed twice',
      [{ action: 'accept', triggers: ['build', 'build'] }],
      ['error wrong-value /filters/0/triggers/1'],
    ],
    [
      'triggers in a reject rule',
      [{ action: 'reject', triggers: ['build'] }],
      ['error wrong-value /filters/0/triggers'],
    ],
    [
      'again in a reject rule',
      [{ action: 'reject', again: { quiet: '1h' } }],
      ['error wrong-value /filters/0/again'],
    ],
    [
      'a quiet that is no duration',
      [
        { ...ACCEPT, again: { quiet: '1 hour' } },
        { ...ACCEPT, name: 'x', again: { quiet: 3 } },
      ],
      ['error bad-duration /filters/0/again/quiet'],
    ],
    [
      'unknown sources',
      [{ ...ACCEPT, source: ['shop', 'shp'], not: { source: 'play' } }],
      ['error unknown-source /filters/0/source/1', 'error unknown-source /filters/0/not/source'],
    ],
  ];
  for (const [title, sections, expected] of refused) {
    it(`refuses ${title}, and the chain then rejects everything`, () => {
      expect(problems(sections)).to.deep.equal(expected);
      expect(compile(sections).chain.rules).to.deep.equal([]);
    });
  }

  const skipped: readonly (readonly [string, unknown])[] = [
    ['no list', { kind: 'Pod' }],
    ['null', null],
    ['entries that are no rules', [1, null, 'x', []]],
    ['no action', [{ kind: 'Pod' }]],
    ['another action', [{ action: 'Accept' }]],
    ['another action with triggers', [{ action: 'acept', triggers: ['build'] }]],
    ['an action that is no text', [{ action: true }]],
    ['a not that is no block', [{ ...ACCEPT, not: 'Pod' }]],
    ['a not with an entry that is no block', [{ ...ACCEPT, not: [null] }]],
    ['a block without keys', [{ ...ACCEPT, not: {} }]],
    ['a name that is no text', [{ ...ACCEPT, name: 3 }]],
    ['an empty name', [{ ...ACCEPT, name: '' }]],
    ['formerly that is no list', [{ ...ACCEPT, name: 'a', formerly: 'b' }]],
    ['formerly with an entry that is no name', [{ ...ACCEPT, name: 'a', formerly: ['b', 7] }]],
    ['triggers that are no list', [{ action: 'accept', triggers: 'build' }]],
    ['triggers with an entry that is no name', [{ action: 'accept', triggers: ['build', 7] }]],
    ['a quiet that is no text', [{ ...ACCEPT, again: { quiet: 3 } }]],
    ['another per', [{ ...ACCEPT, again: { per: 'object' } }]],
    ['an again that is no object', [{ ...ACCEPT, again: '1h' }]],
  ];
  for (const [title, sections] of skipped) {
    it(`leaves ${title} to the schema, and the chain then rejects everything`, () => {
      expect(problems(sections)).to.deep.equal([]);
      expect(compile(sections).chain.rules).to.deep.equal([]);
    });
  }

  it('finds everything at once', () => {
    const rules = [
      { name: 'a', action: 'accept', kind: '/(/', count: 'x', triggers: ['nope'] },
      { name: 'a', action: 'maybe', message: 'word', not: [{ kind: '' }, { host: 1 }] },
    ];
    expect(problems(rules)).to.deep.equal([
      'error bad-pattern /filters/0/kind',
      'error bad-count /filters/0/count',
      'error unknown-trigger /filters/0/triggers/0',
      'error bad-pattern /filters/1/message',
      'error wrong-value /filters/1/not/0',
      'error duplicate-name /filters/1/name',
    ]);
  });

  it('warns of a source pattern that no configured source matches', () => {
    expect(problems([{ action: 'reject', source: ['x*', 'sh*'] }])).to.deep.equal([
      'warning never-matches /filters/0/source/0',
    ]);
  });

  it('says the nearest name of an unknown trigger and what was expected', () => {
    const [finding] = compile([{ action: 'accept', triggers: ['diagnos'] }]).findings;
    expect(finding?.hint).to.equal('did you mean "diagnose"?');
    expect(finding?.message).to.contain('configured: "build", "diagnose"');
  });

  it('escapes quoted texts of a file', () => {
    const [finding] = compile([{ action: 'accept', triggers: ['\u001b[31m'] }]).findings;
    expect(finding?.message).to.contain('\\u001b[31m').and.not.to.contain('\u001b');
  });

  it('starts the only trigger if a rule names none', () => {
    const { chain, findings } = compile([{ action: 'accept' }], { triggers: ['build'] });
    expect(findings).to.deep.equal([]);
    expect(chain.rules[0]?.decision.triggers).to.deep.equal(['build']);
  });

  it('refuses an accept rule if no trigger is configured', () => {
    expect(problems([{ action: 'accept' }], { triggers: [] })).to.deep.equal([
      'error triggers-missing /filters/0',
    ]);
  });

  const identities: readonly (readonly [object, string | null, string])[] = [
    [{}, null, ''],
    [{ name: 'a' }, 'a', 'a'],
    [{ name: 'c', formerly: ['a', 'b'] }, 'c', 'a'],
    [{ name: 'a', formerly: [''] }, 'a', ''],
    [{ name: 'a', formerly: ['b', 'a'] }, 'a', 'b'],
    [{ formerly: ['b'] }, null, 'b'],
  ];
  for (const [called, name, identity] of identities) {
    it(`gives ${JSON.stringify(called)} the identity '${identity}'`, () => {
      const { chain, findings } = compile([{ action: 'reject' }, { ...ACCEPT, ...called }]);
      expect(findings).to.deep.equal([]);
      expect(chain.rules[1]?.decision.rule).to.deep.equal({ index: 1, name, identity });
    });
  }

  const shared: readonly (readonly [string, readonly object[], readonly string[]])[] = [
    ['another trigger', [ACCEPT, { action: 'accept', triggers: ['diagnose'] }], []],
    ['a name', [ACCEPT, { ...ACCEPT, name: 'a' }], []],
    ['a rejection between', [ACCEPT, { action: 'reject' }], []],
    ["formerly: ['']", [ACCEPT, { ...ACCEPT, name: 'a', formerly: [''] }], ['/filters/1']],
    ['three of them', [ACCEPT, ACCEPT, ACCEPT], ['/filters/1', '/filters/2']],
  ];
  for (const [title, rules, paths] of shared) {
    it(`notes ${paths.length} shared identities for unnamed accept rules with ${title}`, () => {
      expect(problems(rules)).to.deep.equal(paths.map((path) => `info shared-identity ${path}`));
    });
  }

  it('takes the silence from again, else from the configuration, and none for rejections', () => {
    const { chain } = compile([
      ACCEPT,
      { ...ACCEPT, name: 'a', again: { quiet: '1h30m' } },
      { ...ACCEPT, name: 'b', again: { per: 'series' } },
      { action: 'reject' },
    ]);
    expect(chain.rules.map(({ decision }) => decision.quietMs)).to.deep.equal([60, 5400000, 60, 0]);
  });

  it('leaves conditions out that ask for nothing', () => {
    const { chain } = compile([{ action: 'reject', kind: '', reasons: [], host: 'a', not: [] }]);
    expect(chain.rules[0]?.conditions.map(({ field }) => field.name)).to.deep.equal(['host']);
  });
});
