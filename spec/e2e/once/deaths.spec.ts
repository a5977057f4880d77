// Deaths of a gateway at the worst moments of one delivery: at every point between intent, act,
// outcome and commit, killed by itself (harness/failpoints.ts) or by its receiver, and three times
// in a row during the same attempt.

import { expect } from 'chai';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { readFaultsEnvironment } from '../../controlplane/environment.ts';
import { until } from '../../support/until.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { eventOf } from './harness/accounting.ts';
import { type Failpoint, MOMENTS, STORE_CALLS } from './harness/failpoints.ts';
import { onceControlPlane, onceStartMs } from './harness/once-control-plane.ts';
import { Row } from './harness/row.ts';
import { inFlightIn } from './harness/stored.ts';

const isLong = readFaultsEnvironment().form === 'long';

/** The short form has only those at which the most can go wrong. */
const POINTS: readonly (readonly [string, Failpoint['when']])[] = isLong
  ? STORE_CALLS.flatMap((call) => MOMENTS.map((when) => [call, when] as const))
  : [
      ['commit', 'during'],
      ['commit', 'after'],
      ['attempt', 'after'],
      ['settle', 'before'],
    ];

describe('deaths of the gateway', function () {
  this.timeout(60_000);
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

  describe('3.7 killed between “build created” and “position saved”', () => {
    for (const [call, when] of POINTS) {
      it(`${when} ${call}: one Job`, async () => {
        const trigger = { kubernetes: { manifest: row.bench.jobManifest() } };
        const configuration = { ...row.configuration({}), triggers: { hook: trigger } };
        const failpoint = { call, when, nth: 1, duringUs: 300, armedAfterMs: 0 };
        // The Event must not be in the first list, whose Events are skipped.
        await using first = await row.gateway({ configuration });
        await row.kill(first);
        const name = await row.writeUnexpected();
        await using killed = await row.bench.start({ configuration, faults: { failpoint } });
        expect((await killed.ended()).signal, killed.errors).to.equal('SIGKILL');
        await using gateway = await row.gateway({ configuration });
        const isMade = async (): Promise<boolean> => (await row.bench.jobs()).length > 0;
        await plane.waitFor(isMade, 20_000, 'the Job');
        await row.bench.idle(gateway);
        await gateway.stop();
        const events = (await row.bench.jobs()).map(({ event }) => event);
        expect(events).to.deep.equal([`${row.shop}/${name}`]);
      });
    }
  });

  describe('3.7 killed between “request sent” and “answer read”, receiver without a key', () => {
    const keyless = (onLostAnswer: string): Record<string, unknown> =>
      row.configuration({ http: { receiver: 'keyless' }, shared: { onLostAnswer } });

    /** Kills the gateway when its receiver has read a request. */
    async function killAtRequest(configuration: Record<string, unknown>): Promise<void> {
      await using gateway = await row.gateway({ configuration });
      row.bench.receiver.behave = () => {
        gateway.kill('SIGKILL');
        return 'hold';
      };
      await row.write();
      await gateway.ended();
      row.bench.receiver.behave = () => ({ status: 202 });
    }

    it('atMostOnce: one request, reported as unknown', async () => {
      const configuration = keyless('atMostOnce');
      await killAtRequest(configuration);
      await using gateway = await row.gateway({ configuration });
      const { deliveries } = await row.stop(gateway);
      expect(row.built).to.have.members(row.expected);
      const [unknown] = deliveries.filter(({ state }) => state === 'unknown');
      expect(deliveries.map(({ state }) => state).sort()).to.deep.equal(['delivered', 'unknown']);
      expect(unknown?.attempts.map(({ outcome }) => outcome)).to.have.length(1);
      const told = gateway.of('delivery-moved').filter(({ to }) => to === 'unknown');
      expect(told.map(({ id, level }) => [id, level])).to.deep.equal([[unknown?.id, 'error']]);
    });

    it('atLeastOnce: two requests, reported as possibly twice', async () => {
      const configuration = keyless('atLeastOnce');
      await killAtRequest(configuration);
      await using gateway = await row.gateway({ configuration });
      const isAgain = (): boolean => row.requested.length >= 2;
      await until(isAgain, 'the second request', 20_000);
      const { deliveries } = await row.stop(gateway);
      row.expected.push(`${row.shop}/event-1`);
      expect([...row.requested].sort()).to.deep.equal([...row.expected].sort());
      expect(deliveries.map(({ state }) => state)).to.deep.equal(['delivered', 'delivered']);
      expect(row.bench.receiver.requests.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 1]);
      const told = gateway.of('delivery-moved').filter((line) => line['possiblyTwice'] === true);
      expect(told.map(({ id }) => id)).to.deep.equal([row.bench.receiver.requests[0]?.id]);
    });
  });

  it('killed three times in a row during the same attempt: a dead letter, and the others continue', async () => {
    const configuration = row.configuration({});
    const others = 12;
    let gateway: GatewayProcess;
    const poisonous = `${row.shop}/event-1`;
    row.bench.receiver.behave = ({ event }) => {
      if (event !== poisonous) return { status: 202 };
      gateway.kill('SIGKILL');
      return 'hold';
    };
    const beside: number[] = [];
    for (let death = 1; death <= 3; death += 1) {
      gateway = await row.bench.start({ configuration });
      if (death === 1) {
        await gateway.ready();
        await row.writeUnexpected();
        for (let other = 0; other < others; other += 1) await row.write();
      }
      await gateway.ended();
      await gateway[Symbol.asyncDispose]();
      beside.push((await inFlightIn(row.bench.folder)).attempts.length - 1);
    }
    expect(beside[2], 'attempts beside the third').to.equal(0);
    gateway = await row.gateway({ configuration });
    await using last = gateway;
    const { deliveries } = await row.stop(last);
    const dead = deliveries.filter(({ state }) => state === 'dead');
    expect(dead.map((one) => [eventOf(one), one.dead])).to.deep.equal([[poisonous, 'poison']]);
    const requests = row.requested.filter((event) => event === poisonous);
    expect(requests).to.have.length(3);
    const rest = deliveries.filter(({ state }) => state !== 'dead');
    expect(rest.map(eventOf)).to.have.members(row.expected);
    expect(rest.every(({ state }) => state === 'delivered')).to.equal(true);
    expect(new Set(row.built).size).to.equal(row.expected.length + 1);
  });
});
