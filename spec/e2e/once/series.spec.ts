// Series over several runs of a gateway: expired and written again, counted up, renamed, judged by
// other rules, read from other namespaces. Each run except the last ends by kill -9. Times are
// those of the reporter, so no spec waits for them.

import { expect } from 'chai';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { readFaultsEnvironment } from '../../controlplane/environment.ts';
import { until } from '../../support/until.ts';
import type { Life } from './harness/fault-bench.ts';
import { onceControlPlane, onceStartMs } from './harness/once-control-plane.ts';
import { type Fields, Row } from './harness/row.ts';

const isLong = readFaultsEnvironment().form === 'long';
const QUIET_S = 5;
const SECOND_MS = 1_000;

describe('faults in the life of a series', function () {
  this.timeout(60_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(onceStartMs);
    plane = await onceControlPlane();
  });

  /** Runs a gateway, calls `during`, waits until all expected builds are started, and kills it. */
  async function live(row: Row, { during, ...life }: Life & { during?: () => Promise<unknown> }) {
    await using gateway = await row.gateway(life);
    await during?.();
    await row.started();
    await row.bench.idle(gateway);
    await row.kill(gateway);
  }

  /** Waits until a new Event would get another creationTimestamp than this one. */
  async function anotherSecond(row: Row, name: string): Promise<void> {
    const path = `/api/v1/namespaces/${row.shop}/events/${name}`;
    const { metadata } = await plane.request('GET', path);
    const created = Date.parse(String(metadata?.['creationTimestamp']));
    await until(() => new Date().getTime() >= created + SECOND_MS + 50, 'the next second');
  }

  const places = ['while it is down', ...(isLong ? ['while the gateway runs'] : [])];
  for (const where of places) {
    for (const [what, secondsLater, builds] of [
      ['less than `quiet` after the last one', QUIET_S - 1, 1],
      ['`quiet` or more after the last one', QUIET_S, 2],
    ] as const) {
      it(`3.7 an Event expires ${where} and its recorder re-creates it, ${what}`, async () => {
        await using row = await Row.start(plane);
        const quiet = { rule: { again: { quiet: `${QUIET_S}s` } } };
        const configuration = row.configuration(quiet);
        const first = new Date(Date.UTC(2026, 0, 31, 12));
        const again = async (): Promise<void> => {
          await anotherSecond(row, 'event-1');
          await row.expire('event-1');
          const lastTimestamp = stamp(first.getTime() + secondsLater * SECOND_MS);
          const fields: Fields = { firstTimestamp: stamp(first.getTime()), lastTimestamp };
          await row.create('event-1', { ...fields, count: 7 });
          if (builds === 2) row.expected.push(`${row.shop}/event-1`);
        };
        const at = stamp(first.getTime());
        const isRunning = where === 'while the gateway runs';
        const begin = (): Promise<string> => row.write({ firstTimestamp: at, lastTimestamp: at });
        const rest = async (): Promise<void> => {
          if (isRunning) await row.started().then(again);
        };
        await live(row, { configuration, during: () => begin().then(rest) });
        if (!isRunning) await again();
        await using gateway = await row.gateway({ configuration });
        const { deliveries } = await row.end(gateway);
        expect(new Set(deliveries.map(({ id }) => id)).size).to.equal(builds + 1);
      });
    }
  }

  it('3.7 an Event is PATCHed from count 1 to 50, and its series continues', async () => {
    await using row = await Row.start(plane);
    await live(row, { during: () => row.write() });
    await row.repeat('event-1', { count: 50 });
    await live(row, { during: () => row.repeat('event-1', { count: 51 }) });
    await using gateway = await row.gateway();
    await row.repeat('event-1', { count: 100 });
    await row.end(gateway);
  });

  it('3.7 the same name with a different firstTimestamp', async () => {
    await using row = await Row.start(plane);
    await live(row, { during: () => row.write({ firstTimestamp: '2026-01-31T12:00:00Z' }) });
    await row.repeat('event-1', { firstTimestamp: '2026-01-31T12:00:01Z' });
    row.expected.push(`${row.shop}/event-1`);
    await using gateway = await row.gateway();
    await row.end(gateway);
  });

  it('a changed rule set judges only Events that are read after it', async () => {
    await using row = await Row.start(plane);
    const narrow = row.configuration({});
    const wide = row.configuration({ rule: { reasons: ['Spec', 'Other'] } });
    const other = { reason: 'Other' };
    await live(row, {
      configuration: narrow,
      during: async () => {
        await row.write();
        await row.writeUnexpected(other);
        const later = await row.writeUnexpected(other);
        await row.write();
        expect(later).to.equal('event-3');
      },
    });
    // Without new Events nothing starts, even after a compaction.
    await plane.compact();
    await live(row, { configuration: wide, during: () => row.write(other) });
    await row.repeat('event-3', { count: 2 });
    row.expected.push(`${row.shop}/event-3`);
    await using gateway = await row.gateway({ configuration: wide });
    await row.end(gateway);
  });

  it('a namespace is added to and dropped from the configuration between kills', async () => {
    await using row = await Row.start(plane, 2);
    const [shop = '', pay = ''] = row.watched;
    const one = row.configuration({ events: { namespaces: [shop] } });
    const both = row.configuration({ events: { namespaces: [shop, pay] } });
    await row.writeUnexpected({}, pay); // exists at the first start, so it is skipped
    await live(row, { configuration: one, during: () => row.write({}, shop) });
    await row.write({}, shop);
    await live(row, { configuration: both, during: () => row.write({}, pay) });
    const meanwhile = [await row.writeUnexpected({}, pay)];
    await live(row, { configuration: one, during: () => row.write({}, shop) });
    meanwhile.push(await row.writeUnexpected({}, pay));
    // Both are read when the namespace is configured again.
    row.expected.push(...meanwhile.map((name) => `${pay}/${name}`));
    await plane.compact();
    await using gateway = await row.gateway({ configuration: both });
    await row.end(gateway);
  });

  it('every namespace is watched after two, and two again after every one', async () => {
    await using row = await Row.start(plane, 2);
    const [shop = '', pay = ''] = row.watched;
    const two = row.configuration({});
    // The watch also brings Events of other specs, which this row does not expect.
    const rule = { eventNamespace: [shop, pay] };
    const all = row.configuration({ events: { namespaces: ['*'] }, rule });
    await live(row, { configuration: two, during: () => row.write({}, shop) });
    await row.write({}, shop);
    await row.write({}, pay);
    await live(row, { configuration: all, during: () => row.write({}, pay) });
    await row.write({}, pay);
    await using gateway = await row.gateway({ configuration: two });
    await row.end(gateway);
  });

  it('etcd is compacted while the gateway is down', async () => {
    await using row = await Row.start(plane);
    await live(row, { during: () => row.writeMany(3) });
    await row.repeat('event-1', { count: 2 });
    await row.writeMany(3);
    await plane.compact();
    await using gateway = await row.gateway();
    const { gaps } = await row.end(gateway);
    expect(gateway.of('list-ended').map(({ purpose }) => purpose)).to.include('relist');
    expect(gaps.map(({ loss }) => loss)).to.not.include('possible-loss');
  });

  it('the API server is restarted while the gateway runs, and while it is down', async () => {
    await using row = await Row.start(plane);
    await live(row, {
      during: async () => {
        await row.writeMany(2);
        await plane.restartApiServer('SIGKILL');
        await row.writeMany(2);
      },
    });
    await row.writeMany(2);
    await plane.stopApiServer('SIGKILL');
    await using gateway = await row.bench.start();
    await plane.startApiServer();
    await gateway.ready();
    await row.end(gateway);
  });
});

function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '');
}
