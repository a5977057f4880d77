// Tasks that end together.

import { expect } from 'chai';
import { aborted } from '../../../lib/kit/async/abort.ts';
import { TaskGroup } from '../../../lib/kit/async/task-group.ts';
import { until } from '../../support/until.ts';

describe('TaskGroup', () => {
  it('reports the failure of a task and continues the others', async () => {
    const failures: unknown[] = [];
    await using group = new TaskGroup(async (error) => void failures.push(error));
    const trouble = new Error('a task failed');
    group.spawn(async () => {
      throw trouble;
    });
    group.spawn(aborted);
    await until(() => failures.length === 1, 'the failure');
    expect(failures).to.deep.equal([trouble]);
    expect(group.signal.aborted).to.equal(false);
  });

  it('does not report failures caused by stopping the group', async () => {
    const failures: unknown[] = [];
    const group = new TaskGroup(async (error) => void failures.push(error));
    group.spawn(async (signal) => {
      await aborted(signal);
      throw new Error('the connection was closed');
    });
    await group[Symbol.asyncDispose]();
    expect(failures).to.deep.equal([]);
  });

  it('settles when every task has ended', async () => {
    const ended: string[] = [];
    const group = new TaskGroup(async () => undefined);
    for (const name of ['a', 'b']) {
      group.spawn(async (signal) => {
        await aborted(signal);
        await Promise.resolve();
        ended.push(name);
      });
    }
    await group[Symbol.asyncDispose]();
    expect(ended).to.have.members(['a', 'b']);
  });

  it('stops with a signal, until that is disposed of', () => {
    const group = new TaskGroup(async () => undefined);
    const [past, present] = [new AbortController(), new AbortController()];
    group.stopWith(past.signal)[Symbol.dispose]();
    past.abort();
    expect(group.signal.aborted).to.equal(false);
    group.stopWith(present.signal);
    present.abort(new Error('over'));
    expect(group.signal.aborted).to.equal(true);
  });
});
