// One component as a child process: started with its output in a file, watched while it becomes
// ready, ended by its own pid. Which components there are and with which flags is not known here.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Program } from './build.ts';
import { childEnvironment } from './environment.ts';
import { HopelessError, waitFor } from './waiting.ts';

/** What it takes to start a component. */
export interface ComponentPlan {
  readonly name: string;
  readonly program: Program;
  readonly flags: readonly string[];
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
}

// A component that does not end by then has nothing left that a spec could want from it.
const gracefulStopMs = 15_000;
const shownLogLines = 25;

/** A running component. */
export class Component {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #logFile: string;

  private constructor(plan: ComponentPlan, child: ChildProcess) {
    this.name = plan.name;
    this.#child = child;
    this.#logFile = plan.logFile;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#ended = promise;
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
  }

  /**
   * Starts a process that ends with this one: our own program when its standard input closes, any
   * other when this process exits (a kill -9 of this process leaves those behind).
   */
  static start(plan: ComponentPlan): Component {
    const log = openSync(plan.logFile, 'a');
    const child = spawn(plan.program.file, [...plan.program.args, ...plan.flags], {
      // Its own group, so that Ctrl-C reaches only us and we end things in order.
      detached: true,
      stdio: ['pipe', log, log],
      env: childEnvironment({ SPEC_CONTROLPLANE_LIFELINE: 'stdin', ...plan.environment }),
    });
    closeSync(log);
    // A control plane that was forgotten must not hold up the end of the run.
    child.unref();
    if (child.stdin !== null && 'unref' in child.stdin) (child.stdin.unref as () => void)();
    child.stdin?.on('error', () => undefined);
    const component = new Component(plan, child);
    const kill = (): void => component.#signal('SIGKILL');
    process.once('exit', kill);
    void component.#ended.then(() => process.off('exit', kill));
    return component;
  }

  /** Whether the process is there. */
  get running(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /**
   * Waits until the component answers.
   *
   * **Errors** with the last lines of its output when it ends instead, or at the deadline.
   */
  async ready(condition: () => Promise<boolean>, deadlineMs: number): Promise<void> {
    try {
      await waitFor(
        async () => {
          if (!this.running) throw new HopelessError(`${this.name} ended with ${this.#outcome()}`);
          return condition();
        },
        deadlineMs,
        `${this.name} to be ready`,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${why}\n${await this.lastLines()}`, { cause: error });
    }
  }

  /** The end of its output so far, with the file's name. */
  async lastLines(): Promise<string> {
    const text = await readFile(this.#logFile, 'utf8').catch(() => '');
    return [`${this.#logFile}:`, ...text.trimEnd().split('\n').slice(-shownLogLines)].join('\n  ');
  }

  /** Ends it with a signal, and by force if that is not heeded in time. Twice is as good as once. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#signal(signal);
    if (await this.#endsWithin(gracefulStopMs)) return;
    this.#signal('SIGKILL');
    await this.#ended;
  }

  async #endsWithin(deadlineMs: number): Promise<boolean> {
    const deadline = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => deadline.resolve(false), deadlineMs);
    const ended = this.#ended.then(() => true);
    return Promise.race([ended, deadline.promise]).finally(() => clearTimeout(timer));
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child.kill(signal);
  }

  #outcome(): string {
    const { exitCode, signalCode, pid } = this.#child;
    if (pid === undefined) return 'no process: it could not be started';
    return signalCode ?? `code ${exitCode}`;
  }
}
