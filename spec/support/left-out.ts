// Specs that need something this machine may lack: a program, a right, a free port.

import { readSpecEnvironment } from '../controlplane/environment.ts';

/** Skips specs, and reports which and why; in CI that is a failure. */
export function leaveOut(context: Mocha.Context, specs: string, why: string): never {
  if (readSpecEnvironment().ci) throw new Error(`${specs} cannot run: ${why}`);
  process.stderr.write(`LEFT OUT: ${specs}: ${why}\n`);
  return context.skip();
}
