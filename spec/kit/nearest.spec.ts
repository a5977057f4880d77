// Promises of lib/kit/nearest.ts.
import { expect } from 'chai';
import { nearestName } from '../../lib/kit/nearest.ts';

describe('nearestName', () => {
  const known = ['name', 'namespace', 'kind', 'reasons', 'objectName', 'type', 'action'];
  const cases = [
    ['reason', 'reasons'],
    ['nmaespace', 'namespace'],
    ['Namespace', 'namespace'],
    ['objectname', 'objectName'],
    ['acton', 'action'],
    ['tpye', 'type'],
    ['kidn', 'kind'],
    ['severity', undefined],
    ['x', undefined],
    ['', undefined],
    ['n'.repeat(10_000), undefined],
  ] as const;
  for (const [wrong, name] of cases) {
    it(`finds ${String(name)} for ${JSON.stringify(wrong.slice(0, 20))}`, () => {
      expect(nearestName(wrong, known)).to.equal(name);
    });
  }

  it('takes the nearest, and of two as near the first', () => {
    expect(nearestName('cat', ['cart', 'bat', 'cat'])).to.equal('cat');
    expect(nearestName('cat', ['bat', 'rat'])).to.equal('bat');
  });
});
