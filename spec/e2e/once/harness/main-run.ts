// The main run: repeated kill -9 at every kind of moment, while Events are written continuously and
// five triggers start builds; then the accounting.

import { systemClock } from '../../../../lib/kit/system.ts';
import type { ControlPlane } from '../../../controlplane/control-plane.ts';
import { FuzzRandom } from '../../../fuzz/random.ts';
import { NEVER } from '../../../support/never.ts';
import { until } from '../../../support/until.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import { type Account, account, type Build, type Policy } from './accounting.ts';
import type { BreakageName } from './breakages.ts';
import { attemptName, type Request } from './counting-receiver.ts';
import { FaultBench } from './fault-bench.ts';
import { PacedWriter } from './paced-writer.ts';
import { describeKill, type PlannedKill, scheduleOf } from './schedule.ts';
import { type InFlight, inFlightIn, type Stored, storedIn } from './stored.ts';

/** Options of the main run. */
export interface MainRunOptions {
  readonly seed: number;
  readonly kills: number;
  /** Breakage of the gateway that the run must find. */
  readonly breakage?: BreakageName;
  /** Longest time until every Event is settled after the last kill. */
  readonly settleMs?: number;
  readonly log: (line: string) => void;
}

/** Result of the main run. */
export interface MainRunResult {
  readonly injected: Readonly<Record<string, number>>;
  readonly accounts: readonly Account[];
  readonly gaps: Readonly<Record<string, number>>;
  readonly eventsPerSecond: number;
  /** Number of kills at which deliveries waited or ran. */
  readonly underWay: number;
  /** Number of kills during which attempts were made. */
  readonly attempting: number;
  /** Reports of possible doubles, by log lines. */
  readonly doubtsLogged: number;
  /** Standard error of the gateways, and bugs that they reported. */
  readonly complaints: readonly string[];
}

const NAMESPACES = 3;
/** New Events a second, if the machine keeps up; kills.spec.ts bounds how many there must be. */
const RATE = 60;
const BUILD_EVERY = 15;
const REPEAT_EVERY = 4;
const SLOWEST_ANSWER_MS = 50;
/** One in this number of requests is read and then reset, at every trigger. */
const RESET_EVERY = 150;
/** Longest life, even if its point is rare. */
const LONGEST_LIFE_MS = 10_000;
const SETTLE_MS = 120_000;

const HOOKS: Readonly<Record<string, Policy>> = {
  most: 'atMostOnce',
  least: 'atLeastOnce',
  keyed: 'key',
};

/** Runs it on a control plane. */
export async function mainRun(
  plane: ControlPlane,
  options: MainRunOptions,
): Promise<MainRunResult> {
  await using run = new MainRun(await FaultBench.start(plane, NAMESPACES), options);
  return await run.run();
}

class MainRun implements AsyncDisposable {
  readonly #bench: FaultBench;
  readonly #options: MainRunOptions;
  readonly #writer: PacedWriter;
  readonly #random: FuzzRandom;
  readonly #killed: InFlight[] = [];
  #compactions = 0;
  #rests = 0;
  #doubtsLogged = 0;
  /** Messages that no gateway may write. */
  readonly #complaints: string[] = [];
  #gateway: GatewayProcess | null = null;

