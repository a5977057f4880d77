// Resource usage of a process, as Linux reports it: processor time of all its threads, and memory.
// Source: proc_pid_stat(5), proc_pid_status(5).

import { readFileSync } from 'node:fs';
import { until } from '../support/until.ts';

/** Memory of a process, in MB of 1024 × 1024 bytes. */
export interface Memory {
  readonly rssMb: number;
  readonly peakMb: number;
}

// USER_HZ, which is 100 on every Linux that Node.js runs on: sysconf(_SC_CLK_TCK).
const TICK_MS = 10;
const UTIME = 11;
const STIME = 12;
const KB_PER_MB = 1024;

/** User and system time of a process so far, in ms; its resolution is 10 ms. */
export function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in parentheses and may have blanks; what follows has none.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) * TICK_MS;
}

/** Bytes that a process has written to disks so far. */
export function writtenBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/io`, 'utf8');
  return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** How much memory a process has, and the most it ever had. */
export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number => {
    const [, kilobytes = '0'] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text) ?? [];
    return Number(kilobytes) / KB_PER_MB;
  };
  return { rssMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') };
}

// So many looks, 10 ms apart, without a tick: what a start or an end had to do is done.
const QUIET_LOOKS = 6;

/** Waits until a process does next to nothing, and answers what it has used by then, in ms. */
export async function quietCpuMs(pid: number): Promise<number> {
  let last = -1;
  let looks = 0;
  const isQuiet = (): boolean => {
    const now = cpuMs(pid);
    looks = now === last ? looks + 1 : 0;
    last = now;
    return looks >= QUIET_LOOKS;
  };
  // One that never rests (it may have a backlog to work off) is taken as it is.
  await until(isQuiet, `process ${pid} to rest`, 3000).catch(() => undefined);
  return cpuMs(pid);
}
