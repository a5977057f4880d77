// An API listener on loopback over a plan and a memory store, asked over real sockets. Every answer is
// held to the OpenAPI document before a spec sees it.

import { type IncomingHttpHeaders, request } from 'node:http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from 'chai';
import { openApi } from '../../lib/api/api.ts';
import { Token } from '../../lib/api/api-token.ts';
import { openApiDocument, ROUTES } from '../../lib/api/routes.ts';
import type { Clock } from '../../lib/core/clock.ts';
import type { TriggerDisposition } from '../../lib/core/decision.ts';
import type { Delivery } from '../../lib/core/delivery.ts';
import type { Observation } from '../../lib/core/observation.ts';
import type { EventObject } from '../../lib/core/occurrence.ts';
import type { Gap } from '../../lib/core/ports/source.ts';
import { act } from '../../lib/delivery/actions.ts';
import { decide, explain } from '../../lib/filters/decide.ts';
import type { HeldForecast } from '../../lib/intake/release-forecast.ts';
import type { Listener } from '../../lib/kit/http/listen.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import type { Plan } from '../../lib/plan/plan.ts';
import type { GatewayState } from '../../lib/telemetry/gateway-state.ts';
import { record } from '../../lib/telemetry/observations/table.ts';
import { Activity } from '../../lib/views/activity.ts';
import { aCommit, anEvent, anOccurrence } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FailingStore, recordingStore } from '../support/doubles/store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { stateOf } from '../support/gateway-state.ts';
import { VALIDATORS } from '../support/validators.ts';

/** The token of the bench. */
export const TOKEN = 'spec-token-of-the-bench';

/** A name of `http.hosts`. */
export const NAMED_HOST = 'sluice.gateway.svc';

const CONFIG = `
cluster: dev
store: { memory: {} }
sources: { shop: { events: { namespaces: [shop] } } }
filters:
  - { name: noise, namespace: kube-*, action: reject }
  - { reasons: [Scheduled], action: reject }
  - { name: crash-loop, kind: Pod, reasons: [BackOff], message: /restarting/, action: accept }
triggers: { build: { exec: { command: [never] } } }
`;

/** Why what `commit` stores was decided so. */
export const TRAIL = [
  { index: 0, name: 'noise', field: 'namespace', wanted: 'kube-*', found: 'shop' },
] as const;

/** What to ask. */
export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What was answered. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Undefined if the text is not JSON. */
  readonly json: unknown;
}

/** The items of an answer that is a list. */
export function itemsOf({ json }: Answered): readonly Record<string, unknown>[] {
  return (json as { items: Record<string, unknown>[] }).items;
}

/** What may be otherwise. */
export interface BenchOptions {
  readonly clock?: Clock;
  /** Null: there is none; a function: what finds it, in its own time. */
  readonly token?: string | null | (() => Promise<string | null>);
  readonly config?: string;
  /** Absent: a free one. */
  readonly port?: number;
}

/** An API to ask. */
export class ApiBench implements AsyncDisposable {
  readonly plan: Plan;
  /** Makes calls of the store fail. */
  readonly failing = new FailingStore();
  /** The calls of the store so far. */
  readonly recorded = recordingStore(this.failing.store);
  readonly store = this.recorded.store;
  readonly clock: Clock;
  readonly watch: Activity;
  readonly recording = recordingObserve();
  /** When held deliveries start, by their ids. */
  readonly forecasts = new Map<string, HeldForecast>();
  readonly #findToken: () => Promise<string | null>;
  readonly #state: GatewayState;
  #listener: Listener | undefined;

