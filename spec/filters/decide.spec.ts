// The walk over the chain by hand-made cases: order, blocks under `not`, the trail, the nearest rule.
// Random rules are properties.spec.ts's.

import { expect } from 'chai';
import type { Decision } from '../../lib/core/decision.ts';
import type { Chain } from '../../lib/filters/chain.ts';
import { compileChain } from '../../lib/filters/compile.ts';
import { decide, explain, nearest } from '../../lib/filters/decide.ts';
import type { RuleSection } from '../../lib/filters/rule.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { anEvent, anOccurrence } from '../support/builders.ts';

const FIELD_NAMES = EVENT_FIELDS.map(({ name }) => name);

function chainOf(...rules: readonly RuleSection[]): Chain {
  const { chain, findings } = compileChain(rules, {
    vocabulary: EVENT_FIELDS,
    triggers: ['build'],
    defaultQuietMs: 5,
  });
  expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
  return chain;
}

function ruleOf(decision: Decision): number | null {
  return decision.rule === null ? null : decision.rule.index;
}

const EVENT = anOccurrence();

describe('decide', () => {
  it('decides by the first rule that matches', () => {
    const chain = chainOf(
      { kind: 'Node', action: 'accept' },
      { kind: 'Pod', action: 'reject' },
      { kind: 'Pod', action: 'accept', name: 'late' },
    );
    expect(decide(chain, EVENT)).to.deep.equal({
      action: 'reject',
      rule: { index: 1, name: null, identity: '' },
      triggers: [],
      quietMs: 0,
    });
  });

  it('says which rule accepts, what it starts and how long silence lasts', () => {
    expect(decide(chainOf({ name: 'all', action: 'accept' }), EVENT)).to.deep.equal({
      action: 'accept',
      rule: { index: 0, name: 'all', identity: 'all' },
      triggers: ['build'],
      quietMs: 5,
    });
  });

  it('rejects an occurrence that no rule matches, without a rule', () => {
    const rejection = { action: 'reject', rule: null, triggers: [], quietMs: 0 };
    expect(decide(chainOf(), EVENT)).to.deep.equal(rejection);
    expect(decide(chainOf({ kind: 'Node', action: 'accept' }), EVENT)).to.deep.equal(rejection);
  });

  it('matches a rule only if all its conditions hold', () => {
    const all: RuleSection = {
      source: 'shop',
      namespace: 'shop',
      kind: 'Pod',
      objectName: 'web-*',
      apiVersion: 'v1',
      fieldPath: '/web/',
      eventNamespace: 'shop',
      reasons: ['BackOff'],
      type: 'Warning',
      message: '*container*',
      component: 'kubelet',
      host: 'node-?',
      count: '>= 3',
      action: 'accept',
    };
    expect(decide(chainOf(all), EVENT).action).to.equal('accept');
    for (const field of FIELD_NAMES.filter((name) => name in all)) {
      const one = { ...all, [field]: field === 'count' ? 9 : '/^never$/' };
      expect(decide(chainOf(one), EVENT).action, field).to.equal('reject');
      expect(explain(chainOf(one), EVENT).trail[0]?.field).to.equal(field);
    }
  });

  const blocks: readonly (readonly [string, RuleSection['not'], boolean])[] = [
    ['a block that does not match', { kind: 'Node' }, true],
    ['a block that matches', { kind: 'Pod' }, false],
    ['a block that matches only in part', { kind: 'Pod', reasons: 'Killing' }, true],
    ['a block of which all matches', { kind: 'Pod', reasons: 'BackOff' }, false],
    ['a list of blocks of which none matches', [{ kind: 'Node' }, { host: 'x' }], true],
    ['a list of blocks of which one matches', [{ kind: 'Node' }, { host: 'node-*' }], false],
    ['a block that asks for a missing value', { kind: [''] }, true],
    ['no block', [], true],
  ];
  for (const [title, not, expected] of blocks) {
    it(`${expected ? 'matches' : 'passes over'} a rule with not: ${title}`, () => {
      const chain = chainOf({ action: 'accept', ...(not === undefined ? {} : { not }) });
      expect(decide(chain, EVENT).action).to.equal(expected ? 'accept' : 'reject');
    });
  }
});

