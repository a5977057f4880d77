// One measured run: start, wait until it rests, let the Events go, stop the clock when the last one
// has come out, wait until it rests again. What the start cost is not in the figures.

import { LAST_OBJECT } from './event-lines.ts';
import type { GatewayChild } from './gateway.ts';
import { lastDecisionAt, logHas } from './log-tail.ts';
import type { Reading } from './programs/reader.ts';
import type { Received } from './programs/receiver.ts';
import { sharedNow } from './rpc.ts';
import { cpuMs, type Memory, memoryOf, quietCpuMs } from './usage.ts';
import type { World } from './world.ts';

/** Result of one run. */
export interface Run {
  readonly perSecond: number;
  /** User and system time of the measured process alone. */
  readonly cpuMicrosPerEvent: number;
  /** Before the first Event. */
  readonly idle: Memory;
  /** After the last. */
  readonly end: Memory;
  /** From the start of the process until its watch was open (reader) or it was ready (gateway). */
  readonly readyAfterMs: number;
  readonly logBytesPerEvent: number;
  /** Events committed per second, by the log; null where that was not asked. */
  readonly committedPerSecond: number | null;
}

/** The measured process, which reads a watch, and its sign that it is done. */
interface Subject {
  readonly pid: number;
  readonly events: number;
  readonly readyAfterMs: number;
  /** Answers when it was done, in ms of the shared clock. */
  readonly done: () => Promise<number>;
  readonly logBytes: () => number;
  /** The log with the times of commits; null if there is none. */
  readonly log: string | null;
}

/** Measures a bare reader. */
export async function measureReader(
  world: World,
  reading: Omit<Reading, 'url' | 'ca' | 'receiver'>,
): Promise<Run> {
  const startedAt = sharedNow();
  const started = await world.startReader(reading);
  await using reader = started.reader;
  await started.open();
  const readyAfterMs = sharedNow() - startedAt;
  const posts = reading.work === 'post' || reading.work === 'post-axios';
  return await measure(world, {
    pid: reader.pid,
    events: reading.count,
    readyAfterMs,
    done: () => (posts ? world.receiver.ask('counted', reading.count) : reader.ask('done')),
    logBytes: () => 0,
    log: null,
  });
}

/** How a case of the gateway ends: its log tells of the last Event, or so many requests came. */
export type End = { readonly seen: 'log' } | { readonly seen: 'requests'; readonly count: number };

/** A gateway to measure. */
export interface GatewayCase {
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly events: number;
  readonly end: End;
  /** Whether the log, which then must tell of each Event, is asked when the last was committed. */
  readonly timesCommits?: true;
}

/** Measures the gateway. */
export async function measureGateway(
  world: World,
  { configuration, events, end, timesCommits }: GatewayCase,
): Promise<Run> {
  await using gateway = await world.startGateway(configuration);
  const run = await measure(world, {
    pid: gateway.pid,
    events,
    readyAfterMs: gateway.readyAfterMs,
    done: () => doneOf(world, gateway, end),
    logBytes: () => gateway.logBytes(),
    log: timesCommits === true ? gateway.log : null,
  });
  await checkDecided(gateway, events);
  return run;
}

async function doneOf(world: World, gateway: GatewayChild, end: End): Promise<number> {
  if (end.seen === 'requests') {
    const counted = world.receiver.ask<number>('counted', end.count);
    return counted.catch((error: unknown) => tellWhere(world, { gateway, error }));
  }
  await logHas(gateway.log, LAST_OBJECT);
  return sharedNow();
}

/** Describes the progress, for finding the cause of a hang. */
async function tellWhere(
  world: World,
  { gateway, error }: { readonly gateway: GatewayChild; readonly error: unknown },
): Promise<never> {
  const { count } = await world.receiver.ask<Received>('received');
  const decided = await gateway.metric('sluice_decisions_made_total');
  const settled = await gateway.metric('sluice_deliveries_settled_total');
  const depth = await gateway.metric('sluice_queue_depth');
  const came = `${count} requests came, ${decided} decided, ${settled} settled, ${depth} queued`;
  throw new Error(came, { cause: error });
}

async function checkDecided(gateway: GatewayChild, events: number): Promise<void> {
  const decided = await gateway.metric('sluice_decisions_made_total');
  if (decided !== events) throw new Error(`${decided} of ${events} Events were decided`);
}

async function measure(world: World, subject: Subject): Promise<Run> {
  const { pid, events } = subject;
  await world.standIn.ask('watchOpen');
  await quietCpuMs(pid);
  const idle = memoryOf(pid);
  const logBytes = subject.logBytes();
  const done = subject.done();
  const cpu = cpuMs(pid);
  const startedAt = await world.standIn.ask<number>('release');
  const wallAt = new Date().getTime() - (sharedNow() - startedAt);
  const seconds = ((await done) - startedAt) / 1000;
  const used = (await quietCpuMs(pid)) - cpu;
  return {
    perSecond: events / seconds,
    cpuMicrosPerEvent: (used * 1000) / events,
    idle,
    end: memoryOf(pid),
    readyAfterMs: subject.readyAfterMs,
    logBytesPerEvent: (subject.logBytes() - logBytes) / events,
    committedPerSecond: committedPerSecond(subject, wallAt),
  };
}

/** Nothing is observed before it is committed, so the last decision's line has the time. */
function committedPerSecond({ log, events }: Subject, wallAt: number): number | null {
  if (log === null) return null;
  return (events * 1000) / (lastDecisionAt(log, events) - wallAt);
}