  private constructor({ clock = systemClock, token = TOKEN, config = CONFIG }: BenchOptions) {
    const context = { namespace: 'gateway', buildNamespace: 'gateway', exec: 'allowed' as const };
    const { plan } = loadPlan({ ...context, text: config, validators: VALIDATORS });
    if (plan === null) throw new Error('the configuration of the spec is refused');
    this.plan = plan;
    this.clock = clock;
    this.#findToken = typeof token === 'function' ? token : async () => token;
    this.#state = stateOf(plan, clock);
    this.watch = new Activity(plan.chain, clock, this.#state);
  }

  /** Opens one on a free port. */
  static async open(options: BenchOptions = {}): Promise<ApiBench> {
    const bench = new ApiBench(options);
    const triggers = new Set(bench.plan.triggers.map(({ name }) => name));
    bench.#listener = await openApi(
      { host: '127.0.0.1', port: options.port ?? 0 },
      {
        version: '1.2.3',
        configuration: { file: 'sluice.yaml', form: 'ours', problems: 1, keptSince: null },
        plan: bench.plan,
        store: bench.store,
        health: () => ({ live: true, ready: false, why: ['not begun'], notes: [] }),
        watch: bench.watch,
        clock: bench.clock,
        token: new Token(bench.#findToken, bench.clock),
        hosts: [NAMED_HOST],
        observe: bench.recording.observe,
        measure: async () => undefined,
        act: (name, id) => act(name, id, { ...bench.store, triggers, now: bench.clock.now() }),
        forecasts: () => (id) => bench.forecasts.get(id) ?? null,
      },
    );
    return bench;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** How many connections the listener has. */
  get connections(): number {
    return this.#listener?.connections ?? 0;
  }

  /** Observes as a gateway does. */
  observe(observation: Observation): void {
    record(observation, this.#state);
    this.watch.observe(observation);
  }

  /** Observes a decision on an Event as intake does; answers its number. */
  decide(overrides: EventObject = {}, disposed: readonly TriggerDisposition[] = []): number {
    const occurrence = anOccurrence({ event: anEvent(overrides) });
    const { chain } = this.plan;
    this.observe({
      kind: 'decision',
      occurrence,
      decision: decide(chain, occurrence),
      disposed,
      explain: () => explain(chain, occurrence).trail,
    });
    return this.watch.recent.next - 1;
  }

  /** Stores deliveries as intake does, each with its decision. */
  async commit(deliveries: readonly Delivery[], gaps: readonly Gap[] = []): Promise<void> {
    const now = this.clock.now();
    const decisions = deliveries.map(({ id }) => ({ id, at: now, trail: TRAIL }));
    await this.store.journal.commit(aCommit({ deliveries, decisions, gaps, now }));
  }

  /** Asks, and holds what is answered to the document. */
  async ask(asked: Asked): Promise<Answered> {
    const answered = await this.askRaw(asked);
    mustBeDescribed(asked, answered);
    return answered;
  }

  /** Asks without a look at the document. */
  askRaw({ method = 'GET', path, headers = {}, body }: Asked): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const host = `127.0.0.1:${this.port}`;
      const options = { host: '127.0.0.1', port: this.port, method, path, agent: false as const };
      const sent = request({ ...options, headers: { host, ...headers } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, headers: answered, text, json: jsonOf(text) });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
    await this.store[Symbol.asyncDispose]();
  }
}

/** Opens a bench on a fake clock before each spec of a `describe`, and closes it after the spec. */
export function benchPerSpec(opened: (bench: ApiBench, clock: FakeClock) => void): void {
  let bench: ApiBench;
  beforeEach(async () => {
    const clock = new FakeClock();
    bench = await ApiBench.open({ clock });
    opened(bench, clock);
  });
  afterEach(() => bench[Symbol.asyncDispose]());
}

const DOCUMENT = openApiDocument(ROUTES, '1.2.3');
const AJV = new Ajv2020({ strict: false, allErrors: true });
formats.default(AJV);
AJV.addSchema(DOCUMENT, 'api');

/** Fails if an answer does not match the OpenAPI document by path, method, status and type. */
function mustBeDescribed({ method = 'GET', path }: Asked, answered: Answered): void {
  const { status, headers, json } = answered;
  const type = headers['content-type'] ?? '';
  const route = ROUTES.find(({ path: known }) => matches(known, path));
  const isProblem = status >= 400;
  expect(type, 'the media type').to.equal(
    isProblem ? 'application/problem+json' : route?.mediaType,
  );
  if (method === 'HEAD') return;
  const served = route !== undefined && route.method === method;
  const where = served
    ? [
        'paths',
        route.path,
        method.toLowerCase(),
        'responses',
        String(status),
        'content',
        type,
        'schema',
      ]
    : ['components', 'schemas', 'Problem'];
  validateAt(where, json);
}

/** Fails if a value does not match a schema of the OpenAPI document. */
export function validateAt(where: readonly string[], json: unknown): void {
  const pointer = where
    .map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const validate = AJV.getSchema(`api#/${pointer}`);
  if (validate === undefined) throw new Error(`the document has nothing at ${where.join(' ')}`);
  expect(validate(json), JSON.stringify([where, validate.errors, json])).to.equal(true);
}

function matches(known: string, path: string): boolean {
  const [bare = ''] = path.split('?');
  return new RegExp(`^${known.replaceAll(/\{[^}]*\}/g, '[^/]+')}$`).test(bare);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
