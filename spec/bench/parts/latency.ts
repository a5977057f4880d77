// From the moment an Event is written to the watch until its request has arrived, at a steady rate:
// alone, on a store on disk, and beside a second trigger for the same Events whose receiver never
// answers or refuses.

import { freePorts } from '../../controlplane/ports.ts';
import { percentile, ratios } from '../arithmetic.ts';
import { acceptFor, configurationOf, hooks, type StoreName } from '../configuration.ts';
import type { Figure } from '../figure.ts';
import { interleave, type Part, type PartContext, scaled } from '../part.ts';
import type { Received } from '../programs/receiver.ts';
import { quietCpuMs } from '../usage.ts';
import type { World } from '../world.ts';

const PER_SECOND = 500;
const USUAL = 5_000;
const CONCURRENCY = 16;
// The first Events pay for code that runs for the first time, which is not what is asked here.
const WARM_SHARE = 0.2;
const SHARES = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const;

/** How late a request is, and whether one receiver's trouble is another's. */
export const latencyPart: Part = {
  name: 'latency',
  summary: `from an Event written to its request received, at ${PER_SECOND} Events per second`,
  run: latency,
};

async function latency(context: PartContext): Promise<readonly Figure[]> {
  const { world } = context;
  const count = scaled(USUAL, context.events);
  await world.prepare({ count, acceptEvery: 1, as: 'lines' });
  const { receiver: dead, url: silent } = await world.startReceiver();
  await dead.ask('behave', { delayMs: null });
  const [nobody = 0] = await freePorts(1);
  const gateway = (others: Others, store: StoreName) => () =>
    delaysOf(world, () => startGateway(world, { others, store }), count);
  const runs = await interleave<readonly number[]>(context, {
    reader: () => delaysOf(world, () => startReader(world, count), count),
    alone: gateway({}, 'memory'),
    sqlite: gateway({}, 'sqlite'),
    silent: gateway({ other: silent }, 'memory'),
    refused: gateway({ other: `http://127.0.0.1:${nobody}/hook` }, 'memory'),
  });
  return SHARES.flatMap(([share, of]) => figuresOf(share, runs, of));
}

function figuresOf(
  share: string,
  runs: Readonly<Record<string, readonly (readonly number[])[]>>,
  of: number,
): readonly Figure[] {
  const rounds = Object.fromEntries(
    Object.entries(runs).map(([name, all]) => [name, all.map((one) => percentile(one, of))]),
  );
  const ratio = (upper: string, lower: string): Figure => ({
    name: `${share} ${upper} ÷ ${lower}`,
    unit: 'ratio',
    meaning: `${share} of the delay ${upper} ÷ ${lower}, of the same round`,
    rounds: ratios(rounds[upper] ?? [], rounds[lower] ?? []),
  });
  return [
    ratio('silent', 'alone'),
    ratio('refused', 'alone'),
    ratio('alone', 'reader'),
    ratio('sqlite', 'alone'),
    ...Object.entries(rounds).map(([name, values]) => ({
      name: `${share} ${name}`,
      unit: 'ms' as const,
      meaning: `${share} of the delay from an Event written to its request received: ${name}`,
      rounds: values,
    })),
  ];
}

interface Started extends AsyncDisposable {
  readonly pid: number;
}

/** Further triggers for the same Events, by name and address. */
type Others = Readonly<Record<string, string>>;

async function startGateway(
  world: World,
  { others, store }: { readonly others: Others; readonly store: StoreName },
): Promise<Started> {
  const urls = { hook: world.receiverUrl, ...others };
  const filters = acceptFor(Object.keys(urls));
  const triggers = hooks(urls);
  const concurrency = CONCURRENCY;
  return world.startGateway(configurationOf({ filters, triggers, concurrency, store }));
}

async function startReader(world: World, count: number): Promise<Started> {
  const { reader, open } = await world.startReader({
    work: 'post',
    count,
    concurrency: CONCURRENCY,
  });
  await open();
  return reader;
}

/** The delays of the Events after the warm-up, in ms. */
async function delaysOf(
  world: World,
  start: () => Promise<Started>,
  count: number,
): Promise<readonly number[]> {
  await world.receiver.ask('behave', { delayMs: 0 });
  await using started = await start();
  await world.standIn.ask('watchOpen');
  await quietCpuMs(started.pid);
  const all = world.receiver.ask('counted', count);
  const written = await world.standIn.ask<readonly number[]>('pace', { perSecond: PER_SECOND });
  await all;
  const { arrivals } = await world.receiver.ask<Received>('received');
  const warm = Math.floor(count * WARM_SHARE);
  return arrivals
    .filter(([index]) => index >= warm)
    .map(([index, at]) => at - (written[index] ?? Number.NaN));
}
