// Mocha's own spec reporter, and beside it the counts of the run in a file for spec/run.ts, which
// prints them as the last line. Mocha asks for it by path (`--reporter spec/support/reporter.ts`).

import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** The report that spec/run.ts reads. */
export interface RunCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The spec reporter; the option `counts` names the file to write at the end. */
export class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { counts } = (options.reporterOptions ?? {}) as { readonly counts?: string };
    if (counts === undefined) return;
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const result: RunCounts = { passed: passes, failed: failures, skipped: pending };
      writeFileSync(counts, JSON.stringify(result));
    });
  }
}

// Mocha requires a reporter and takes what that gives for the class; this is the name by which an
// ES module says what `require` gives.
export { CountingReporter as 'module.exports' };
