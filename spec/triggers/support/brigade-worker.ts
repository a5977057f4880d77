// A fake worker of Brigade v1 for scripts: from a build Secret to the event that the
// script gets, and the library `brigadier` with Jobs that are recorded and not run.
// Source: brigadecore/brigade v0.10.0, brigade-worker/src (index.ts, app.ts, events.ts, job.ts,
// group.ts)

import { EventEmitter } from 'node:events';
import { compileFunction } from 'node:vm';
import { type Json, stringAt } from '../../../lib/core/json-object.ts';

/** The event of a build, as the worker reads it from the Secret. */
export interface BrigadeEvent {
  readonly buildID: string;
  readonly workerID: string;
  readonly type: string;
  readonly provider: string;
  readonly revision: { readonly commit: string; readonly ref: string };
  readonly payload?: string;
  readonly cause?: { readonly event: BrigadeEvent; readonly reason: unknown };
}

/** A Job that a script ran. */
export interface RecordedJob {
  readonly name: string;
  readonly image: string;
  readonly tasks: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly useSource: boolean;
}

/** Result of a build. */
export interface BuildRecord {
  /** In the order in which they began. */
  readonly jobs: readonly RecordedJob[];
  /** Lines of the script's console. */
  readonly lines: readonly string[];
  /** The most Jobs that ran at one moment. */
  readonly mostAtOnce: number;
}

/** The worker's event of a build Secret; an absent type is `ping`. */
export function eventOf(secret: Json | undefined): BrigadeEvent {
  const text = (key: string): string => stringAt(secret, 'stringData', key);
  return {
    // The controller passes the label and the name.
    buildID: stringAt(secret, 'metadata', 'labels', 'build'),
    workerID: stringAt(secret, 'metadata', 'name'),
    type: text('event_type') || 'ping',
    provider: text('event_provider') || 'unknown',
    revision: { commit: text('commit_id'), ref: text('commit_ref') || 'refs/heads/master' },
    payload: Buffer.from(stringAt(secret, 'data', 'payload'), 'base64').toString('utf8'),
  };
}

/** Runs a script for one event; a Job of a name in `failing` fails. */
export async function runScript(
  script: string,
  event: BrigadeEvent,
  failing: readonly string[] = [],
): Promise<BuildRecord> {
  const worker = new Worker(failing);
  const library = brigadierOf(worker);
  const load = (name: string): unknown => {
    if (name === 'brigadier' || name === 'brigade') return library;
    throw new Error(`the worker has no module ${name}`);
  };
  const run: unknown = compileFunction(script, ['require', 'console', 'exports']);
  if (typeof run !== 'function') throw new Error('the script is no function body');
  Reflect.apply(run, undefined, [load, worker.console, {}]);
  await library.events.fire(event).catch(async (reason: unknown) => {
    const { payload, ...rest } = event;
    await library.events.fire({ ...rest, type: 'error', cause: { event, reason } });
  });
  return worker;
}

class Worker implements BuildRecord {
  readonly jobs: RecordedJob[] = [];
  readonly lines: string[] = [];
  mostAtOnce = 0;
  readonly console = {
    log: (text: string): void => void this.lines.push(text),
    error: (text: string): void => void this.lines.push(text),
  };
  readonly #failing: readonly string[];
  #running = 0;

  constructor(failing: readonly string[]) {
    this.#failing = failing;
  }

  async run(job: RecordedJob): Promise<string> {
    this.jobs.push(job);
    this.#running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#running);
    // Other Jobs that were started at the same time begin meanwhile.
    await Promise.resolve();
    this.#running -= 1;
    if (this.#failing.includes(job.name)) throw new Error(`job ${job.name}: failed`);
    return job.name;
  }
}

type Handler = (event: BrigadeEvent, project: object) => unknown;

/** Handlers by the whole type. Their promises are awaited, as by a worker's process. */
class EventRegistry extends EventEmitter {
  readonly #promised: unknown[] = [];

  override on(type: string, handler: Handler): this {
    return super.on(type, (event: BrigadeEvent, project: object) => {
      this.#promised.push(handler(event, project));
    });
  }

  has(type: string): boolean {
    return this.listenerCount(type) > 0;
  }

  async fire(event: BrigadeEvent): Promise<void> {
    this.emit(event.type, event, { name: 'org/repo', secrets: {} });
    await Promise.all(this.#promised.splice(0));
  }
}

function brigadierOf(worker: Worker) {
  class Job implements RecordedJob {
    readonly name: string;
    readonly image: string;
    readonly tasks: readonly string[];
    env: Readonly<Record<string, string>> = {};
    useSource = true;

    constructor(name: string, image = '', tasks: readonly string[] = []) {
      if (!/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])+$/.test(name)) {
        throw new Error(`no job can have the name ${name}`);
      }
      this.name = name;
      this.image = image;
      this.tasks = tasks;
    }

    run(): Promise<string> {
      return worker.run(this);
    }
  }

  class Group {
    readonly #jobs: Job[];

    constructor(jobs: readonly Job[] = []) {
      this.#jobs = [...jobs];
    }

    static runAll(jobs: readonly Job[]): Promise<readonly string[]> {
      return new Group(jobs).runAll();
    }

    static runEach(jobs: readonly Job[]): Promise<readonly string[]> {
      return new Group(jobs).runEach();
    }

    add(...jobs: readonly Job[]): void {
      this.#jobs.push(...jobs);
    }

    runAll(): Promise<readonly string[]> {
      return Promise.all(this.#jobs.map((job) => job.run()));
    }

    async runEach(): Promise<readonly string[]> {
      const results: string[] = [];
      for (const job of this.#jobs) results.push(await job.run());
      return results;
    }
  }

  return { events: new EventRegistry(), Job, Group };
}
