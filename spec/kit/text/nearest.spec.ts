// Promises of lib/kit/text/nearest.ts.

import { expect } from 'chai';
import { nearestName } from '../../../lib/kit/text/nearest.ts';

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
    ['objectNameOf', 'objectName'],
    ['act', 'action'],
    ['reas', 'reasons'],
    ['severity', undefined],
    ['re', undefined],
    ['x', undefined],
    ['', undefined],
    ['n'.repeat(10_000), undefined],
  ] as const;
  for (const [wrong, name] of cases) {
    it(`finds ${String(name)} for ${JSON.stringify(wrong.slice(0, 20))}`, () => {
      expect(nearestName(wrong, known)).to.equal(name);
    });
  }

  it('returns a name with the same beginning if no name is a few typing mistakes away', () => {
    const levels = ['error', 'warn', 'info', 'debug'];
    expect(nearestName('warning', levels)).to.equal('warn');
    expect(nearestName('Information', levels)).to.equal('info');
    expect(nearestName('name', ['namespaceSelector', 'namespaces'])).to.equal('namespaces');
  });

  it('returns the nearest name, and the first of two equally near', () => {
    expect(nearestName('cat', ['cart', 'bat', 'cat'])).to.equal('cat');
    expect(nearestName('cat', ['bat', 'rat'])).to.equal('bat');
  });
});
