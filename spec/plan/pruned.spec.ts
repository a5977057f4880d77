// Rules and templates that need what a source prunes; and the shape in explanations.

import { expect } from 'chai';
import type { Problem } from '../../lib/core/problem.ts';
import { explainEvent, sampleDelivery } from '../../lib/plan/explain-event.ts';
import { anEvent } from '../support/builders.ts';
import { load, plan } from './plans.ts';

const SOURCES = `sources:
  shop: { events: { namespaces: [shop], shape: { prune: [message, source.host, 'metadata.labels["a.b/c"]'] } } }
  pay: { events: { namespaces: [pay], redact: ['/[0-9]{4}/'] } }
`;

function problemsOf(filters: string, triggers: string): readonly Problem[] {
  return load(`${SOURCES}filters:\n${filters}triggers:\n${triggers}`).problems.filter(
    ({ severity }) => severity === 'error',
  );
}

const BRIGADE = '  build: { brigade: { project: org/repo } }\n';
const ACCEPT = '  - { name: all, action: accept }\n';

function http(section: string): string {
  return `  build: { http: { ${section} } }\n`;
}

describe('a rule that tests what a source prunes', () => {
  for (const [what, rule, path, words] of [
    [
      'a field',
      "{ name: crash, message: '*x*', action: accept }",
      '/filters/0/message',
      ['rule "crash"', 'message', 'shop'],
    ],
    [
      'one of two alternatives',
      '{ name: crash, host: node-1, action: accept }',
      '/filters/0/host',
      ['host', 'shop', 'source.host'],
    ],
    [
      'a field under not',
      "{ not: { message: '*x*' }, action: accept }",
      '/filters/0/not/message',
      ['the rule', 'shop'],
    ],
    [
      'a field in a list under not',
      "{ not: [{ kind: Pod }, { message: '*x*' }], action: accept }",
      '/filters/0/not/1/message',
      ['shop'],
    ],
    [
      'a field of a reject rule',
      "{ message: '*x*', action: reject }",
      '/filters/0/message',
      ['shop'],
    ],
    [
      'a label',
      "{ eventLabels: { team: x, 'a.b/c': y }, action: accept }",
      '/filters/0/eventLabels',
      ['eventLabels', 'shop', 'a.b/c'],
    ],
    [
      'a source by a glob',
      "{ source: s*, message: '*x*', action: accept }",
      '/filters/0/message',
      ['shop'],
    ],
  ] as const) {
    it(`is refused: ${what}`, () => {
      const found = problemsOf(`  - ${rule}\n`, BRIGADE);
      expect(found.map((one) => [one.code, one.path, one.line])).to.deep.equal([
        ['pruned-path', path, 5],
      ]);
      for (const word of words) expect(found[0]?.message).to.include(word);
      expect(found[0]?.hint).to.include('shape.prune');
    });
  }

  for (const [what, rule] of [
    ['it sees another source only', "{ source: pay, message: '*x*', action: accept }"],
    ['it tests another key of a map', '{ eventLabels: { x: y }, action: accept }'],
    ['it tests another field', '{ reasons: BackOff, kind: Pod, action: accept }'],
    ['it tests another label', '{ eventLabels: { team: x }, action: accept }'],
    ['the field asks for nothing', "{ message: '', host: [], action: accept }"],
  ] as const) {
    it(`is accepted if ${what}`, () => {
      expect(problemsOf(`  - ${rule}\n`, BRIGADE)).to.deep.equal([]);
    });
  }

  it('is reported with every other mistake', () => {
    const codes = problemsOf(
      "  - { message: '*x*', action: accept }\n  - { kind: '/(/', action: accept }\n",
      BRIGADE,
    );
    expect(codes.map(({ code }) => code)).to.have.members(['pruned-path', 'bad-pattern']);
  });
});

