// Faults of a network or an API server during a watch: closes, cuts, 410 and 500, throttling,
// silence, unusual contents. Each spec is named after its fault. Everything is real except the
// proxy between, which causes the fault.

import { expect } from 'chai';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { readFaultsEnvironment } from '../../controlplane/environment.ts';
import { until } from '../../support/until.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { failure, type Meddling, MeddlingProxy } from '../support/meddling-proxy.ts';
import { gapsWhileRunning } from '../support/once.ts';
import { onceControlPlane, onceStartMs } from './harness/once-control-plane.ts';
import { Row } from './harness/row.ts';

const { form } = readFaultsEnvironment();
const isLong = form === 'long';
/** Cuts of the same frame; after each the gateway waits longer. */
const CUTS = isLong ? 4 : 2;
/** Clean closes. */
const CLOSES = isLong ? 100 : 3;

describe('faults of the watch', function () {
  this.timeout(isLong ? 300_000 : 60_000);
  let plane: ControlPlane;
  let row: Row;
  let proxy: MeddlingProxy;
  let kubeconfig: string;

  before(async function () {
    this.timeout(onceStartMs);
    plane = await onceControlPlane();
  });
  beforeEach(async () => {
    row = await Row.start(plane);
    proxy = row.bench.use(await MeddlingProxy.start(plane));
    kubeconfig = await proxy.kubeconfig();
  });
  afterEach(() => row[Symbol.asyncDispose]());

  /** Waits until the one watch is open. */
  async function watching(): Promise<void> {
    await until(() => proxy.watches === 1, 'the watch', 20_000);
  }

  function path(): string {
    return `/api/v1/namespaces/${row.shop}/events`;
  }

  /** Number of LIST requests for the Events. */
  function lists(): number {
    return proxy.asked.filter((one) => one.startsWith(`GET ${path()}?`) && !one.includes('watch='))
      .length;
  }

  it(`3.7 the server closes the watch cleanly, ${CLOSES} times`, async () => {
    // After each close the gateway waits, at last for 5 s.
    const faults = { bend: { offsetMs: 0, speed: 10 } };
    const configuration = row.configuration({ delivery: { timeout: '2m' } });
    await using gateway = await row.gateway({ kubeconfig, faults, configuration });
    for (let closed = 0; closed < CLOSES; closed += 1) {
      await watching();
      const name = await row.write();
      if (closed % 3 === 0) await row.repeat(name, { count: 2 });
      await row.started();
      const { opened } = proxy;
      expect(proxy.endWatches()).to.equal(1);
      await row.write();
      await until(() => proxy.opened > opened, 'the next watch', 20_000);
    }
    await row.end(gateway);
    expect(lists(), 'lists').to.equal(1);
    expect(gapsWhileRunning(gateway)).to.deep.equal([]);
  });

  for (const [what, at] of [
    ['a frame', (line: Buffer) => Math.floor(line.length / 2)],
    ['a multi-byte character', (line: Buffer) => line.indexOf(Buffer.from('é')) + 1],
  ] as const) {
    it(`3.7 the stream is cut inside ${what}`, async () => {
      let cuts = 0;
      proxy.meddle = ({ isWatch }): Meddling => ({
        line: (line, client) => {
          if (!isWatch || !line.includes('é') || cuts >= CUTS) {
            client.write(line);
            return;
          }
          cuts += 1;
          client.write(line.subarray(0, at(line)));
          client.cut();
        },
      });
      await using gateway = await row.gateway({ kubeconfig });
      await row.write();
      await row.write({ message: 'é'.repeat(50) });
      await row.write();
      await row.end(gateway);
      expect(cuts).to.equal(CUTS);
      expect(lists(), 'lists').to.equal(1);
    });
  }

  const gone = failure(410, 'Expired');
  const lostValue = failure(500, 'InternalError');
  for (const [what, answer] of [
    ['HTTP 410 at the start of a watch', { status: 410, body: gone }],
    ['ERROR 410 in the stream', { status: 200, body: { type: 'ERROR', object: gone } }],
    ['ERROR 500 in the stream', { status: 200, body: { type: 'ERROR', object: lostValue } }],
  ] as const) {
    it(`3.7 ${what}`, async () => {
      await using gateway = await row.gateway({ kubeconfig });
      await row.writeMany(2);
      await row.started();
      proxy.silenceWatches();
      await row.writeMany(2);
      let refused = 0;
      proxy.meddle = ({ isWatch, url }) => {
        if (!isWatch || url.pathname !== path() || refused > 0) return undefined;
        refused += 1;
        return { answer };
      };
      proxy.endWatches();
      await row.end(gateway);
      expect(refused).to.equal(1);
      expect(lists(), 'lists: the first and one more').to.equal(2);
      const losses = gapsWhileRunning(gateway).map((gap) => (gap as { loss: string }).loss);
      expect(losses).to.not.include('possible-loss');
    });
  }

  it('3.7 410 on page 2 of a list', async () => {
    await row.writeMany(5);
    let expired = 0;
    proxy.meddle = ({ url, isWatch }) => {
      if (isWatch || url.pathname !== path()) return undefined;
      url.searchParams.set('limit', '2');
      if (!url.searchParams.has('continue') || expired > 0) return undefined;
      expired += 1;
      return { answer: { status: 410, body: gone } };
    };
    const configuration = row.configuration({ events: { firstStart: 'all' } });
    await using gateway = await row.gateway({ kubeconfig, configuration });
    await row.end(gateway);
    expect(expired).to.equal(1);
  });

  it('a gateway is killed between two pages of its first list', async () => {
    await row.writeMany(5);
    proxy.meddle = ({ url, isWatch }) => {
      if (!isWatch && url.pathname === path()) url.searchParams.set('limit', '2');
      return undefined;
    };
    const configuration = row.configuration({ events: { firstStart: 'all' } });
    const point = { call: 'commit', when: 'after', armedAfterMs: 0, duringUs: 0 } as const;
    for (const nth of isLong ? [1, 2] : [2]) {
      const faults = { failpoint: { ...point, nth } };
      await using killed = await row.bench.start({ kubeconfig, configuration, faults });
      expect((await killed.ended()).signal).to.equal('SIGKILL');
    }
    await using gateway = await row.gateway({ kubeconfig, configuration });
    await row.end(gateway);
  });

  const seconds = isLong ? ['1', '5', null, 'date'] : ['1'];
  it(`3.7 429 with Retry-After ${seconds.map((one) => one ?? 'none').join(', ')}`, async () => {
    await using gateway = await row.gateway({ kubeconfig });
    for (const after of seconds) {
      await watching();
      const inMs = after === 'date' ? 3_000 : Number(after ?? 0) * 1_000;
      const refusals: number[] = [];
      let cameBackMs = 0;
      proxy.meddle = ({ isWatch, url }) => {
        if (!isWatch || url.pathname !== path()) return undefined;
        if (refusals.length > 0) {
          cameBackMs ||= performance.now();
          return undefined;
        }
        refusals.push(performance.now());
        const date = new Date(Math.ceil((new Date().getTime() + inMs) / 1000) * 1000);
        const value = after === 'date' ? date.toUTCString() : after;
        const headers = value === null ? {} : { 'retry-after': value };
        return { answer: { status: 429, headers, body: failure(429, 'TooManyRequests') } };
      };
      proxy.endWatches();
      await row.write();
      await row.started();
      // A date has whole seconds, so up to a second of the wait is missing.
      expect(cameBackMs - (refusals[0] ?? 0)).to.be.at.least(inMs - (after === 'date' ? 1_000 : 0));
    }
    await row.end(gateway);
    expect(lists(), 'lists').to.equal(1);
  });

  it('3.7 3 minutes of silence, then the TCP peer vanishes without FIN', async () => {
    const speed = 120;
    const delivery = { timeout: '20m' };
    const faults = { bend: { offsetMs: 0, speed } };
    const configuration = row.configuration({ delivery });
    await using gateway = await row.gateway({ kubeconfig, faults, configuration });
    await row.write();
    await row.started();
    proxy.silenceWatches();
    await row.write();
    // The stream counts as dead after the server's limit of 300 s and 30 s more.
    await row.started((330_000 / speed) * 2);
    await row.end(gateway);
  });

  it('3.7 Events with no type, reason, kind or name, with 10 kB, U+2028, NUL, lone surrogates', async () => {
    proxy.meddle = () => ({
      line: (line, client) =>
        client.write(line.toString().replaceAll('LONE', '\\ud800').replaceAll('NUL', '\\u0000')),
    });
    const { bench } = row;
    const configuration = row.configuration({ rule: { reasons: [''] } });
    const all = { ...configuration, filters: [{ name: 'any', action: 'accept' }] };
    await using gateway = await row.gateway({ kubeconfig, configuration: all });
    const namespace = row.shop;
    const odd: Readonly<Record<string, unknown>>[] = [
      { type: '' },
      { reason: '' },
      { involvedObject: { apiVersion: 'v1', name: 'a', namespace } },
      { involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace } },
      { involvedObject: { namespace } },
      { message: 'long '.repeat(2_000) },
      { message: 'a\u2028b\u2029c' },
      { message: 'aNULb', reason: 'xNUL' },
      { message: 'aLONEb', reason: 'LONE' },
    ];
    for (const fields of odd) await row.write(fields);
    // The receiver parses every body as JSON; otherwise the Event would be missing there.
    await row.end(gateway);
    expect(bench.receiver.requests.every(({ id }) => /^[0-9a-z]{26}$/.test(id))).to.equal(true);
  });

  it('3.7 resourceVersion above 2^53', async () => {
    // So large that a Number cannot distinguish versions that differ by less than 256.
    shiftVersions(2n ** 60n);
    const first = await row.gateway({ kubeconfig });
    await row.writeMany(2);
    await row.started();
    await row.bench.idle(first);
    await row.kill(first);
    await first[Symbol.asyncDispose]();
    await row.writeMany(2);
    await plane.compact();
    await using gateway = await row.gateway({ kubeconfig });
    await row.end(gateway);
    expect(gateway.of('list-ended').map(({ purpose }) => purpose)).to.include('relist');
  });

  it('3.7 a list’s resourceVersion is below the stored position', async () => {
    shiftVersions(1_000_000n);
    const first = await row.gateway({ kubeconfig });
    await row.writeMany(3);
    await row.started();
    await row.bench.idle(first);
    await row.kill(first);
    await first[Symbol.asyncDispose]();
    // A store that was restored from an older copy answers like this. A watch from a future version
    // is silent like a quiet one; the LIST that renews the position every 2 to 4 minutes finds it.
    shiftVersions(0n);
    const faults = { bend: { offsetMs: 0, speed: 120 } };
    const configuration = row.configuration({ delivery: { timeout: '20m' } });
    await using gateway = await row.gateway({ kubeconfig, faults, configuration });
    await reported(gateway);
    const { gaps } = await row.end(gateway);
    expect(gaps.map(({ loss }) => loss)).to.include('possible-loss');
  });

  /** Waits for the line about a possible loss. */
  async function reported(gateway: GatewayProcess): Promise<void> {
    const isTold = (): boolean => gateway.of('gap').some(({ loss }) => loss === 'possible-loss');
    await until(isTold, 'the gap to be reported', 20_000);
  }

  /** Makes every resourceVersion larger by this number. */
  function shiftVersions(by: bigint): void {
    const larger = (text: string): string =>
      text.replaceAll(
        /"resourceVersion":"(\d+)"/g,
        (_, version: string) => `"resourceVersion":"${BigInt(version) + by}"`,
      );
    proxy.meddle = ({ url }) => {
      const asked = url.searchParams.get('resourceVersion');
      if (asked !== null) {
        const real = BigInt(asked) - by;
        url.searchParams.set('resourceVersion', String(real));
      }
      return { body: larger, line: (line, client) => client.write(larger(line.toString())) };
    };
  }
});
