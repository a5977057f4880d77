// How the harness talks to the programs it starts: one question, one answer, over the channel that
// Node gives a forked process. A program ends by itself when the harness is gone, whatever ended
// it.

/** Calls of a program, by name. An answer may take as long as the awaited event. */
export type Handlers = Readonly<Record<string, (argument: never) => unknown>>;

/** A question as it travels. */
export interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

/** An answer as it travels. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

// Processes that do not know the harness, and must not outlive it either.
const guarded = new Set<number>();

const GUARD: Handlers = {
  guard: (pid: number) => void guarded.add(pid),
  unguard: (pid: number) => void guarded.delete(pid),
};

/** Answers the harness until it goes away, and ends this process then. */
export function serve(handlers: Handlers): void {
  process.on('message', (message: Question) => {
    void answer(handlers, message).then((reply) => process.send?.(reply));
  });
  // Killed and not asked: an open socket must not keep a program of a dead harness.
  process.once('disconnect', () => {
    for (const pid of guarded) process.kill(pid, 'SIGKILL');
    process.kill(process.pid, 'SIGKILL');
  });
  process.send?.({ id: READY_ID } satisfies Answer);
}

/** The answer that a program gives unasked, once it can be asked. */
export const READY_ID = 0;

async function answer(handlers: Handlers, { id, name, argument }: Question): Promise<Answer> {
  try {
    const handler = handlers[name] ?? GUARD[name];
    if (handler === undefined) return { id, error: `no question "${name}"` };
    return { id, value: await handler(argument as never) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The monotonic clock that all processes of a machine share, in ms. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
