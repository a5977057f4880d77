// Runs one command in a process group of its own and waits for its end, or ends it. It knows no
// delivery: words, environment and input in, the way it ended out. It never uses a shell.
// Source: https://nodejs.org/api/child_process.html (detached, exit and close), POSIX kill(2).

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../core/clock.ts';
import { codeOfFailure } from '../../kit/file-trouble.ts';

/** One command to run. */
export interface LocalCommand {
  readonly words: readonly [string, ...string[]];
  /** Absent: this process's own. */
  readonly workingDirectory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What it reads from standard input. */
  readonly input: string;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** How a command ended. `stopped`: we ended it; `not-started`: there never was a process. */
export type Ending =
  | { readonly ended: 'exited'; readonly code: number }
  | { readonly ended: 'killed'; readonly signal: string }
  | { readonly ended: 'stopped' }
  | { readonly ended: 'not-started'; readonly code: string };

/** What running a command needs besides the command. */
interface Runner {
  readonly clock: Clock;
  readonly groups: ProcessGroups;
}

// After SIGTERM, for cleaning up; an attempt must end soon after its deadline.
const GRACE_MS = 2_000;
// After the leader's end, for output of others that is still on its way.
const DRAIN_MS = 1_000;

/**
 * Runs a command to its end.
 *
 * **Order and time**: on abort the group gets SIGTERM, after a grace SIGKILL. When the leader is
 * gone, what it left running in its group is ended as well.
 */
export async function runCommand(
  command: LocalCommand,
  runner: Runner,
  signal: AbortSignal,
): Promise<Ending> {
  if (signal.aborted) return { ended: 'not-started', code: 'aborted' };
  const started = start(command);
  if ('code' in started) return { ended: 'not-started', code: started.code };
  const { child } = started;
  const leader = child.pid;
  if (leader === undefined) return { ended: 'not-started', code: await started.failed };
  const closed = once(child, 'close');
  const exited = once(child, 'exit');
  runner.groups.add(leader);
  try {
    feed(child, command.input);
    listen(child, command.onLine);
    return await ending({ child, exited, leader }, runner.clock, signal);
  } finally {
    await within(closed, DRAIN_MS, runner.clock);
    endGroup(leader, 'SIGKILL');
    runner.groups.delete(leader);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

type StartedCommand =
  | { readonly child: ChildProcessWithoutNullStreams; readonly failed: Promise<string> }
  | { readonly code: string };

function start(command: LocalCommand): StartedCommand {
  const [file, ...words] = command.words;
  try {
    const child = spawn(file, words, {
      cwd: command.workingDirectory,
      env: command.environment,
      detached: true,
      stdio: 'pipe',
      shell: false,
    });
    const failed = new Promise<string>((resolve) => {
      child.on('error', (error) => {
        resolve(codeOfFailure(error) ?? '');
      });
    });
    return { child, failed };
  } catch (error) {
    // Some failures of the system call come as an event, others (E2BIG, ENOTDIR) are thrown.
    const code = codeOfFailure(error);
    if (code === undefined) throw error;
    return { code };
  }
}

function feed(child: ChildProcessWithoutNullStreams, input: string): void {
  // A command that does not read its input is no failure: EPIPE only says that it did not.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input, 'utf8');
}

function listen(child: ChildProcessWithoutNullStreams, onLine: LocalCommand['onLine']): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const lines = new OutputLines((line) => {
      onLine(name, line);
    });
    child[name].on('data', (chunk: Buffer) => {
      lines.write(chunk);
    });
    child[name].once('close', () => {
      lines.end();
    });
  }
}

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<unknown[]>;
  readonly leader: number;
}

async function ending(running: Running, clock: Clock, signal: AbortSignal): Promise<Ending> {
  const { child, exited, leader } = running;
  const aborted = Promise.withResolvers<'aborted'>();
  const onAbort = (): void => {
    aborted.resolve('aborted');
  };
  signal.addEventListener('abort', onAbort);
  try {
    if ((await Promise.race([exited, aborted.promise])) === 'aborted') {
      endGroup(leader, 'SIGTERM');
      if (await within(exited, GRACE_MS, clock)) return { ended: 'stopped' };
      endGroup(leader, 'SIGKILL');
      // A process that hangs inside the kernel does not end: the attempt does all the same.
      await within(exited, DRAIN_MS, clock);
      return { ended: 'stopped' };
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  if (child.exitCode !== null) return { ended: 'exited', code: child.exitCode };
  return { ended: 'killed', signal: child.signalCode ?? 'an unknown signal' };
}

/** Whether something happens within some milliseconds. */
async function within(event: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const timer = new AbortController();
  const timeUp = clock.sleep(ms, timer.signal).then(
    () => false,
    // Only our own abort ends the sleep early, and then nobody waits for it.
    () => true,
  );
  try {
    return await Promise.race([event.then(() => true), timeUp]);
  } finally {
    timer.abort();
  }
}

// A command's output, cut into lines that the log can take: bounded in length and in number of
// bytes, so that a command that talks without end fills nothing. What a line may do to a terminal
// is the log's to prevent.

// A log line longer than this is a dump, and is read in the pipeline's own log.
const LONGEST_LINE = 8 * 1024;
// Of one attempt and stream; what comes after is still read, so that the command never blocks.
const MOST_CHARACTERS = 256 * 1024;
const MOST_LINES = 2_000;

/** Cuts one stream of one attempt into lines. */
export class OutputLines {
  readonly #emit: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  #cut = false;
  #taken = 0;
  #lines = 0;
  #full = false;

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  /** Takes a chunk as it came. */
  write(chunk: Uint8Array): void {
    if (!this.#full) this.#take(this.#decoder.write(chunk));
  }

  /** Emits what is left without a line end. */
  end(): void {
    if (this.#full) return;
    this.#take(this.#decoder.end());
    if (this.#line !== '' || this.#cut) this.#flush();
  }

  #take(text: string): void {
    const pieces = text.split('\n');
    for (const [index, piece] of pieces.entries()) {
      const isMore = piece !== '' || index < pieces.length - 1;
      if (isMore && this.#lines >= MOST_LINES) {
        this.#stop(`${MOST_LINES} lines`);
        return;
      }
      this.#append(piece);
      if (this.#full) return;
      if (index < pieces.length - 1) this.#flush();
    }
  }

  #append(piece: string): void {
    const room = LONGEST_LINE - this.#line.length;
    this.#line += piece.slice(0, room);
    this.#cut ||= piece.length > room;
    this.#taken += piece.length + 1;
    if (this.#taken <= MOST_CHARACTERS) return;
    this.#flush();
    this.#stop(`${MOST_CHARACTERS} characters`);
  }

  #stop(shown: string): void {
    this.#full = true;
    this.#emit(`… (${shown} are shown; the rest is not)`);
  }

  #flush(): void {
    this.#lines += 1;
    this.#emit(this.#cut ? `${this.#line}…` : this.#line.replace(/\r$/, ''));
    this.#line = '';
    this.#cut = false;
  }
}

// The process groups that run now, so that they end with this process however it ends: an ordered
// stop aborts each attempt, and for the second signal and the crash there is the exit listener.
// Against kill -9 of this process nothing helps here; attempts are recorded before they are made.

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
function endGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // ESRCH: nobody is left. EPERM: what is left has become another user's, which we can not end.
    const code = codeOfFailure(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
