// The gate: who passes beside whom, in which order, and that giving up leaves nobody waiting.

import { expect } from 'chai';
import { type LockMode, SharedLock } from '../../lib/delivery/shared-lock.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A gate, and who is inside by name. */
function gateWithNames() {
  const gate = new SharedLock();
  const inside = new Map<string, Disposable>();
  const enter = async (name: string, mode: LockMode, signal?: AbortSignal): Promise<void> => {
    const pass = await gate.acquire(mode, signal ?? new AbortController().signal);
    if (pass !== null) inside.set(name, pass);
  };
  const leave = async (name: string): Promise<void> => {
    inside.get(name)?.[Symbol.dispose]();
    inside.delete(name);
    await turned();
  };
  return { gate, enter, leave, names: (): string => [...inside.keys()].join(' ') };
}

/** Lets everything that is ready run. */
function turned(): Promise<void> {
  return new FakeClock().advance(0);
}

describe('a gate', () => {
  it('lets many pass together', async () => {
    const { enter, names } = gateWithNames();
    await Promise.all([enter('a', 'shared'), enter('b', 'shared'), enter('c', 'shared')]);
    expect(names()).to.equal('a b c');
  });

  it('lets one that must be alone in when all others have left, and those behind it after it', async () => {
    const { enter, leave, names } = gateWithNames();
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

  it('lets two that must be alone in one after the other', async () => {
    const { enter, leave, names } = gateWithNames();
    void enter('x', 'exclusive');
    void enter('y', 'exclusive');
    await turned();
    expect(names()).to.equal('x');
    await leave('x');
    expect(names()).to.equal('y');
  });

  it('answers null to who gives up, and lets in those who waited behind it', async () => {
    const { enter, names } = gateWithNames();
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

  it('lets nobody wait whose signal has aborted, and who need not wait pass', async () => {
    const { gate, enter, names } = gateWithNames();
    await enter('a', 'shared', AbortSignal.abort());
    expect(names()).to.equal('a');
    expect(await gate.acquire('exclusive', AbortSignal.abort())).to.equal(null);
  });

  it('counts one that leaves twice once', async () => {
    const { gate } = gateWithNames();
    const pass = await gate.acquire('shared', new AbortController().signal);
    await gate.acquire('shared', new AbortController().signal);
    pass?.[Symbol.dispose]();
    pass?.[Symbol.dispose]();
    expect(gate.holders).to.equal(1);
  });
});