describe('a template that needs what a source prunes', () => {
  for (const [what, trigger, path] of [
    [
      'in a URL',
      http("url: 'http://ci.test/?m=${event.message}', tls: {}"),
      '/triggers/build/http/url',
    ],
    [
      'in a header',
      http("url: 'http://ci.test', headers: { x: '${event.source.host}' }"),
      '/triggers/build/http/headers/x',
    ],
    [
      'in a body',
      http("url: 'http://ci.test', body: { a: [1, 'm ${event.message}'] }"),
      '/triggers/build/http/body/a/1',
    ],
    [
      'by its place in the document',
      http("url: 'http://ci.test', body: { a: '${occurrences[0].event.message}' }"),
      '/triggers/build/http/body/a',
    ],
    [
      'with a key that has dots',
      http(`url: 'http://ci.test', body: { a: '\${event.metadata.labels["a.b/c"]}' }`),
      '/triggers/build/http/body/a',
    ],
  ] as const) {
    it(`is refused: ${what}`, () => {
      const found = problemsOf(ACCEPT, trigger).filter(({ code }) => code === 'pruned-path');
      expect(found.map((one) => one.path)).to.deep.equal([path]);
      expect(found[0]?.message).to.include('trigger "build"').and.include('source shop');
    });
  }

  it('is refused in a manifest', () => {
    const manifest =
      "  build: { kubernetes: { manifest: { apiVersion: batch/v1, kind: Job, metadata: { annotations: { a: '${event.message}' } }, spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: b }] } } } } } }\n";
    const found = problemsOf(ACCEPT, manifest).filter(({ code }) => code === 'pruned-path');
    expect(found.map(({ path }) => path)).to.deep.equal([
      '/triggers/build/kubernetes/manifest/metadata/annotations/a',
    ]);
  });

  for (const [what, rule, section] of [
    ['the whole Event', ACCEPT, "body: { a: '${event}' }"],
    [
      'another path',
      ACCEPT,
      "body: { a: '${event.reason}', b: '${occurrences[0].count}', c: '${rule}' }",
    ],
    ['a literal', ACCEPT, "body: { a: '$${event.message}' }"],
    [
      'no rule of that source',
      '  - { name: all, source: pay, action: accept }\n',
      "body: { a: '${event.message}' }",
    ],
  ] as const) {
    it(`is accepted: ${what}`, () => {
      const found = problemsOf(rule, http(`url: 'http://ci.test', ${section}`));
      expect(found).to.deep.equal([]);
    });
  }

  it('is no template in the script of Brigade', () => {
    const script =
      "  build: { brigade: { project: org/repo, script: 'console.log(`${event.message}`)' } }\n";
    expect(problemsOf(ACCEPT, script)).to.deep.equal([]);
  });
});

describe('the section of a source', () => {
  it('refuses to prune what identifies an Event, at its place', () => {
    const text = `sources:\n  shop:\n    events:\n      shape: { prune: [metadata.labels, involvedObject] }\n      redact: [word]\nfilters: []\n`;
    const found = load(text).problems.filter(({ severity }) => severity === 'error');
    expect(found.map(({ code, path, line }) => [code, path, line])).to.deep.equal([
      ['wrong-value', '/sources/shop/events/shape/prune/1', 4],
      ['bad-pattern', '/sources/shop/events/redact/0', 5],
    ]);
  });

  it('has no reveal: an Event has no values of Secrets', () => {
    const found = load(
      'sources: { shop: { events: { shape: { reveal: [secrets] } } } }\nfilters: []\n',
    ).problems;
    expect(found.map(({ code, path }) => [code, path])).to.deep.include([
      'unknown-key',
      '/sources/shop/events/shape/reveal',
    ]);
  });
});

describe('an explanation', () => {
  const filters = "filters:\n  - { name: pin, source: pay, message: '*1234*', action: accept }\n";
  const loaded = plan(`${SOURCES}${filters}triggers:\n${BRIGADE}`);

  it('shows what the rules of a run would see', () => {
    const event = anEvent({ message: 'pin 1234' });
    const { occurrence, explanation } = explainEvent(event, loaded, { source: 'pay', now: 0 });
    expect(occurrence.event['message']).to.equal('pin [redacted]');
    expect(explanation.decision.action).to.equal('reject');
    expect(explanation.trail[0]?.found).to.equal('pin [redacted]');
    const bySource = explainEvent(event, loaded, { source: 'shop', now: 0 });
    expect(bySource.occurrence.event).not.to.have.property('message');
  });

  it('and a sample delivery has the shape of the first source', () => {
    const [trigger] = loaded.triggers;
    if (trigger === undefined) throw new Error('no trigger');
    const delivery = sampleDelivery(loaded, trigger, 0);
    expect(delivery?.occurrences[0].event).not.to.have.property('message');
  });
});
