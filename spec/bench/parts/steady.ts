// What an Event costs where they come one by one, as they do in a cluster: 200 a second, most of them
// rejected. Each is a batch of its own then, so what a batch costs shows here and in no burst.

import { ratios } from '../arithmetic.ts';
import { configurationOf, hooks, NOISE_OR_ACCEPT, type StoreName } from '../configuration.ts';
import { acceptedOf } from '../event-lines.ts';
import type { Figure, Unit } from '../figure.ts';
import { interleave, type Part, type PartContext, scaled } from '../part.ts';
import { sharedNow } from '../rpc.ts';
import { cpuMs, quietCpuMs, writtenBytes } from '../usage.ts';

const PER_SECOND = 200;
/** Twenty seconds of it, where nothing else is said. */
const USUAL = 4_000;
const HUNDREDTH = 100;

/** What a steady trickle of Events costs. */
export const steadyPart: Part = {
  name: 'steady',
  summary: `${PER_SECOND} Events per second, one by one, 99 % rejected; beside a bare https reader`,
  run: steady,
};

/** What a run came to, for each Event but for the commits. */
interface Cost {
  readonly cpuMicros: number;
  readonly writtenBytes: number;
  readonly commitsPerSecond: number;
}

async function steady(context: PartContext): Promise<readonly Figure[]> {
  const runs = await interleave<Cost>(context, {
    reader: () => reader(context),
    memory: () => gateway(context, { store: 'memory', acceptEvery: HUNDREDTH }),
    sqlite: () => gateway(context, { store: 'sqlite', acceptEvery: HUNDREDTH }),
    'sqlite last only': () => gateway(context, { store: 'sqlite', acceptEvery: 0 }),
  });
  const ratio = (name: string): Figure => ({
    name: `cpu ${name} ÷ reader`,
    unit: 'ratio',
    meaning: `processor time an Event, ${name} ÷ reader, of the same round`,
    rounds: ratios(cpuOf(runs[name]), cpuOf(runs['reader'])),
  });
  const gateways = Object.keys(runs).filter((name) => name !== 'reader');
  const figures = (names: readonly string[], what: What): readonly Figure[] =>
    names.map((name) => ({
      name: `${what.name} ${name}`,
      unit: what.unit,
      meaning: `${what.meaning}, ${name}`,
      rounds: (runs[name] ?? []).map((cost) => cost[what.of]),
    }));
  return [
    ...gateways.map(ratio),
    ...figures(gateways, COMMITS),
    ...figures(gateways, WRITTEN),
    ...figures(Object.keys(runs), CPU),
  ];
}

interface What {
  readonly name: string;
  readonly unit: Unit;
  readonly meaning: string;
  readonly of: keyof Cost;
}

const COMMITS: What = {
  ...{ name: 'commits', unit: 'per second', of: 'commitsPerSecond' },
  meaning: 'commits of what was read',
};
const WRITTEN: What = {
  ...{ name: 'written', unit: 'bytes per Event', of: 'writtenBytes' },
  meaning: 'what the process wrote to the disk, without its log',
};
const CPU: What = {
  ...{ name: 'cpu', unit: 'µs CPU per Event', of: 'cpuMicros' },
  meaning: 'user and system time of the process',
};

function cpuOf(costs: readonly Cost[] = []): readonly number[] {
  return costs.map(({ cpuMicros }) => cpuMicros);
}

async function reader(context: PartContext): Promise<Cost> {
  const { world } = context;
  const count = await prepared(context, HUNDREDTH);
  const started = await world.startReader({ work: 'parse', count });
  await using process = started.reader;
  await started.open();
  const cpuMicros = await paced(context, process.pid, () => process.ask('done'));
  return { cpuMicros: cpuMicros / count, writtenBytes: 0, commitsPerSecond: 0 };
}

async function gateway(
  context: PartContext,
  { store, acceptEvery }: { readonly store: StoreName; readonly acceptEvery: number },
): Promise<Cost> {
  const { world } = context;
  const count = await prepared(context, acceptEvery);
  await world.receiver.ask('behave', { delayMs: 0 });
  const triggers = hooks({ hook: world.receiverUrl });
  await using started = await world.startGateway(
    configurationOf({ filters: NOISE_OR_ACCEPT, triggers, store }),
  );
  const accepted = acceptedOf({ count, acceptEvery });
  const [written, logged] = [writtenBytes(started.pid), started.logBytes()];
  const commits = await started.metric('sluice_store_commits_total');
  const startedAt = sharedNow();
  const cpuMicros = await paced(context, started.pid, () =>
    world.receiver.ask('counted', accepted),
  );
  const seconds = (sharedNow() - startedAt) / 1000;
  const after = await started.metric('sluice_store_commits_total');
  const log = started.logBytes() - logged;
  return {
    cpuMicros: cpuMicros / count,
    writtenBytes: Math.max(0, writtenBytes(started.pid) - written - log) / count,
    commitsPerSecond: (after - commits) / seconds,
  };
}

async function prepared({ world, events }: PartContext, acceptEvery: number): Promise<number> {
  const count = scaled(USUAL, events);
  await world.prepare({ count, acceptEvery, as: 'lines' });
  return count;
}

/** Writes the Events at their pace; answers what the process used until the last one was out, in µs. */
async function paced(
  { world }: PartContext,
  pid: number,
  done: () => Promise<unknown>,
): Promise<number> {
  await world.standIn.ask('watchOpen');
  await quietCpuMs(pid);
  const before = cpuMs(pid);
  const ended = done();
  await world.standIn.ask('pace', { perSecond: PER_SECOND });
  await ended;
  return ((await quietCpuMs(pid)) - before) * 1000;
}
