// The context of commands in specs: recorded output, an empty environment, and a stop that the spec
// requests.

import { Readable } from 'node:stream';
import type { ProcessContext } from '../../lib/cli/command.ts';
import { runCommandLine } from '../../lib/cli/main.ts';
import { systemClock, systemRandom } from '../../lib/kit/system.ts';
import { RecordingStream } from '../support/doubles/log-stream.ts';
import { VALIDATORS } from '../support/validators.ts';

/** A context that records its output. */
export interface SpecMachine extends ProcessContext {
  readonly stopping: AbortController;
  out(): string;
  err(): string;
}

/** Builds a context. */
export function specMachine(overrides: Partial<ProcessContext> = {}): SpecMachine {
  const stdout = new RecordingStream();
  const stderr = new RecordingStream();
  const stopping = new AbortController();
  return {
    program: 'sluice',
    folder: process.cwd(),
    stdin: Readable.from([]),
    stdout,
    stderr,
    environment: {},
    clock: systemClock,
    random: systemRandom,
    validators: VALIDATORS,
    stop: stopping.signal,
    stopping,
    out: () => stdout.text,
    err: () => stderr.text,
    ...overrides,
  };
}

/** Runs a command line to its end. */
export async function runLine(
  args: readonly string[],
  overrides: Partial<ProcessContext> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const machine = specMachine(overrides);
  const code = await runCommandLine(args, machine);
  return { code, out: machine.out(), err: machine.err() };
}