describe('explain', () => {
  it('names the first failing field of each rule passed over, wanted as written and found', () => {
    const chain = chainOf(
      { name: 'n', namespace: ['kube-*', 'x'], kind: 'Node', action: 'reject' },
      { reasons: '/^Failed/', kind: ['Pod', ''], action: 'accept', name: 'r' },
      { count: '>= 10', action: 'accept', name: 'c' },
      { not: { objectName: 'web-*', host: '', count: '> 1' }, action: 'accept', name: 'b' },
      { not: [{ kind: 'Node' }, { kind: 'Pod' }], action: 'accept' },
      { kind: 'Pod', action: 'reject' },
      { action: 'accept', name: 'never reached' },
    );
    const { decision, trail } = explain(chain, EVENT);
    expect(ruleOf(decision)).to.equal(5);
    expect(trail).to.deep.equal([
      { index: 0, name: 'n', field: 'namespace', wanted: ['kube-*', 'x'], found: 'shop' },
      { index: 1, name: 'r', field: 'reasons', wanted: '/^Failed/', found: 'BackOff' },
      { index: 2, name: 'c', field: 'count', wanted: '>= 10', found: 3 },
      {
        index: 3,
        name: 'b',
        field: 'not',
        wanted: { objectName: 'web-*', host: '', count: '> 1' },
        found: { objectName: 'web-1', count: 3 },
      },
      { index: 4, name: null, field: 'not', wanted: { kind: 'Pod' }, found: { kind: 'Pod' } },
    ]);
  });

  it('tries the fields in their own order, not in that of the file', () => {
    const rule = {
      type: 'x',
      host: 'x',
      kind: 'x',
      not: { kind: 'Pod' },
      action: 'reject',
    } as const;
    expect(explain(chainOf(rule), EVENT).trail[0]?.field).to.equal('kind');
  });

  it('lists every rule on a default rejection and none on a hit of the first', () => {
    const node = { kind: 'Node', action: 'reject' } as const;
    expect(explain(chainOf(node, node, node), EVENT).trail).to.have.lengthOf(3);
    expect(explain(chainOf({ action: 'accept' }, node), EVENT).trail).to.deep.equal([]);
  });
});

describe('nearest', () => {
  function nearestTo(...rules: readonly RuleSection[]): string | null {
    const chain = chainOf(...rules);
    const entry = nearest(chain, explain(chain, anOccurrence({ event: anEvent() })).trail);
    return entry === null ? null : `${entry.index} ${entry.field}`;
  }

  it('is the accept rule whose first failing field is tried last', () => {
    expect(
      nearestTo(
        { kind: 'Node', action: 'accept', name: 'a' },
        { reasons: 'Killing', action: 'accept', name: 'b' },
        { namespace: 'pay', action: 'accept', name: 'c' },
      ),
    ).to.equal('1 reasons');
  });

  it('ranks not behind every field', () => {
    expect(
      nearestTo(
        { count: 9, action: 'accept', name: 'a' },
        { not: { kind: 'Pod' }, action: 'accept', name: 'b' },
      ),
    ).to.equal('1 not');
  });

  it('is the first of several', () => {
    expect(
      nearestTo(
        { kind: 'Node', action: 'accept', name: 'a' },
        { kind: 'Job', action: 'accept', name: 'b' },
      ),
    ).to.equal('0 kind');
  });

  it('is never a reject rule, and may be null', () => {
    expect(nearestTo({ count: 9, action: 'reject' }, { source: 'x', action: 'accept' })).to.equal(
      '1 source',
    );
    expect(nearestTo({ count: 9, action: 'reject' })).to.equal(null);
  });
});
