// Each field of a rule against Events: patterns, lists, counts, missing values, and what is refused.
// Whole rules are decide.spec.ts's.

import { expect } from 'chai';
import type { Json } from '../../lib/core/json-object.ts';
import type { EventObject } from '../../lib/core/occurrence.ts';
import type { Finding } from '../../lib/core/problem.ts';
import type { RuleField } from '../../lib/core/vocabulary.ts';
import { compileCondition, foundBy, holds } from '../../lib/filters/condition.ts';
import type { Report } from '../../lib/filters/rule-findings.ts';
import { EVENT_FIELDS } from '../../lib/sources/event-fields.ts';
import { anEvent, anOccurrence } from '../support/builders.ts';

const FIELD_NAMES = EVENT_FIELDS.map(({ name }) => name);

function fieldOf(wanted: string): RuleField {
  const found = EVENT_FIELDS.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`no field ${wanted}`);
  return found;
}

/** A report whose parts can be looked at. */
function collected(): Report & { readonly findings: Finding[]; skipped: number } {
  const findings: Finding[] = [];
  return {
    findings,
    skipped: 0,
    add: (finding) => void findings.push(finding),
    skip() {
      this.skipped += 1;
    },
  };
}

function asks(field: string, written: unknown, event: EventObject = anEvent()): boolean {
  const report = collected();
  const condition = compileCondition(
    { field: fieldOf(field), written, path: `/filters/0/${field}` },
    report,
  );
  expect(report.findings, 'findings').to.deep.equal([]);
  expect(report.skipped).to.equal(0);
  return condition === null || holds(condition, anOccurrence({ event }));
}

