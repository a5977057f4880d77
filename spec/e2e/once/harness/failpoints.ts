// Points at which a gateway of the fault specs kills itself, as kill -9 would: before, during and
// after each call of the store, at a chosen time of that call. The product knows nothing of them:
// the store is wrapped from outside (ProcessContext.aroundStore).

import type { Store } from '../../../../lib/core/ports/store.ts';

/** The calls of the store at which a gateway may die. */
export const STORE_CALLS = ['begin', 'lookup', 'commit', 'claim', 'attempt', 'settle'] as const;

/** `during`: some time after the call was sent; its progress is unknown. */
export const MOMENTS = ['before', 'during', 'after'] as const;

/** One point. */
export interface Failpoint {
  readonly call: string;
  readonly when: (typeof MOMENTS)[number];
  /** Number of the call, counted from 1 after it is armed. */
  readonly nth: number;
  /** Time after the opening of the store from which calls count, in ms. */
  readonly armedAfterMs: number;
  /** For `during`: time after the call was sent, in microseconds. */
  readonly duringUs: number;
}

const PORTS: ReadonlySet<unknown> = new Set([
  'journal',
  'outbox',
  'archive',
  'keyValues',
  'upkeep',
]);

/** Wraps a call of the store. */
export type Around = (call: string, run: () => unknown) => unknown;

/** The same store, each call of its ports going through `around`. */
export function wrapped(store: Store, around: Around): Store {
  const ports = new Map<unknown, unknown>();
  return new Proxy(store, {
    get: (whole, name) => {
      const value: unknown = Reflect.get(whole, name, whole);
      if (!PORTS.has(name))
        return typeof value === 'function' ? (value.bind(whole) as unknown) : value;
      if (!ports.has(name)) ports.set(name, wrappedPort(value as object, around));
      return ports.get(name);
    },
  });
}

function wrappedPort(port: object, around: Around): object {
  return new Proxy(port, {
    get: (whole, name) => {
      const value: unknown = Reflect.get(whole, name, whole);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) =>
        around(String(name), () => Reflect.apply(value, whole, given) as unknown);
    },
  });
}

/** Kills this process at a point. */
export function killingAt(point: Failpoint): Around {
  const opened = performance.now();
  let calls = 0;
  return (call, run) => {
    const isArmed = call === point.call && performance.now() - opened >= point.armedAfterMs;
    if (isArmed) calls += 1;
    if (!isArmed || calls !== point.nth) return run();
    if (point.when === 'before') die();
    const running = run() as Promise<unknown>;
    if (point.when === 'during') {
      waitUs(point.duringUs);
      die();
    }
    return running.then(die);
  };
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
  // The kernel delivers the signal a moment later; this process must do nothing until then.
  waitUs(10_000_000);
}

/** Blocks only this thread: the thread of the store continues. */
function waitUs(us: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, us / 1000);
}
