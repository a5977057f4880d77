// A backlog of a million: deliveries that were committed straight to a store on disk wait for a gateway
// that starts on it. How much memory it takes, when the first request comes, how long a person waits
// for a list; and whether one object whose request hangs keeps those behind it from another's.

import { join } from 'node:path';
import { median, ratios } from '../arithmetic.ts';
import { acceptFor, configurationOf, hooks } from '../configuration.ts';
import { folderMb, removeFolder } from '../disk.ts';
import { OBJECT, SHOP } from '../event-lines.ts';
import type { Figure, Unit } from '../figure.ts';
import type { GatewayChild } from '../gateway.ts';
import { commandTime, listTime, type Page, pathOf } from '../lists.ts';
import { interleave, type Part, type PartContext, scaled } from '../part.ts';
import type { Received } from '../programs/receiver.ts';
import { type Span, stepsOf } from '../records.ts';
import { sharedNow } from '../rpc.ts';
import { memoryOf, quietCpuMs } from '../usage.ts';
import type { World } from '../world.ts';

const WAITING = 1_000_000;
const FEWER = 10_000;
const BLOCKED = 10_000;
const CONCURRENCY = 16;
const FILL_BATCH = 1_000;
// So many between two questions, so that none of them takes longer than a program may be silent.
const FILL_STEP = 50_000;
const DELIVERED = 4_000;
const DELAY_MS = 20;
const LISTS = 20;
const PAGE: Page = { limit: 50, count: 50 };
// Pages that a careless index would make of a walk through the whole backlog.
const ONE_OBJECT: Page = { limit: 50, count: 1, filters: `object=v1/Pod/${SHOP}/${OBJECT}5` };
const NO_STATE: Page = { limit: 50, count: 0, filters: 'state=dead' };
// A million takes its time, and its figures are bounds and not comparisons.
const ONE_ROUND = 1;

/** Whether what waits costs anything. */
export const backlogPart: Part = {
  name: 'backlog',
  summary: 'a gateway that starts on a million waiting deliveries on disk; a blocked object',
  run: backlog,
};

type Numbers = Readonly<Record<string, number>>;

async function backlog(context: PartContext): Promise<readonly Figure[]> {
  const { world, rounds } = context;
  // A watch must open; what it would read is not asked for.
  await world.prepare({ count: 10, acceptEvery: 0 });
  const runs = await interleave<Numbers>(
    { ...context, rounds: Math.min(rounds, ONE_ROUND) },
    {
      waiting: () => waiting(context),
      fewer: () => fewer(context),
      blocked: () => blocked(context),
    },
  );
  const peaks = (name: string, of: string): readonly number[] =>
    (runs[name] ?? []).map((run) => run[of] ?? Number.NaN);
  const ratio: Figure = {
    name: 'peak ÷ with 10,000',
    unit: 'ratio',
    meaning: 'the most memory with a million waiting, beside with 10,000, after the same work',
    rounds: ratios(peaks('waiting', 'peak'), peaks('fewer', 'peak with 10,000')),
  };
  return [ratio, ...Object.values(runs).flatMap((some) => figuresOf(some))];
}

function figuresOf(runs: readonly Numbers[]): readonly Figure[] {
  const names = Object.keys(runs[0] ?? {});
  return names.map((name) => {
    const told = FIGURES[name];
    if (told === undefined) throw new Error(`nobody knows what "${name}" means`);
    const rounds = runs.map((run) => run[name] ?? Number.NaN);
    return { name, unit: told[0], meaning: told[1], rounds };
  });
}

const FIGURES: Readonly<Record<string, readonly [Unit, string]>> = {
  fill: ['per second', `deliveries committed, ${FILL_BATCH} in each commit, while they are made`],
  'on disk': ['MB', 'all files of the store with the whole backlog, after it was closed'],
  'on disk each': ['bytes per delivery', 'the same, for each delivery'],
  ready: ['ms', 'from the start of the process until it is ready'],
  'first attempt': ['ms', 'from the start of the process until its first request is received'],
  'ready again': ['ms', 'the same at the next start'],
  'first attempt again': ['ms', 'the same at the next start'],
  delivered: ['per second', `requests to a receiver of ${DELAY_MS} ms, ${CONCURRENCY} at a time`],
  unanswered: ['MB', 'resident memory of a gateway none of whose requests is ever answered'],
  peak: ['MB', `the most resident memory (VmHWM) of one that listed and delivered ${DELIVERED}`],
  settled: ['MB', 'its resident memory after that, once nothing is answered any more'],
  'peak with 10,000': ['MB', 'the same peak after the same work, with so many waiting'],
  'settled with 10,000': ['MB', 'the same memory after the same work, with so many waiting'],
  'first list': ['ms', `the first GET ${pathOf(PAGE)}, while it delivers`],
  list: ['ms', `the middle one of ${LISTS} such lists, while it delivers`],
  'list of one object': ['ms', `GET ${pathOf(ONE_OBJECT)}, which has one`],
  'list of a state that none is in': ['ms', `GET ${pathOf(NO_STATE)}, which is empty`],
  'list command': ['ms', 'sluice deliveries list asks that gateway, from its start to its end'],
  'list command on the file': ['ms', 'the same with no gateway, straight from the file'],
  scrape: ['ms', 'GET /metrics, which has the depth of every queue'],
  'other object': [
    'ms',
    'from the first request, which is never answered, to that of the other object behind them',
  ],
};

