// Hostile texts: planning them ends, reports a bounded number of problems, and never throws.

import { expect } from 'chai';
import fc from 'fast-check';
import { load } from './plans.ts';

describe('loadPlan on hostile texts', () => {
  it('reports at most a thousand problems, errors first, and ends soon', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `t${index}`);
    const triggers = names.map((name) => `  ${name}: { brigade: { project: a/b } }\n`).join('');
    const { plan: none, problems } = load(`triggers:\n${triggers}cluster: 5\n`);
    expect(none).to.equal(null);
    expect(problems).to.have.lengthOf(1000);
    expect(problems.filter(({ severity }) => severity === 'error')).to.have.lengthOf(1);
  });

  it('gives up on single mistakes in a file that has nothing else', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1\n`).join('');
    expect(load(`version: 1\n${keys}`).problems[0]).to.include({
      code: 'unknown-key',
      path: '/k0',
    });
  });

  it('never throws, whatever JSON it is given', () => {
    const keys = fc.constantFrom(
      'version',
      'sources',
      'filters',
      'triggers',
      'delivery',
      'limits',
      'store',
      'http',
      'logging',
      'guard',
      'cluster',
      'project',
      'events',
      'namespaces',
      'brigade',
      'kubernetes',
      'manifest',
      'exec',
      'command',
      'kind',
      'reasons',
      'not',
      'action',
      'name',
      'formerly',
      'again',
      'quiet',
      'retry',
      '__proto__',
      'x',
    );
    const words = fc.constantFrom<string | number | boolean | null>(
      'accept',
      'reject',
      'org/repo',
      '30s',
      '60/h',
      'off',
      '*',
      '/(/',
      '${event.reason}',
      '',
      1,
      -1,
      0.5,
      true,
      false,
      null,
    );
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 6, withCrossShrink: true },
        words,
        fc.array(tie('node'), { maxLength: 4 }),
        fc
          .array(fc.tuple(keys, tie('node')), { maxLength: 8 })
          .map((entries) => Object.fromEntries(entries)),
      ),
    }));
    const documents = fc.record(
      {
        version: fc.constant(1),
        sources: node,
        filters: node,
        triggers: node,
        delivery: node,
        limits: node,
        http: node,
        guard: node,
        project: node,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(documents, (document) => {
        const { plan: planned, problems } = load(JSON.stringify(document));
        const isRefused = problems.some(({ severity }) => severity === 'error');
        expect(planned === null).to.equal(isRefused);
      }),
      { numRuns: 60 },
    );
  }).timeout(30_000);

  it('never throws, whatever bytes it is given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(load(Buffer.from(bytes).toString('utf8')).problems).to.be.an('array');
      }),
      { numRuns: 300 },
    );
  }).timeout(20_000);
});