  constructor(bench: FaultBench, options: MainRunOptions) {
    this.#bench = bench;
    this.#options = options;
    const pace = { rate: RATE, buildEvery: BUILD_EVERY, repeatEvery: REPEAT_EVERY };
    const random = new FuzzRandom(options.seed, 'writer', 0);
    const { watched: namespaces } = bench;
    this.#writer = new PacedWriter(bench.plane.admin, { ...pace, namespaces }, random);
    this.#random = new FuzzRandom(options.seed, 'receiver', 0);
    bench.configuration = configurationOf(bench);
    bench.receiver.behave = async () => {
      await systemClock.sleep(this.#random.below(SLOWEST_ANSWER_MS), NEVER);
      return this.#random.oneIn(RESET_EVERY) ? null : { status: 202 };
    };
  }

  async run(): Promise<MainRunResult> {
    const planned = scheduleOf(this.#options.seed, this.#options.kills);
    for (const [index, kill] of planned.entries()) {
      const gateway = await this.#begin(kill);
      if (index === 0) {
        await gateway.ready();
        this.#writer.start();
      }
      await this.#die(gateway, kill);
      await this.#rest();
    }
    await this.#settle();
    return this.#result(await storedIn(this.#bench.folder));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.stop().catch(() => undefined);
    await this.#gateway?.[Symbol.asyncDispose]();
    await this.#bench[Symbol.asyncDispose]();
  }

  async #begin({ death }: Pick<PlannedKill, 'death'>): Promise<GatewayProcess> {
    const { breakage } = this.#options;
    const faults = {
      ...(death.how === 'point' ? { failpoint: death.point } : {}),
      ...(breakage === undefined ? {} : { breakage }),
    };
    // Lives without faults run the entry point of users.
    const isPlain = Object.keys(faults).length === 0;
    this.#gateway = await this.#bench.start(isPlain ? {} : { faults });
    return this.#gateway;
  }

  async #die(gateway: GatewayProcess, kill: PlannedKill): Promise<void> {
    await this.#strike(gateway, kill);
    await gateway.ended();
    this.#hear(gateway);
    await gateway[Symbol.asyncDispose]();
    const found = await inFlightIn(this.#bench.folder);
    this.#killed.push(found);
    const { attempts, claimed, waiting } = found;
    this.#options.log(
      `${describeKill(kill)}; in flight: ${attempts.length} attempts, ${claimed} claimed, ${waiting} waiting`,
    );
    if (!kill.compacts) return;
    await this.#bench.plane.compact();
    this.#compactions += 1;
  }

