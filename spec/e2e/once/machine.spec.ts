// Faults of the machine and the cluster of a gateway: a full disk, a stopped process, clocks that
// jump, another cluster with the same name, builds that cause Events, and the default limits.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { messageOf } from '../../../lib/core/errors.ts';
import { systemClock } from '../../../lib/kit/system.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { readFaultsEnvironment } from '../../controlplane/environment.ts';
import { leaveOut } from '../../support/left-out.ts';
import { NEVER } from '../../support/never.ts';
import { until } from '../../support/until.ts';
import { MeddlingProxy } from '../support/meddling-proxy.ts';
import { eventOf } from './harness/accounting.ts';
import { onceControlPlane, onceStartMs } from './harness/once-control-plane.ts';
import { Row } from './harness/row.ts';

const isLong = readFaultsEnvironment().form === 'long';
const STOPPED_MS = isLong ? 60_000 : 2_000;
const HOUR_MS = 3_600_000;
const run = promisify(execFile);

describe('faults of the machine', function () {
  this.timeout(isLong ? 180_000 : 60_000);
  let plane: ControlPlane;
  let row: Row;

  before(async function () {
    this.timeout(onceStartMs);
    plane = await onceControlPlane();
  });
  beforeEach(async () => {
    row = await Row.start(plane);
  });
  afterEach(() => row[Symbol.asyncDispose]());

  it('the disk is full for a while', async function () {
    await using small = await smallDisk(16).catch((error: unknown) =>
      leaveOut(this, 'the spec of a full disk', `cannot mount a tmpfs: ${messageOf(error)}`),
    );
    const { configuration } = row.bench;
    const store = { sqlite: { path: join(small.path, 'sluice.db') } };
    await using gateway = await row.gateway({ configuration: { ...configuration, store } });
    await row.writeMany(5);
    await row.started();
    await fill(small.path);
    await row.writeMany(20);
    const isTold = (): boolean =>
      gateway.of('store-trouble').some(({ state }) => state === 'unavailable');
    await until(isTold, 'the failure of the store to be reported', 20_000);
    const isUnready = async (): Promise<boolean> => (await gateway.probe('/readyz')).status !== 200;
    await until(isUnready, 'the gateway to be not ready', 20_000);
    await rm(join(small.path, 'filler'));
    await gateway.ready();
    await row.started();
    await row.kill(gateway);
    await using next = await row.gateway({ configuration: { ...configuration, store } });
    await row.write();
    await row.started();
    await row.bench.idle(next);
    expect((await next.stop()).code).to.equal(0);
    expect([...row.built].sort()).to.deep.equal([...row.expected].sort());
  });

  it(`the process is stopped for ${STOPPED_MS / 1000} s by SIGSTOP, with requests under way`, async () => {
    const answering = Promise.withResolvers<undefined>();
    row.bench.receiver.behave = async () => {
      await answering.promise;
      return { status: 202 };
    };
    const configuration = row.configuration({ delivery: { timeout: '30s' } });
    await using gateway = await row.gateway({ configuration });
    await row.writeMany(10);
    await until(() => row.bench.receiver.requests.length > 0, 'a request');
    gateway.kill('SIGSTOP');
    answering.resolve(undefined);
    await row.writeMany(10);
    await systemClock.sleep(STOPPED_MS, NEVER);
    gateway.kill('SIGCONT');
    await row.started();
    await row.bench.idle(gateway);
    const { deliveries } = await row.stop(gateway);
    const lost = deliveries.filter(({ attempts }) => attempts.length > 1);
    expect(row.built).to.include.members(row.expected);
    // Only running attempts may be repeated, and then both belong to one delivery.
    expect(row.requested.length - row.expected.length).to.be.at.most(lost.length);
    expect(deliveries.map(eventOf).sort()).to.deep.equal([...row.expected].sort());
  });

  for (const [what, byMs] of [
    ['3.7 the clock is set back an hour', -HOUR_MS],
    ['the clock is set forward an hour', HOUR_MS],
  ] as const) {
    it(`${what}, with deliveries waiting for their next attempt`, async () => {
      let isAway = true;
      row.bench.receiver.behave = () =>
        isAway ? { status: 503, headers: { 'retry-after': '1' } } : { status: 202 };
      const configuration = row.configuration({ delivery: { retry: { for: '30m' } } });
      const faults = { bend: { offsetMs: 0, speed: 1 } };
      await using gateway = await row.gateway({ configuration, faults });
      await row.writeMany(3);
      await until(() => row.requested.length >= 3, 'the first attempts');
      const before = row.requested.length;
      gateway.tell({ jumpMs: byMs });
      await row.writeMany(3);
      const hasAll = (): boolean =>
        row.expected.every((event) => row.requested.slice(before).includes(event));
      await until(hasAll, 'another attempt of each', 15_000);
      expect(row.built).to.deep.equal([]);
      isAway = false;
      await row.started();
      await row.bench.idle(gateway);
      // This process dies with a wrong clock; the clock of the next one is right.
      await row.kill(gateway);
      await using right = await row.gateway({ configuration });
      await row.end(right);
    });
  }

  it('nothing runs for 25 h, with deliveries waiting', async () => {
    row.bench.receiver.behave = () => ({ status: 503, headers: { 'retry-after': '1' } });
    const faults = { bend: { offsetMs: 0, speed: 1 } };
    await using first = await row.gateway({ faults });
    await row.writeMany(3);
    await until(() => row.requested.length >= 3, 'the first attempts');
    await row.kill(first);
    row.bench.receiver.behave = () => ({ status: 202 });
    await row.writeMany(2);
    const later = { bend: { offsetMs: 25 * HOUR_MS, speed: 1 } };
    await using gateway = await row.gateway({ faults: later });
    // `retry.for` is an hour, and 25 h without a gateway do not count.
    await row.end(gateway);
  });

  it('another cluster has the same name', async () => {
    const proxy = row.bench.use(await MeddlingProxy.start(plane));
    const kubeconfig = await proxy.kubeconfig();
    const job = { kubernetes: { manifest: row.bench.jobManifest() } };
    const { configuration: usual } = row.bench;
    const rule = { name: 'both', reasons: ['Both'], action: 'accept', triggers: ['job'] };
    const configuration = {
      ...usual,
      filters: [...(usual['filters'] as object[]), rule],
      triggers: { ...(usual['triggers'] as object), job },
    };
    proxy.meddle = ({ method, url }) =>
      method === 'POST' && url.pathname.endsWith('/jobs')
        ? { answer: { status: 503, headers: { 'retry-after': '1' }, body: {} } }
        : undefined;
    await using first = await row.gateway({ kubeconfig, configuration });
    await row.writeMany(3);
    const orphan = await row.writeUnexpected({ reason: 'Both' });
    await row.started();
    const isTried = (): boolean => proxy.asked.some((one) => one.includes('/jobs'));
    await until(isTried, 'the Job’s first attempt');
    const delivered = (): number =>
      first.of('delivery-moved').filter(({ to }) => to === 'delivered').length;
    await until(() => delivered() === 3, 'the hooks to be done');
    await row.kill(first);
    await row.writeUnexpected(); // exists before the first list of the other cluster, so it starts nothing
    proxy.meddle = ({ url }) => {
      if (url.pathname !== '/api/v1/namespaces/kube-system') return undefined;
      const uid = '"uid":"aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"';
      return { body: (text) => text.replace(/"uid":"[^"]+"/, uid) };
    };
    await using gateway = await row.gateway({ kubeconfig, configuration });
    expect(gateway.of('cluster-changed').map(({ orphaned }) => orphaned)).to.deep.equal([1]);
    const { deliveries, gaps } = await row.stop(gateway);
    expect([...row.built].sort()).to.deep.equal([...row.expected].sort());
    const orphaned = deliveries.filter(({ state }) => state === 'orphaned');
    expect(orphaned.map(eventOf)).to.deep.equal([`${row.shop}/${orphan}`]);
    expect(await row.bench.jobs()).to.deep.equal([]);
    expect(gaps.map(({ loss }) => loss)).to.include('possible-loss');
  });

  it('3.7 the build’s own pods emit Events that match the rule, also after a kill', async () => {
    const job = { kubernetes: { manifest: row.bench.jobManifest() } };
    const namespaces = [row.shop, row.bench.builds];
    const usual = row.configuration({ events: { namespaces, allowForeign: true } });
    const configuration = { ...usual, triggers: { hook: job } };
    const made = async (count: number): Promise<void> => {
      const isSo = async (): Promise<boolean> => (await row.bench.jobs()).length >= count;
      await plane.waitFor(isSo, 20_000, `${count} Jobs`);
    };
    await using first = await row.gateway({ configuration });
    const plain = [await row.writeUnexpected()];
    await made(1);
    const id = (await row.bench.jobs())[0]?.id ?? '';
    const own = [
      { namespace: row.bench.builds, name: 'anything' },
      { namespace: row.shop, name: `hook-${id}` },
      { namespace: row.shop, name: `hook-${id}-x7k2p` },
    ];
    const emit = async (): Promise<void> => {
      for (const { namespace, name } of own) {
        const involvedObject = { apiVersion: 'v1', kind: 'Pod', namespace, name };
        await row.writeUnexpected({ involvedObject }, namespace);
      }
    };
    await emit();
    plain.push(await row.writeUnexpected());
    await made(2);
    await row.kill(first);
    await emit();
    await using gateway = await row.gateway({ configuration });
    plain.push(await row.writeUnexpected());
    await made(3);
    await row.bench.idle(gateway);
    await gateway.stop();
    const events = (await row.bench.jobs()).map(({ event }) => event);
    expect(events).to.have.members(plain.map((name) => `${row.shop}/${name}`));
  });

  it('the limits of the defaults, through a kill: held deliveries start when there are tokens, or expire', async () => {
    // An hour takes 3 s. One object has 60 tokens at first and gets one a minute; held deliveries
    // expire after an hour.
    const speed = 1_200;
    const { limits: _, ...rest } = row.configuration({ delivery: { timeout: '10h' } });
    const about = { apiVersion: 'v1', kind: 'Pod', namespace: row.shop, name: 'one' };
    // There are 20 new tokens a second, and a held delivery waits for 3 s at most. So some of 300
    // expire even on a slow machine.
    const written = 300;
    const atOnce = 30;
    const faults = { bend: { offsetMs: 0, speed } };
    // The configuration of the bench switches the limits off.
    row.bench.configuration = rest;
    await using first = await row.gateway({ faults });
    for (let count = 0; count < written; count += atOnce) {
      const writing = Array.from({ length: atOnce }, () =>
        row.writeUnexpected({ involvedObject: about }),
      );
      await Promise.all(writing);
    }
    await until(() => row.built.length >= 60, 'the first sixty', 20_000);
    await row.kill(first);
    await using gateway = await row.gateway({ faults });
    const isOver = async (): Promise<boolean> =>
      (await gateway.probe('/metrics')).text.includes(
        'sluice_queue_depth{trigger="hook",state="held"} 0',
      );
    await until(isOver, 'nothing to be held', 30_000);
    const { deliveries } = await row.stop(gateway);
    const states = Map.groupBy(deliveries, ({ state, dead }) => dead ?? state);
    const expired = states.get('expired-held')?.length ?? 0;
    const delivered = states.get('delivered')?.length ?? 0;
    process.stdout.write(
      `        started ${delivered}, held ${written - 60}, expired ${expired}, seen ${new Set(row.built).size}\n`,
    );
    expect(delivered + expired).to.equal(written + 1);
    expect(delivered).to.be.at.least(60);
    expect(expired).to.be.at.least(1);
    expect(new Set(row.built).size).to.equal(delivered);
  });
});

/** A tmpfs of this size. **Units**: MiB. **Errors**: throws if it cannot be mounted. */
async function smallDisk(mib: number): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-disk-'));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', path]);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await run('umount', ['--lazy', path]);
      await remove();
    },
  };
}

/** Fills a disk to its last byte. */
async function fill(path: string): Promise<void> {
  const chunk = Buffer.alloc(64 * 1024);
  const file = join(path, 'filler');
  for (const size of [chunk.length, 512]) {
    try {
      for (;;) await writeFile(file, chunk.subarray(0, size), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
