// How a mocha process tells spec/run.ts what it found: one message for each failure, for each outermost
// `describe` that ended, and for the end of the run. Mocha loads it by path
// (`--reporter spec/support/reporter.ts`); the option `print=specs` prints every spec too.

import { format } from 'node:util';
import Mocha from 'mocha';

/** Numbers of specs by result. */
export interface RunCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What a mocha process sends to its parent. */
export type RunMessage =
  | { readonly kind: 'failure'; readonly title: string; readonly text: string }
  | {
      readonly kind: 'suite';
      readonly title: string;
      readonly counts: RunCounts;
      readonly ms: number;
    }
  | { readonly kind: 'end'; readonly counts: RunCounts }
  /** After the end, something that specs opened keeps the process alive; it ends itself. */
  | { readonly kind: 'stuck'; readonly open: readonly string[] };

// How long a process may live after its last spec.
const EXIT_MS = 10_000;

/**
 * Sends the results of a run to the parent process, if there is one that listens. A process that does not
 * end after its last spec says what is open, and ends.
 */
export class SendingReporter extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const { print } = (options.reporterOptions ?? {}) as { readonly print?: string };
    if (print === 'specs') new Mocha.reporters.Spec(runner, options);
    endWithParent();
    let begun = { counts: this.#counts(), at: performance.now() };
    runner.on('fail', (test) => {
      send({ kind: 'failure', title: test.fullTitle(), text: rendered(test) });
    });
    runner.on('suite', (suite) => {
      if (suite.parent?.root === true) begun = { counts: this.#counts(), at: performance.now() };
    });
    runner.on('suite end', (suite) => {
      if (suite.parent?.root !== true) return;
      const counts = difference(this.#counts(), begun.counts);
      send({ kind: 'suite', title: suite.title, counts, ms: performance.now() - begun.at });
    });
  }

  /** Mocha calls this at the end, and exits when it is called back. */
  override done(failures: number, ended: (failures: number) => void): void {
    const message: RunMessage = { kind: 'end', counts: this.#counts() };
    if (process.send === undefined) {
      ended(failures);
      return;
    }
    process.send(message, () => ended(failures));
    setTimeout(() => {
      const open = process.getActiveResourcesInfo();
      process.send?.({ kind: 'stuck', open } satisfies RunMessage, () => process.exit());
    }, EXIT_MS).unref();
  }

  #counts(): RunCounts {
    const { passes, failures, pending } = this.stats;
    return { passed: passes, failed: failures, skipped: pending };
  }
}

function difference(later: RunCounts, earlier: RunCounts): RunCounts {
  return {
    passed: later.passed - earlier.passed,
    failed: later.failed - earlier.failed,
    skipped: later.skipped - earlier.skipped,
  };
}

/** The failure as mocha's own reporters print it, with the number 1. */
function rendered(test: Mocha.Test): string {
  const { Base } = Mocha.reporters;
  const print = Base.consoleLog;
  const lines: string[] = [];
  Base.consoleLog = (...parts: unknown[]) => void lines.push(format(...parts));
  try {
    Base.list([test]);
  } finally {
    Base.consoleLog = print;
  }
  return lines.join('\n').trim();
}

function send(message: RunMessage): void {
  process.send?.(message);
}

/** A process that was started by spec/run.ts ends when that is killed. */
function endWithParent(): void {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.exit(1));
  // A listener alone would keep the process alive after its last spec.
  process.channel.unref();
}

// Mocha requires a reporter and takes what that gives for the class; this is the name by which an ES
// module says what `require` gives.
export { SendingReporter as 'module.exports' };
