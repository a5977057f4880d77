// The process groups that run now, so that they end with this process however it ends: an ordered
// stop aborts each attempt, and for the second signal and the crash there is the exit listener.
// Against kill -9 of this process nothing helps here; attempts are recorded before they are made.

import process from 'node:process';

import { codeOfFailure } from '../../kit/file-trouble.ts';

/** The groups of one trigger; listens for the process's exit only while it holds any. */
export class ProcessGroups {
  readonly #leaders = new Set<number>();
  readonly #killAll = (): void => {
    for (const leader of this.#leaders) endGroup(leader, 'SIGKILL');
  };

  /** Keeps the group that this process leads. */
  add(leader: number): void {
    if (this.#leaders.size === 0) process.on('exit', this.#killAll);
    this.#leaders.add(leader);
  }

  /** Forgets a group that is gone. */
  delete(leader: number): void {
    this.#leaders.delete(leader);
    if (this.#leaders.size === 0) process.off('exit', this.#killAll);
  }
}

/** Sends a signal to a whole group; a group that is gone is what was wanted. */
export function endGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // ESRCH: nobody is left. EPERM: what is left has become another user's, which we can not end.
    const code = codeOfFailure(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
