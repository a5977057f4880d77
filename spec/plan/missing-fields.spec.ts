// Fields that rules on Events do not have: the hint names what users look for.

import { expect } from 'chai';
import { load } from './plans.ts';

describe('a rule that tests what an Event does not have', () => {
  for (const [rule, path, named] of [
    ['{ labels: { team: pay }, action: accept }', '/filters/0/labels', 'eventLabels'],
    ['{ annotations: { a: b }, action: accept }', '/filters/0/annotations', 'eventAnnotations'],
    ['{ not: [{ labels: { a: b } }], action: accept }', '/filters/0/not/0/labels', 'eventLabels'],
  ] as const) {
    it(`is refused with a hint at ${named}: ${rule}`, () => {
      const { problems } = load(
        `filters:\n  - ${rule}\ntriggers: { b: { exec: { command: [x] } } }\n`,
      );
      const [found] = problems.filter(({ code }) => code === 'unknown-key');
      expect(found?.path).to.equal(path);
      expect(found?.hint).to.include(named).and.include('involved object');
    });
  }

  it('keeps the usual hint for keys of other places and for misspelled fields', () => {
    const { problems } = load(
      'version: 1\nlabels: x\nfilters:\n  - { reason: x, action: reject }\n',
    );
    const hints = problems.map(({ path, hint }) => [path, hint]);
    expect(hints.find(([path]) => path === '/labels')?.[1]).to.not.include('involved object');
    expect(hints.find(([path]) => path === '/filters/0/reason')?.[1]).to.include('reasons');
  });
});