function findingsOf(field: string, written: unknown): readonly string[] {
  const report = collected();
  compileCondition({ field: fieldOf(field), written, path: '/f' }, report);
  return report.findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

const BARE: EventObject = { metadata: {} };

describe('a condition', () => {
  const fields: readonly (readonly [string, unknown, unknown])[] = [
    ['source', 'shop', 'pay'],
    ['namespace', 'shop', 'Shop'],
    ['kind', 'Pod', 'pod'],
    ['objectName', 'web-1', 'web'],
    ['apiVersion', 'v1', 'apps/v1'],
    ['fieldPath', 'spec.containers{web}', 'spec.containers{*}x'],
    ['eventNamespace', 'shop', 'default'],
    ['reasons', 'BackOff', 'Backoff'],
    ['type', 'Warning', 'Normal'],
    ['message', '*failed container*', '*succeeded*'],
    ['component', 'kubelet', 'scheduler'],
    ['host', 'node-1', 'node-10'],
    ['count', 3, 4],
  ];

  it('exists for each field of a rule', () => {
    const maps = ['eventLabels', 'eventAnnotations', 'related'];
    expect([...fields.map(([field]) => field), ...maps]).to.have.members([...FIELD_NAMES]);
  });

  for (const [field, right, wrong] of fields) {
    it(`on ${field} holds for ${String(right)} and not for ${String(wrong)}`, () => {
      expect(asks(field, right)).to.equal(true);
      expect(asks(field, wrong)).to.equal(false);
      expect(asks(field, [wrong, right])).to.equal(true);
      expect(asks(field, [wrong])).to.equal(false);
    });

    it(`on ${field} asks for nothing if it is absent, '' or []`, () => {
      for (const written of [undefined, '', []]) {
        expect(asks(field, written)).to.equal(true);
        expect(asks(field, written, BARE)).to.equal(true);
      }
    });
  }

  const missing = EVENT_FIELDS.flatMap(({ type, name }) =>
    type === 'text' && name !== 'source' ? [name] : [],
  );
  for (const field of missing) {
    it(`on ${field} sees a missing value as the empty text, which '' in a list asks for`, () => {
      const pattern = field === 'message' ? '*web*' : 'web';
      expect(asks(field, ['', pattern], BARE)).to.equal(true);
      expect(asks(field, [''], BARE)).to.equal(true);
      expect(asks(field, [pattern], BARE)).to.equal(false);
      expect(asks(field, [''])).to.equal(false);
      expect(asks(field, '/^$/', BARE)).to.equal(true);
      expect(asks(field, '*', BARE)).to.equal(true);
      expect(asks(field, '?*', BARE)).to.equal(false);
      expect(fieldOf(field).read(anOccurrence({ event: BARE }))).to.equal('');
    });
  }

  const values: readonly (readonly [string, EventObject, string, unknown, boolean])[] = [
    ['reportingComponent', { reportingComponent: 'x' }, 'component', 'x', true],
    [
      'source.component first',
      { source: { component: 'a' }, reportingComponent: 'b' },
      'component',
      'b',
      false,
    ],
    ['reportingInstance', { reportingInstance: 'n' }, 'host', 'n', true],
    ['series.count', { series: { count: 7 } }, 'count', 7, true],
    ['no count as 1', {}, 'count', 1, true],
    ['a value that is no text', { reason: 7 }, 'reasons', [''], true],
    ['an involved object that is none', { involvedObject: 'Pod' }, 'kind', [''], true],
    [
      'the involved object, not the Event, for namespace',
      { metadata: { namespace: 'a' }, involvedObject: { namespace: 'b' } },
      'namespace',
      'b',
      true,
    ],
    [
      'the Event, not the involved object, for eventNamespace',
      { metadata: { namespace: 'a' }, involvedObject: { namespace: 'b' } },
      'eventNamespace',
      'a',
      true,
    ],
  ];
  for (const [title, event, field, written, expected] of values) {
    it(`reads ${title}`, () => {
      expect(asks(field, written, event)).to.equal(expected);
    });
  }

  const patterns: readonly (readonly [string, string, boolean])[] = [
    ['kube-*', 'kube-system', true],
    ['kube-*', 'kube-', true],
    ['kube-*', 'my-kube-system', false],
    ['kube-?', 'kube-1', true],
    ['kube-?', 'kube-12', false],
    ['*.io', 'cert-manager.io', true],
    ['*.io', 'cert-manager-io', false],
    ['/^Failed/', 'FailedMount', true],
    ['/^Failed/', 'notFailed', false],
    ['/Failed/', 'notFailedAtAll', true],
    ['/(?i)failed/', 'FAILED', true],
    ['/exit code (?P<code>\\d+)/', 'exit code 137', true],
    ['/a|b$/', 'xb', true],
    ['a.c', 'abc', false],
    ['a.c', 'a.c', true],
    ['/', '/', true],
    ['BackOff', 'BackOff ', false],
  ];
  for (const [pattern, value, expected] of patterns) {
    it(`${expected ? 'matches' : 'does not match'} ${pattern} with ${value}`, () => {
      expect(asks('reasons', pattern, { reason: value })).to.equal(expected);
      expect(asks('reasons', ['none', pattern, 'nor-this'], { reason: value })).to.equal(expected);
    });
  }

  it('compares a list of 40 reasons by one look-up', () => {
    const reasons = Array.from({ length: 40 }, (_, place) => `Reason${place}`);
    const condition = compileCondition(
      { field: fieldOf('reasons'), written: reasons, path: '' },
      collected(),
    );
    expect(condition).to.have.property('exact').with.property('size', 40);
    expect(condition).to.have.property('patterns').that.is.empty;
  });

  const counts: readonly (readonly [unknown, readonly number[], readonly number[]])[] = [
    [3, [3], [1, 2, 4]],
    ['3', [3], [2, 4]],
    ['= 3', [3], [2, 4]],
    ['==3', [3], [2, 4]],
    ['>= 3', [3, 4, 1000], [1, 2]],
    ['>=3', [3], [2]],
    ['> 3', [4], [1, 3]],
    ['< 3', [1, 2], [3, 4]],
    ['<= 3', [1, 3], [4]],
    [
      [1, '>= 10'],
      [1, 10, 11],
      [2, 9],
    ],
    [
      ['< 2', '> 5', 4],
      [1, 4, 6],
      [2, 3, 5],
    ],
    ['  >=  3  ', [3], [2]],
  ];
  for (const [written, right, wrong] of counts) {
    it(`on the count ${JSON.stringify(written)} holds for ${right.join(', ')} only`, () => {
      for (const count of right) expect(asks('count', written, { count })).to.equal(true);
      for (const count of wrong) expect(asks('count', written, { count })).to.equal(false);
    });
  }

  const refused: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['kind', '/(/', ['error bad-pattern /f']],
    ['kind', ['Pod', '/(/', '/[/'], ['error bad-pattern /f/1', 'error bad-pattern /f/2']],
    ['reasons', '/(?=x)/', ['error bad-pattern /f']],
    ['reasons', '/x/i', ['error bad-pattern /f']],
    ['message', 'restarting', ['error bad-pattern /f']],
    ['message', ['*x*', 'restarting', ''], ['error bad-pattern /f/1']],
    [
      'eventLabels',
      { team: '/(/', 'a/b': ['x', '/[/'] },
      ['error bad-pattern /f/team', 'error bad-pattern /f/a~1b/1'],
    ],
    ['count', 'many', ['error bad-count /f']],
    ['count', -1, ['error bad-count /f']],
    ['count', 1.5, ['error bad-count /f']],
    ['count', [3, '=> 3', ''], ['error bad-count /f/1', 'error bad-count /f/2']],
    ['count', '!= 3', ['error bad-count /f']],
  ];
  for (const [field, written, expected] of refused) {
    it(`refuses ${field}: ${JSON.stringify(written)}`, () => {
      expect(findingsOf(field, written)).to.deep.equal(expected);
    });
  }

  const wrongTypes: readonly (readonly [string, unknown])[] = [
    ['kind', null],
    ['kind', 3],
    ['kind', { a: 1 }],
    ['kind', ['Pod', ['Node']]],
    ['count', true],
    ['eventLabels', 'team'],
    ['eventLabels', ['team']],
    ['related', { kind: { a: 1 } }],
  ];
  for (const [field, written] of wrongTypes) {
    it(`skips the wrong type in ${field}: ${JSON.stringify(written)}, which the schema reports`, () => {
      const report = collected();
      compileCondition({ field: fieldOf(field), written, path: '/f' }, report);
      expect(report).to.deep.include({ findings: [], skipped: 1 });
    });
  }

  const labels = { team: 'pay', 'example.com/tier': 'web', empty: '' };
  const maps: readonly (readonly [string, (values: Json) => EventObject])[] = [
    ['eventLabels', (values) => anEvent({ metadata: { labels: values } })],
    ['eventAnnotations', (values) => anEvent({ metadata: { annotations: values } })],
    ['related', (values) => anEvent({ related: values })],
  ];
  for (const [field, eventWith] of maps) {
    const rows: readonly (readonly [Json, Json, boolean])[] = [
      [{ team: 'pay' }, labels, true],
      [{ team: 'p*', 'example.com/tier': ['db', '/^w/'] }, labels, true],
      [{ team: 'p*', 'example.com/tier': ['db', 'cache'] }, labels, false],
      [{ team: 'Pay' }, labels, false],
      [{ empty: [''] }, labels, true],
      [{ missing: [''] }, labels, true],
      [{ missing: '?*' }, labels, false],
      [{ team: '', missing: [] }, labels, true],
      [{ constructor: '?*', toString: '*' }, labels, false],
      [{ team: 'pay' }, null, false],
      [{ team: 'pay' }, ['pay'], false],
      [{ team: '3' }, { team: 3 }, false],
    ];
    for (const [wanted, values, expected] of rows) {
      it(`on ${field} ${JSON.stringify(wanted)} ${expected ? 'holds' : 'fails'} for ${JSON.stringify(values)}`, () => {
        expect(asks(field, wanted, eventWith(values))).to.equal(expected);
      });
    }

    it(`on ${field} asks for nothing if no key does`, () => {
      for (const written of [{}, { team: '' }, { team: [] }]) {
        const place = { field: fieldOf(field), written, path: '' };
        expect(compileCondition(place, collected())).to.equal(null);
      }
    });

    it(`on ${field} says what it found of the keys that were asked for`, () => {
      const written = { team: 'x', missing: 'y' };
      const condition = compileCondition({ field: fieldOf(field), written, path: '' }, collected());
      const occurrence = anOccurrence({ event: eventWith(labels) });
      expect(condition?.wanted).to.deep.equal(written);
      expect(condition && foundBy(condition, occurrence)).to.deep.equal({
        team: 'pay',
        missing: '',
      });
    });
  }

  it('matches nothing if each entry is wrong', () => {
    const condition = compileCondition(
      { field: fieldOf('kind'), written: '/(/', path: '' },
      collected(),
    );
    expect(condition !== null && holds(condition, anOccurrence())).to.equal(false);
  });
});
