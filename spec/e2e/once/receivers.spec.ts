// Receivers that misbehave while the gateway is killed: down, failing, throttling, hanging, or
// resetting after they have read the request. Also a Job whose answer is lost and whose name
// protects for ten seconds only. Each receiver is counted for all three policies.

import { expect } from 'chai';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { readFaultsEnvironment } from '../../controlplane/environment.ts';
import { until } from '../../support/until.ts';
import { MeddlingProxy } from '../support/meddling-proxy.ts';
import { account, eventOf, type Policy } from './harness/accounting.ts';
import { attemptName, type Behave, WELL } from './harness/counting-receiver.ts';
import { onceControlPlane, onceStartMs } from './harness/once-control-plane.ts';
import { tell } from './harness/report.ts';
import { Row } from './harness/row.ts';
import { inFlightIn, storedIn } from './harness/stored.ts';

const { form, seed } = readFaultsEnvironment();
const isLong = form === 'long';
const EVENTS = isLong ? 200 : 40;
const DOWN_MS = isLong ? 60_000 : 2_000;
const PATIENCE_MS = 60_000;

const POLICIES = {
  most: 'atMostOnce',
  least: 'atLeastOnce',
  keyed: 'key',
} as const satisfies Record<string, Policy>;

interface Misbehaving {
  readonly what: string;
  /** Makes the behaviour of the receiver; of one that is down, the behaviour once it is up. */
  readonly behave: () => Behave;
  readonly down?: true;
  /** Whether such an answer counts as lost. */
  readonly loses: boolean;
  readonly timeout?: string;
}

const ROWS: readonly Misbehaving[] = [
  { what: 'is down for a minute', behave: () => WELL, down: true, loses: false },
  { what: 'answers 500 to one in ten', behave: () => everyTenth({ status: 500 }), loses: true },
  {
    what: 'answers 429 with Retry-After',
    behave: () => everyTenth({ status: 429, headers: { 'retry-after': '1' } }),
    loses: false,
  },
  { what: 'hangs', behave: () => everyTenth('hold'), loses: true, timeout: '1s' },
  { what: 'resets after it has read the request', behave: () => everyTenth(null), loses: true },
];

