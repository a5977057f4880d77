// leaveOut in CI. Its other case, a skip, would show up in every run of the specs.

import { expect } from 'chai';
import { withVariable } from './environment-variable.ts';
import { leaveOut } from './left-out.ts';

describe('leaveOut', () => {
  it('fails in CI instead of skipping', async function () {
    const left = async (): Promise<unknown> => {
      try {
        return leaveOut(this, 'specs with kustomize', 'no Go');
      } catch (error) {
        return error;
      }
    };
    const found = await withVariable(['CI', 'true'], left);
    expect(found).to.have.property('message', 'specs with kustomize cannot run: no Go');
  });
});
