// Promises of until: it waits for a condition and says what it waited for in vain.

import { expect } from 'chai';
import { until } from './until.ts';

describe('until', () => {
  it('returns the first value of the condition', async () => {
    let asked = 0;
    const found = await until(() => {
      asked += 1;
      return asked < 3 ? null : { asked };
    }, 'a third question');
    expect(found).to.deep.equal({ asked: 3 });
  });

  it('treats zero and the empty string as values, and false as no value', async () => {
    expect([await until(() => 0, 'zero'), await until(() => '', 'nothing')]).to.deep.equal([0, '']);
    const error: unknown = await until(() => false, 'the truth', 5).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.have.property('message', 'waiting for the truth: not so after 5 ms');
  });

  it('asks again after an assertion fails, and names the last failure as the cause', async () => {
    const failure = new Error('not yet');
    const error: unknown = await until(
      () => {
        throw failure;
      },
      'calm',
      5,
    ).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('cause', failure);
  });
});