describe('faults of the receiver', function () {
  this.timeout(isLong ? 240_000 : 90_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(onceStartMs);
    plane = await onceControlPlane();
  });

  for (const one of ROWS) {
    it(`the receiver ${one.what}, and the gateway is killed meanwhile`, async () => {
      await using row = await Row.start(plane);
      const { receiver } = row.bench;
      const lost = new Set<string>();
      const behave = one.behave();
      receiver.behave = async (request) => {
        const answer = await behave(request);
        const isBad = answer !== null && answer !== 'hold' && answer.status === 500;
        if (isBad) lost.add(attemptName(request.id, request.attempt));
        return answer;
      };
      const configuration = threeTriggers(row, one.timeout ?? '10s');
      const first = await row.gateway({ configuration });
      if (one.down === true) await receiver.down();
      const began = performance.now();
      await row.writeMany(EVENTS / 2);
      const isBegun = (): boolean => one.down === true || receiver.requests.length >= EVENTS / 4;
      await until(isBegun, 'the first requests', PATIENCE_MS);
      await row.kill(first);
      await first[Symbol.asyncDispose]();
      const killed = await inFlightIn(row.bench.folder);
      await using gateway = await row.gateway({ configuration });
      await row.writeMany(EVENTS / 2);
      if (one.down === true) {
        await until(() => performance.now() - began >= DOWN_MS, 'the end of it', DOWN_MS * 2);
        await receiver.up();
      }
      await row.bench.idle(gateway, PATIENCE_MS);
      const isThere = (): boolean => receiver.of('keyed').length >= EVENTS;
      await until(isThere, 'every Event', PATIENCE_MS);
      await row.bench.idle(gateway, PATIENCE_MS);
      expect((await gateway.stop()).code).to.equal(0);
      const { deliveries, gaps } = await storedIn(row.bench.folder);
      const lostAnswers = new Set([...lost, ...receiver.unanswered, ...killed.attempts]);
      const accounts = Object.entries(POLICIES).map(([trigger, policy]) => {
        const requests = receiver.of(trigger);
        return account({
          ...{ trigger, policy, lostAnswers, expected: row.expected },
          builds: receiver.builds(trigger, policy === 'key' ? 'what it has seen' : 'nothing'),
          attemptsSeen: requests.map(({ id, attempt }) => attemptName(id, attempt)),
          deliveries: deliveries.filter((delivery) => delivery.trigger === trigger),
        });
      });
      await tell({
        row: `the receiver ${one.what}`,
        seed,
        injected: { kills: 1, 'lost answers': lost.size + receiver.unanswered.size },
        accounts,
        counted: { gaps: gaps.length },
      });
      expect(accounts.flatMap(({ wrong }) => wrong)).to.deep.equal([]);
      expect(gaps).to.deep.equal([]);
      expect(lost.size + receiver.unanswered.size > 0, 'answers were lost').to.equal(one.loses);
    });
  }

  it('a Job whose name protects for 10 s, atMostOnce, and its first answer is lost', async () => {
    await using row = await Row.start(plane);
    const proxy = row.bench.use(await MeddlingProxy.start(plane));
    const kubeconfig = await proxy.kubeconfig();
    proxy.meddle = ({ method, url, before }) =>
      method === 'POST' && url.pathname.endsWith('/jobs') && before === 0
        ? { keepsAnswer: true }
        : undefined;
    const manifest = row.bench.jobManifest({ ttlSecondsAfterFinished: 10 });
    const trigger = { kubernetes: { manifest }, onLostAnswer: 'atMostOnce', timeout: '11s' };
    const configuration = { ...row.configuration({}), triggers: { hook: trigger } };
    // Time runs five times as fast, so the timeout is longer than the protection by the name.
    const faults = { bend: { offsetMs: 0, speed: 5 } };
    await using gateway = await row.gateway({ kubeconfig, configuration, faults });
    const name = await row.writeUnexpected();
    const isUnknown = (): boolean =>
      gateway.of('delivery-moved').some(({ to }) => to === 'unknown');
    await until(isUnknown, 'the lost answer', 20_000);
    // The TTL controller would delete it: from here on the name protects nothing.
    const jobs = await row.bench.jobs();
    expect(jobs.map(({ event }) => event)).to.deep.equal([`${row.shop}/${name}`]);
    await plane.request(
      'DELETE',
      `/apis/batch/v1/namespaces/${row.bench.builds}/jobs?propagationPolicy=Background`,
    );
    await row.kill(gateway);
    await using next = await row.gateway({ kubeconfig, configuration, faults });
    const later = await row.writeUnexpected();
    const isMade = async (): Promise<boolean> => (await row.bench.jobs()).length > 0;
    await plane.waitFor(isMade, 20_000, 'the next Job');
    await row.bench.idle(next);
    await next.stop();
    expect((await row.bench.jobs()).map(({ event }) => event)).to.deep.equal([
      `${row.shop}/${later}`,
    ]);
    const { deliveries } = await storedIn(row.bench.folder);
    expect(deliveries.map((one) => [eventOf(one), one.state])).to.have.deep.members([
      [`${row.shop}/${name}`, 'unknown'],
      [`${row.shop}/${later}`, 'delivered'],
    ]);
  });
});

/** Misbehaves for every tenth request. */
function everyTenth(bad: Awaited<ReturnType<Behave>>): Behave {
  let seen = 0;
  return (request) => {
    seen += 1;
    return seen % 10 === 5 ? bad : WELL(request);
  };
}

function threeTriggers(row: Row, timeout: string): Record<string, unknown> {
  const url = (trigger: string): string => row.bench.receiver.urlOf(trigger);
  const rule = { triggers: Object.keys(POLICIES) };
  return {
    ...row.configuration({ rule, delivery: { timeout } }),
    triggers: {
      most: { http: { url: url('most') }, onLostAnswer: 'atMostOnce' },
      least: { http: { url: url('least') }, onLostAnswer: 'atLeastOnce' },
      keyed: { http: { url: url('keyed'), receiver: 'deduplicates' } },
    },
  };
}