async function waiting(context: PartContext): Promise<Numbers> {
  const { world, events, say } = context;
  const count = scaled(WAITING, events);
  const data = world.newData();
  const filled = await fill(world, { data, spans: [{ from: 0, count }], say });
  const onDisk = folderMb(data);
  await world.receiver.ask('behave', { delayMs: null });
  const first = await startOn(world, data, async ({ pid }) => {
    await quietCpuMs(pid);
    return memoryOf(pid).rssMb;
  });
  say('starts again');
  await world.receiver.ask('behave', { delayMs: DELAY_MS });
  const again = await startOn(world, data, (gateway) => atWork(context, gateway));
  const args = ['--store', join(data, 'sluice.db')];
  const command = await commandTime(world.executable, { args, page: PAGE });
  removeFolder(data);
  return {
    fill: (count * 1000) / filled,
    'on disk': onDisk,
    'on disk each': (onDisk * 1024 * 1024) / count,
    ready: first.ready,
    'first attempt': first.attempt,
    'ready again': again.ready,
    'first attempt again': again.attempt,
    unanswered: first.more,
    ...again.more,
    'list command on the file': command,
  };
}

/** The same work on fewer: what grows with a backlog is the difference. */
async function fewer(context: PartContext): Promise<Numbers> {
  const { world, events, say } = context;
  const data = world.newData();
  await fill(world, { data, spans: [{ from: 0, count: scaled(FEWER, events) }], say });
  await world.receiver.ask('behave', { delayMs: DELAY_MS });
  const { more } = await startOn(world, data, (gateway) => atWork(context, gateway));
  removeFolder(data);
  const { peak = Number.NaN, settled = Number.NaN } = more;
  return { 'peak with 10,000': peak, 'settled with 10,000': settled };
}

interface Started<More> {
  readonly ready: number;
  readonly attempt: number;
  readonly more: More;
}

/** Starts a gateway on a store, does something while it works, and stops it. */
async function startOn<More>(
  world: World,
  data: string,
  work: (gateway: GatewayChild) => Promise<More>,
): Promise<Started<More>> {
  const first = world.receiver.ask<number>('counted', 1);
  await using gateway = await world.startGateway(hooked(world), { data, api: 'on' });
  const attempt = (await first) - gateway.startedAt;
  return { ready: gateway.readyAfterMs, attempt, more: await work(gateway) };
}

/** What is seen while a gateway works on its backlog, and once it can not go on. */
async function atWork(context: PartContext, gateway: GatewayChild): Promise<Numbers> {
  const { world, events } = context;
  const before = await world.receiver.ask<Received>('received');
  const startedAt = sharedNow();
  const lists = await listsTimes(context, gateway);
  const count = before.count + scaled(DELIVERED, events);
  const endedAt = await world.receiver.ask<number>('counted', count);
  await world.receiver.ask('behave', { delayMs: null });
  await quietCpuMs(gateway.pid);
  const { rssMb, peakMb } = memoryOf(gateway.pid);
  const delivered = ((count - before.count) * 1000) / (endedAt - startedAt);
  return { delivered, peak: peakMb, settled: rssMb, ...lists };
}

async function listsTimes({ world }: PartContext, gateway: GatewayChild): Promise<Numbers> {
  const { api } = gateway;
  const pages: number[] = [];
  for (let page = 0; page < LISTS; page += 1) pages.push(await listTime(api, PAGE));
  const [first = Number.NaN] = pages;
  const args = ['--url', api];
  return {
    'first list': first,
    list: median(pages),
    'list of one object': await listTime(api, ONE_OBJECT),
    'list of a state that none is in': await listTime(api, NO_STATE),
    'list command': await commandTime(world.executable, { args, page: PAGE }),
    scrape: await scrapeTime(gateway),
  };
}

async function scrapeTime(gateway: GatewayChild): Promise<number> {
  const startedAt = sharedNow();
  await gateway.metric('sluice_queue_depth');
  return sharedNow() - startedAt;
}

/** Very many of one object, whose first request hangs, before one of another. */
async function blocked({ world, events, say }: PartContext): Promise<Numbers> {
  const count = scaled(BLOCKED, events);
  const data = world.newData();
  const spans = [
    { from: 0, count, object: 0 },
    { from: count, count: 1, object: 1 },
  ];
  await fill(world, { data, spans, say });
  await world.receiver.ask('behave', { delayMs: null });
  const { more } = await startOn(world, data, async () => {
    await world.receiver.ask('counted', 2);
    return world.receiver.ask<Received>('received');
  });
  removeFolder(data);
  const arrivals = new Map(more.arrivals);
  return { 'other object': (arrivals.get(1) ?? Number.NaN) - (arrivals.get(0) ?? Number.NaN) };
}

interface Filling {
  readonly data: string;
  readonly spans: readonly Span[];
  readonly say: (what: string) => void;
}

/** Commits them and closes the store; answers how long the commits took, in ms. */
async function fill(world: World, { data, spans, say }: Filling): Promise<number> {
  await using committer = await world.startCommitter();
  await committer.ask('open', { kind: 'sqlite', folder: data });
  let spent = 0;
  for (const span of spans.flatMap((one) => stepsOf(one, FILL_STEP))) {
    spent += await committer.ask<number>('fill', { ...span, batch: FILL_BATCH });
  }
  await committer.ask('close');
  say(`filled in ${Math.round(spent / 1000)} s`);
  return spent;
}

function hooked(world: World): Readonly<Record<string, unknown>> {
  const triggers = hooks({ hook: world.receiverUrl });
  const filters = acceptFor(['hook']);
  return configurationOf({ filters, triggers, concurrency: CONCURRENCY, store: 'sqlite' });
}
