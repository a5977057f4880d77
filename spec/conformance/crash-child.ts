// A process that works on a store until it is killed. It reports each acknowledged call and writes the
// report synchronously to the pipe, so that no report is lost with the process.

import { writeSync } from 'node:fs';
import type { Store } from '../../lib/core/ports/store.ts';
import { NOW } from '../support/builders.ts';
import { commitOf, POSITION_PATH } from './store-work.ts';

interface CrashModule {
  readonly open: (point: string, ...args: readonly string[]) => Promise<Store>;
}

const [module = '', point = '', ...args] = process.argv.slice(2);
const incarnation = `child ${process.pid}`;
const { open } = (await import(module)) as CrashModule;
const store = await open(point, ...args);

function say(word: string, what: string): void {
  writeSync(1, `${word} ${what}\n`);
}

async function commitOn(): Promise<never> {
  const from = (await store.journal.positions('shop')).get(POSITION_PATH)?.resourceVersion ?? '-1';
  for (let number = Number(from) + 1; ; number += 1) {
    const { done } = await store.journal.commit(commitOf(number));
    if (done) say('commit', `${number}`);
  }
}

async function workOn(): Promise<never> {
  for (;;) {
    const request = { trigger: 'build', incarnation, now: NOW + 1_000, limit: 2 };
    const claimed = await store.outbox.claim({ ...request, order: 'none' });
    await store.keyValues.write('heartbeat', incarnation);
    for (const { id } of claimed) await attempt(id);
  }
}

async function attempt(id: string): Promise<void> {
  const attempted = await store.outbox.attempt({ id, incarnation, now: NOW });
  if (attempted.done) say('attempt', id);
  const settled = await store.outbox.settle({
    id,
    incarnation,
    outcome: { outcome: 'delivered' },
    durationMs: 1,
    next: { state: 'delivered', dead: null, dueAt: NOW, started: null },
    now: NOW,
  });
  if (settled.done) say('settled', id);
}

await store.upkeep.begin({ incarnation, now: NOW });
say('opened', incarnation);
await Promise.all([commitOn(), workOn(), workOn(), workOn()]);
