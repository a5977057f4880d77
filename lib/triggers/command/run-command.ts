// Runs one command in a process group of its own, waits for its end or ends it, and cuts its output
// into lines. It knows no delivery and never uses a shell. No group outlives this process, except
// after kill -9, which nothing here can help; attempts are recorded before they are made.
// Source: https://nodejs.org/api/child_process.html (detached, exit and close), POSIX kill(2).

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { StringDecoder } from 'node:string_decoder';
import type { Clock } from '../../core/clock.ts';
import { aborted } from '../../kit/async/abort.ts';
import { codeOfFailure } from '../../kit/file-trouble.ts';

/** One command to run. */
export interface LocalCommand {
  readonly words: readonly [string, ...string[]];
  /** Undefined: that of this process. */
  readonly workingDirectory: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Its standard input. */
  readonly input: string;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
}

/** End of a command. `stopped`: we ended it; `not-started`: no process was created. */
export type Ending =
  | { readonly ended: 'exited'; readonly code: number }
  | { readonly ended: 'killed'; readonly signal: string }
  | { readonly ended: 'stopped' }
  | { readonly ended: 'not-started'; readonly code: string };

// Between SIGTERM and SIGKILL, for cleaning up. An attempt must end soon after its deadline.
const GRACE_MS = 2_000;
// After the leader's end, for pending output of other processes.
const DRAIN_MS = 1_000;

/**
 * Runs a command to its end.
 *
 * **Order and time**: on abort the group gets SIGTERM, and SIGKILL after 2 s. When the leader has
 * ended, the remaining processes of its group are killed.
 */
export async function runCommand(
  command: LocalCommand,
  { clock, groups }: { readonly clock: Clock; readonly groups: ProcessGroups },
  signal: AbortSignal,
): Promise<Ending> {
  if (signal.aborted) return { ended: 'not-started', code: 'aborted' };
  const started = start(command);
  if ('code' in started) return { ended: 'not-started', code: started.code };
  const { child } = started;
  const leader = child.pid;
  if (leader === undefined) return { ended: 'not-started', code: await started.failed };
  const closed = once(child, 'close');
  groups.add(leader);
  try {
    // EPIPE: the command did not read its input, which is no failure.
    child.stdin.on('error', () => undefined);
    child.stdin.end(command.input, 'utf8');
    listen(child, command.onLine);
    return await ending({ child, leader }, clock, signal);
  } finally {
    await within(closed, DRAIN_MS, clock);
    endGroup(leader, 'SIGKILL');
    groups.delete(leader);
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
      child.on('error', (error) => resolve(codeOfFailure(error) ?? ''));
    });
    return { child, failed };
  } catch (error) {
    // Some failures of spawn are events, others (E2BIG, ENOTDIR) are thrown.
    const code = codeOfFailure(error);
    if (code === undefined) throw error;
    return { code };
  }
}

function listen(child: ChildProcessWithoutNullStreams, onLine: LocalCommand['onLine']): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const lines = new OutputLines((line) => onLine(name, line));
    child[name].on('data', (chunk: Buffer) => lines.write(chunk));
    child[name].once('close', () => lines.end());
  }
}

async function ending(
  { child, leader }: { readonly child: ChildProcessWithoutNullStreams; readonly leader: number },
  clock: Clock,
  signal: AbortSignal,
): Promise<Ending> {
  const exited = once(child, 'exit');
  await Promise.race([exited, aborted(signal)]);
  if (child.exitCode !== null) return { ended: 'exited', code: child.exitCode };
  if (child.signalCode !== null) return { ended: 'killed', signal: child.signalCode };
  endGroup(leader, 'SIGTERM');
  if (await within(exited, GRACE_MS, clock)) return { ended: 'stopped' };
  endGroup(leader, 'SIGKILL');
  // A process that hangs in the kernel does not end, but the attempt must.
  await within(exited, DRAIN_MS, clock);
  return { ended: 'stopped' };
}

/** Whether something happens within some milliseconds. */
async function within(event: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const timeUp = Promise.withResolvers<boolean>();
  const cancel = clock.after(ms, () => timeUp.resolve(false));
  try {
    return await Promise.race([event.then(() => true), timeUp.promise]);
  } finally {
    cancel();
  }
}

// Characters. A longer line is a dump, which belongs into the pipeline's own log.
const LONGEST_LINE = 8 * 1024;
// For one attempt and stream. Further output is read and discarded, so that the command never
// blocks.
const MOST_CHARACTERS = 256 * 1024;
const MOST_LINES = 2_000;

/**
 * Cuts one stream of an attempt into lines for the log, bounded in length and number. The log makes
 * lines safe for terminals.
 */
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

  write(chunk: Uint8Array): void {
    if (!this.#full) this.#take(this.#decoder.write(chunk));
  }

  /** Emits the last line if it has no line end. */
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

/**
 * The running process groups of one trigger. A stop aborts each attempt; after a second signal or a
 * crash, the exit listener kills the groups. It listens only while there are any.
 */
export class ProcessGroups {
  readonly #leaders = new Set<number>();
  readonly #killAll = (): void => {
    for (const leader of this.#leaders) endGroup(leader, 'SIGKILL');
  };

  add(leader: number): void {
    if (this.#leaders.size === 0) process.on('exit', this.#killAll);
    this.#leaders.add(leader);
  }

  delete(leader: number): void {
    this.#leaders.delete(leader);
    if (this.#leaders.size === 0) process.off('exit', this.#killAll);
  }
}

/** Sends a signal to a whole group; a missing group is no error. */
function endGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // ESRCH: no process is left. EPERM: the remaining ones changed their user; we cannot kill them.
    const code = codeOfFailure(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
