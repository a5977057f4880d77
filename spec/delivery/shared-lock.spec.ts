// The lock: shared and exclusive holders, their order, and a waiter that gives up.

import { expect } from 'chai';
import { type LockMode, SharedLock } from '../../lib/delivery/shared-lock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';

/** A lock, and its holders by name. */
function lockWithNames() {
  const sharedLock = new SharedLock();
  const inside = new Map<string, Disposable>();
  const enter = async (name: string, mode: LockMode, signal?: AbortSignal): Promise<void> => {
    const lock = await sharedLock.acquire(mode, signal ?? NEVER);
    if (lock !== null) inside.set(name, lock);
  };
  const leave = async (name: string): Promise<void> => {
    inside.get(name)?.[Symbol.dispose]();
    inside.delete(name);
    await turned();
  };
  return { sharedLock, enter, leave, names: (): string => [...inside.keys()].join(' ') };
}

/** Runs everything that is ready. */
function turned(): Promise<void> {
  return new FakeClock().advance(0);
}

describe('the shared lock', () => {
  it('has many shared holders at once', async () => {
    const { enter, names } = lockWithNames();
    await Promise.all([enter('a', 'shared'), enter('b', 'shared'), enter('c', 'shared')]);
    expect(names()).to.equal('a b c');
  });

  it('admits an exclusive holder when all others have left, and later ones after it', async () => {
    const { enter, leave, names } = lockWithNames();
    await Promise.all([enter('a', 'shared'), enter('b', 'shared')]);
    void enter('x', 'exclusive');
    void enter('c', 'shared');
    void enter('d', 'shared');
    await leave('a');
    expect(names()).to.equal('b');
    await leave('b');
    expect(names()).to.equal('x');
    await leave('x');
    expect(names()).to.equal('c d');
  });

  it('admits two exclusive holders one after the other', async () => {
    const { enter, leave, names } = lockWithNames();
    void enter('x', 'exclusive');
    void enter('y', 'exclusive');
    await turned();
    expect(names()).to.equal('x');
    await leave('x');
    expect(names()).to.equal('y');
  });

  it('returns null to a waiter that gives up, and admits those behind it', async () => {
    const { enter, names } = lockWithNames();
    const giveUp = new AbortController();
    await enter('a', 'shared');
    void enter('x', 'exclusive', giveUp.signal);
    void enter('b', 'shared');
    await turned();
    expect(names()).to.equal('a');
    giveUp.abort();
    await turned();
    expect(names()).to.equal('a b');
  });

  it('lets no waiter with an aborted signal wait, but admits it if the lock is free', async () => {
    const { sharedLock, enter, names } = lockWithNames();
    await enter('a', 'shared', AbortSignal.abort());
    expect(names()).to.equal('a');
    expect(await sharedLock.acquire('exclusive', AbortSignal.abort())).to.equal(null);
  });

  it('counts a holder that leaves twice once', async () => {
    const { sharedLock } = lockWithNames();
    const lock = await sharedLock.acquire('shared', NEVER);
    await sharedLock.acquire('shared', NEVER);
    lock?.[Symbol.dispose]();
    lock?.[Symbol.dispose]();
    expect(sharedLock.holders).to.equal(1);
  });
});
