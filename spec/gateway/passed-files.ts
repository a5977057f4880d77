// A program: runs a gateway in this process, from a watch to a receiver, and prints as JSON which files
// of lib ran for one Event and for one webhook. It is a process of its own, because V8 counts calls for
// a whole process, and a run with coverage counts them, too.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { Session } from 'node:inspector';
import type { AddressInfo } from 'node:net';
import { parseYaml } from '../../lib/config/parse-yaml.ts';
import { Gateway } from '../../lib/gateway/gateway.ts';
import { systemClock, systemRandom } from '../../lib/kit/system.ts';
import { connect } from '../../lib/kubernetes/client/connection.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { record } from '../../lib/telemetry/observations/table.ts';
import { storeAround } from '../support/doubles/store.ts';
import { EventsWorld } from '../support/events-world.ts';
import { stateOf } from '../support/gateway-state.ts';
import { until } from '../support/until.ts';
import { VALIDATORS } from '../support/validators.ts';

/** Files of lib by what they ran for, sorted. */
export interface PassedFiles {
  readonly event: readonly string[];
  readonly webhook: readonly string[];
}

const MEASURED = 3;

async function run(): Promise<PassedFiles> {
  const receiver = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(202).end());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const world = await EventsWorld.start();
  const { port } = receiver.address() as AddressInfo;
  const plan = planFor(`http://127.0.0.1:${port}/`);
  const state = stateOf(plan, systemClock);
  let [isReading, delivered] = [false, 0];
  const observe: Parameters<typeof connect>[1]['observe'] = (observation) => {
    record(observation, state);
    if (observation.kind === 'watch-opened') isReading = true;
    if (observation.kind === 'delivery-moved') delivered += 1;
  };
  const counted = new CountedFiles();
  const connecting = { clock: systemClock, observe, environment: {}, parseYaml };
  await using api = await connect({ master: world.server.url }, connecting);
  const inner = createMemoryStore();
  const store = { ...inner, ...counted.around(inner) };
  const gateway = new Gateway({
    ...{ plan, api, observe, state, clock: systemClock, random: systemRandom },
    store,
    findCluster: async () => ({ id: 'c1', from: 'kube-system' }),
    ...{ environment: {}, folder: '/', incarnation: 'one', drainMs: 1_000 },
  });
  const stop = new AbortController();
  const running = gateway.run(stop.signal);
  await until(() => isReading, 'an open watch');
  // The first two open connections and load what is loaded once.
  for (let written = 1; written <= 2 + MEASURED; written += 1) {
    if (written > 2) counted.begin();
    world.write(`event-${written}`);
    await until(() => delivered === written, `delivery ${written}`);
  }
  stop.abort();
  await running;
  receiver.close();
  await world.server[Symbol.asyncDispose]();
  return counted.files;
}

function planFor(url: string) {
  const text = JSON.stringify({
    sources: { shop: { events: { namespaces: ['shop'] } } },
    filters: [{ name: 'all', action: 'accept' }],
    // Such a receiver gets requests over kept connections.
    triggers: { ci: { http: { url, receiver: 'deduplicates' } } },
  });
  const context = { namespace: 'gateway', buildNamespace: 'gateway', exec: 'allowed' as const };
  const { plan } = loadPlan({ ...context, text, validators: VALIDATORS });
  if (plan === null) throw new Error('the configuration of the spec is refused');
  return plan;
}

/** Which files ran between two moments, by V8's counts of calls. */
class CountedFiles {
  readonly #session = new Session();
  readonly #event = new Set<string>();
  readonly #webhook = new Set<string>();
  #counting: 'event' | 'webhook' | null = null;

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  }

  get files(): PassedFiles {
    return { event: [...this.#event].sort(), webhook: [...this.#webhook].sort() };
  }

  /** Counts the next Event from its bytes to its commit, then its webhook from the claim to its settlement. */
  begin(): void {
    this.#take();
    this.#counting = 'event';
  }

  /** The calls of a store that begin and end what is counted. */
  around(store: ReturnType<typeof createMemoryStore>) {
    return storeAround(store, async (call, proceed) => {
      if (call.name === 'claim' && this.#counting === 'webhook') this.#take();
      const answer = await proceed();
      if (call.name === 'commit' && this.#counting === 'event') {
        for (const file of this.#take()) this.#event.add(file);
        this.#counting = 'webhook';
      } else if (call.name === 'settle' && this.#counting === 'webhook') {
        for (const file of this.#take()) this.#webhook.add(file);
        this.#counting = null;
      }
      return answer;
    });
  }

  /** The files that ran since the last call. */
  #take(): readonly string[] {
    const files: string[] = [];
    // In the same thread the session answers at once.
    this.#session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      for (const { url, functions } of result) {
        const file = /\/(lib\/.*\.ts)$/.exec(url)?.[1];
        const hasRun = functions.some(({ ranges }) => ranges.some(({ count }) => count > 0));
        if (file !== undefined && hasRun) files.push(file);
      }
    });
    return files;
  }
}

process.stdout.write(JSON.stringify(await run()));