  /**
   * Runs a gateway without a kill if a third death in a row would make poison of a delivery, until
   * that delivery was attempted. Poison has a row of its own. SIGTERM ends it, as in Kubernetes.
   */
  async #rest(): Promise<void> {
    const atRisk = this.#killed.at(-1)?.atRisk ?? [];
    if (atRisk.length === 0) return;
    await using gateway = await this.#bench.ready();
    const left = new Set<unknown>(atRisk);
    let heard = 0;
    const areDone = (): boolean => {
      for (; heard < gateway.lines.length; heard += 1) {
        const { kind, id } = gateway.lines[heard] ?? {};
        if (kind === 'delivery-moved') left.delete(id);
      }
      return left.size === 0;
    };
    await until(areDone, 'those at risk to be attempted', SETTLE_MS);
    const { code } = await gateway.stop();
    this.#hear(gateway);
    this.#rests += 1;
    this.#options.log(
      `a life without a kill for ${atRisk.length} that died twice; it ended with ${code}`,
    );
  }

  /** Kills it; resolves when it has died, at the latest after the longest life. */
  async #strike(gateway: GatewayProcess, { death }: PlannedKill): Promise<void> {
    const { receiver } = this.#bench;
    if (death.how === 'start') {
      await systemClock.sleep(death.afterMs, NEVER);
      gateway.kill('SIGKILL');
      return;
    }
    const isOver = (): boolean => gateway.hasEnded;
    if (death.how !== 'point') {
      await gateway.ready();
      await systemClock.sleep(death.afterMs, NEVER);
    }
    if (death.how === 'moment') gateway.kill('SIGKILL');
    if (death.how === 'read' || death.how === 'answered') {
      let left = death.nth;
      const count = (): void => {
        left -= 1;
        if (left === 0) gateway.kill('SIGKILL');
      };
      if (death.how === 'read') receiver.onRead = count;
      else receiver.onAnswered = count;
    }
    await until(isOver, 'its death', LONGEST_LIFE_MS).catch(() => gateway.kill('SIGKILL'));
    receiver.onRead = () => undefined;
    receiver.onAnswered = () => undefined;
  }

  /** A last run without a kill, until every delivery is settled. */
  async #settle(): Promise<void> {
    const gateway = await this.#begin({ death: { how: 'moment', afterMs: 0 } });
    await gateway.ready();
    await this.#writer.stop();
    const hasAll = (): boolean => {
      const seen = new Set(this.#bench.receiver.of('keyed').map(({ event }) => event));
      return this.#writer.written.every((event) => seen.has(event));
    };
    // The accounting names deliveries that do not settle.
    const { settleMs = SETTLE_MS } = this.#options;
    await until(hasAll, 'every Event', settleMs).catch(() => undefined);
    await this.#bench.idle(gateway, settleMs).catch(() => undefined);
    const { code } = await gateway.stop();
    this.#hear(gateway);
    if (code !== 0) throw new Error(`the last life ended with ${code}: ${gateway.errors}`);
  }

  async #result({ deliveries, gaps }: Stored): Promise<MainRunResult> {
    const { receiver } = this.#bench;
    const open = this.#killed.flatMap(({ attempts }) => attempts);
    const lostAnswers = new Set([...open, ...receiver.unanswered]);
    const of = (trigger: string): typeof deliveries =>
      deliveries.filter((one) => one.trigger === trigger);
    const hooks = Object.entries(HOOKS).map(([trigger, policy]) => {
      const requests = receiver.of(trigger);
      return account({
        ...{ trigger, policy, lostAnswers, deliveries: of(trigger) },
        expected: this.#writer.written,
        builds: receiver.builds(trigger, policy === 'key' ? 'what it has seen' : 'nothing'),
        attemptsSeen: requests.map(nameOf),
      });
    });
    const made: readonly [string, readonly Build[]][] = [
      ['job', await this.#bench.jobs()],
      ['secret', await this.#bench.secrets()],
    ];
    const objects = made.map(([trigger, builds]) =>
      account({
        ...{ trigger, policy: 'key', lostAnswers, deliveries: of(trigger), builds },
        expected: this.#writer.builds,
        attemptsSeen: [],
      }),
    );
    const count = (loss: string): number => gaps.filter((gap) => gap.loss === loss).length;
    return {
      injected: {
        kills: this.#killed.length,
        compactions: this.#compactions,
        'stops by SIGTERM': this.#rests,
        'answers kept back': receiver.unanswered.size,
        Events: this.#writer.written.length,
        repetitions: this.#writer.repeats,
      },
      accounts: [...hooks, ...objects],
      gaps: { 'possible-loss': count('possible-loss'), coalesced: count('coalesced') },
      eventsPerSecond: Math.round(this.#writer.rate * 10) / 10,
      underWay: this.#killed.filter((one) => one.attempts.length + one.claimed + one.waiting > 0)
        .length,
      attempting: this.#killed.filter(({ attempts }) => attempts.length > 0).length,
      doubtsLogged: this.#doubtsLogged,
      complaints: this.#complaints,
    };
  }

  #hear(gateway: GatewayProcess): void {
    this.#complaints.push(...gateway.of('bug').map((line) => JSON.stringify(line)));
    if (gateway.errors !== '') this.#complaints.push(gateway.errors);
    this.#doubtsLogged += gateway
      .of('delivery-moved')
      .filter((line) => line['possiblyTwice'] === true).length;
  }
}

function nameOf({ id, attempt }: Request): string {
  return attemptName(id, attempt);
}

function configurationOf(bench: FaultBench): Record<string, unknown> {
  const hook = (trigger: string): string => bench.receiver.urlOf(trigger);
  const hooks = Object.keys(HOOKS);
  return {
    sources: { spec: { events: { namespaces: bench.watched } } },
    filters: [
      {
        name: 'builds',
        reasons: ['Build'],
        action: 'accept',
        triggers: [...hooks, 'job', 'secret'],
      },
      { name: 'hooks', reasons: ['Spec'], action: 'accept', triggers: hooks },
    ],
    triggers: {
      most: { http: { url: hook('most') }, onLostAnswer: 'atMostOnce' },
      least: { http: { url: hook('least') }, onLostAnswer: 'atLeastOnce' },
      keyed: { http: { url: hook('keyed'), receiver: 'deduplicates' } },
      job: { kubernetes: { manifest: bench.jobManifest() } },
      secret: { brigade: { project: 'org/repo', namespace: bench.builds } },
    },
    limits: { perObject: 'off', total: 'off' },
    delivery: { concurrency: 8, timeout: '10s', retry: { first: '100ms', max: '1s', for: '1h' } },
    // A line for each decision and attempt would be the harness's load, not the gateway's.
    logging: { format: 'json', decisions: 'none', level: 'info' },
  };
}
