// The lines of every observation except decisions: a golden line for each kind.

import { expect } from 'chai';
import type { Observation } from '../../lib/core/observation.ts';
import { aDelivery, anAttempt } from '../support/builders.ts';
import { AT, heard, ID } from './support.ts';

const PATH = '/api/v1/namespaces/shop/events';
const SERVER = 'https://10.0.0.1:6443';
const where = { source: 'shop', path: PATH };
const running = aDelivery({
  state: 'running',
  attempts: [anAttempt()],
});
const job = { kind: 'Job', namespace: 'ci', name: `build-${ID}` };
const done = aDelivery({ ...running, state: 'delivered', started: job });
const position = { resourceVersion: '1200', at: Date.UTC(2026, 0, 31, 11) };
const gap = {
  ...where,
  why: '410 after 20m',
  from: position,
  to: { ...position, resourceVersion: '1300' },
};
const moved = { kind: 'delivery-moved', delivery: running, from: 'running', dead: null } as const;
const problem = { code: 'unknown-key', path: '/filters/0/kinds', line: 4, column: 5 } as const;
const used = { kind: 'proxy-used', proxy: 'http://p:1', from: 'P' } as const;
const stopped = { kind: 'stopped', durable: false, waiting: 0, abandoned: 0 } as const;
const breaker = { kind: 'breaker', trigger: 'hook', why: '503', retryMs: 4_200 } as const;
const pause = { kind: 'pause', trigger: 'hook', why: '429', retryMs: 59_600, until: 0 } as const;

const lines: readonly [Observation, string | null][] = [
  [
    { ...pause, reason: 'throttled', state: 'paused' },
    'warn  hook: paused (throttled), no attempts for 1m: 429',
  ],
  [
    { ...pause, reason: 'unauthorized', state: 'paused' },
    'error hook: paused (unauthorized), no attempts for 1m: 429',
  ],
  [{ ...pause, reason: 'throttled', state: 'trying' }, 'debug hook: pause trying (throttled): 429'],
  [{ ...pause, reason: 'throttled', state: 'over' }, 'debug hook: pause over (throttled): 429'],
  [{ ...breaker, from: 'closed', to: 'open' }, 'error hook: breaker open, no attempts for 5s: 503'],
  [
    { ...breaker, from: 'half-open', to: 'open' },
    'debug hook: breaker open, no attempts for 5s: 503',
  ],
  [{ ...breaker, from: 'open', to: 'half-open' }, 'debug hook: breaker half-open: 503'],
  [{ ...breaker, from: 'half-open', to: 'closed' }, 'info  hook: breaker closed: 503'],
  [
    { kind: 'reading', ...where, state: 'listing', why: 'first start' },
    `debug shop: listing ${PATH}: first start`,
  ],
  [
    { kind: 'watch-opened', ...where, resourceVersion: '1200' },
    `debug shop: watching ${PATH} from resourceVersion 1200`,
  ],
  [{ kind: 'path-stale', ...where, ageMs: 45_000 }, null],
  [
    { kind: 'path-stale', ...where, ageMs: 60_400 },
    `warn  shop: ${PATH} is stale: no Event and no sign of a working watch for 1m`,
  ],
  [{ kind: 'path-current', ...where }, null],
  [
    { kind: 'watch-ended', ...where, reason: 'closed', detail: '', lastedMs: 300_000, retryMs: 0 },
    `debug shop: watch of ${PATH} ended, closed; reconnect in 0s`,
  ],
  [
    {
      kind: 'watch-ended',
      ...where,
      reason: 'expired',
      detail: 'too old',
      lastedMs: 5,
      retryMs: 0,
    },
    `debug shop: watch of ${PATH} ended, expired: too old; reconnect in 0s`,
  ],
  [
    {
      kind: 'watch-ended',
      ...where,
      reason: 'cut',
      detail: 'ECONNRESET',
      lastedMs: 5,
      retryMs: 800,
    },
    `warn  shop: watch of ${PATH} ended, cut: ECONNRESET; reconnect in 800ms`,
  ],
  [
    {
      kind: 'watch-ended',
      ...where,
      reason: 'forbidden',
      detail: 'needs watch on events',
      lastedMs: 5,
      retryMs: 30_000,
    },
    `error shop: watch of ${PATH} ended, forbidden: needs watch on events; reconnect in 30s`,
  ],
  [
    { kind: 'list-ended', ...where, purpose: 'first', items: 612, pages: 2, durationMs: 90 },
    `info  shop: first list of ${PATH}: 612 objects on 2 pages in 90ms`,
  ],
  [
    { kind: 'list-ended', ...where, purpose: 'refresh', items: 1, pages: 1, durationMs: 9 },
    `debug shop: refresh list of ${PATH}: 1 object on 1 page in 9ms`,
  ],
  [
    { kind: 'list-failed', ...where, reason: 'unreachable', detail: 'ECONNREFUSED', retryMs: 1600 },
    `warn  shop: cannot list ${PATH}, unreachable: ECONNREFUSED; retry in 1s600ms`,
  ],
  [
    { kind: 'frame-skipped', ...where, bytes: 9_437_184, why: 'above 4 MiB' },
    `error shop: skipped one Event of ${PATH}: above 4 MiB (9437184 bytes)`,
  ],
  [{ kind: 'events-read', ...where, from: 'watch', count: 3 }, null],
  [
    { kind: 'gap', gap: { ...gap, loss: 'possible-loss' } },
    `error shop: gap in ${PATH} between 1200 (2026-01-31T11:00:00.000Z) and 1300 (2026-01-31T11:00:00.000Z), possible-loss: 410 after 20m`,
  ],
  [
    { kind: 'gap', gap: { ...gap, from: null, loss: 'coalesced' } },
    `info  shop: gap in ${PATH} before 1300 (2026-01-31T11:00:00.000Z), coalesced: 410 after 20m`,
  ],
  [
    { kind: 'gap', gap: { ...gap, loss: 'none' } },
    `debug shop: gap in ${PATH} between 1200 (2026-01-31T11:00:00.000Z) and 1300 (2026-01-31T11:00:00.000Z), none: 410 after 20m`,
  ],
  [{ kind: 'attempt-started', delivery: running }, `debug build: attempt 1 of ${ID}`],
  [
    {
      kind: 'attempt-ended',
      delivery: running,
      outcome: { outcome: 'delivered', started: job, note: 'existed' },
      durationMs: 12,
    },
    `debug build: attempt 1 of ${ID}: delivered, Job ci/build-${ID} (existed) (12ms)`,
  ],
  [
    {
      kind: 'attempt-ended',
      delivery: running,
      outcome: { outcome: 'retry', reason: 'throttled', detail: '429' },
      durationMs: 12,
    },
    `debug build: attempt 1 of ${ID}: retry, throttled: 429 (12ms)`,
  ],
  [
    {
      kind: 'attempt-ended',
      delivery: running,
      outcome: { outcome: 'retry', reason: 'unavailable', detail: '503', pauseMs: 9_000 },
      durationMs: 12,
    },
    `debug build: attempt 1 of ${ID}: retry, unavailable: 503 (12ms)`,
  ],
  [
    {
      kind: 'attempt-ended',
      delivery: running,
      outcome: { outcome: 'retry', reason: 'unavailable', detail: '503' },
      durationMs: 12,
    },
    `warn  build: attempt 1 of ${ID}: retry, unavailable: 503 (12ms)`,
  ],
  [
    {
      kind: 'attempt-ended',
      delivery: running,
      outcome: { outcome: 'unknown', reason: 'server-error', detail: '503', pauseMs: 9_000 },
      durationMs: 12,
    },
    `warn  build: attempt 1 of ${ID}: unknown, server-error: 503 (12ms)`,
  ],
  [
    {
      kind: 'attempt-ended',
      delivery: running,
      outcome: { outcome: 'retry', reason: 'forbidden', detail: 'needs create on jobs in ci' },
      durationMs: 12,
    },
    `error build: attempt 1 of ${ID}: retry, forbidden: needs create on jobs in ci (12ms)`,
  ],
  [
    {
      kind: 'attempt-ended',
      delivery: running,
      outcome: { outcome: 'refused', reason: 'invalid', detail: '422' },
      durationMs: 12,
    },
    `debug build: attempt 1 of ${ID}: refused, invalid: 422 (12ms)`,
  ],
  [
    { ...moved, delivery: done, to: 'delivered', why: '' },
    `info  build: ${ID} delivered, Job ci/build-${ID}`,
  ],
  [
    {
      ...moved,
      delivery: { ...done, attempts: [...done.attempts, ...done.attempts] },
      to: 'delivered',
      why: '',
    },
    `info  build: ${ID} delivered, Job ci/build-${ID} at attempt 2`,
  ],
  [{ ...moved, to: 'waiting', why: 'throttled' }, `debug build: ${ID} waiting: throttled`],
  [
    { ...moved, to: 'refused', why: 'create job: 422' },
    `error build: ${ID} refused: create job: 422`,
  ],
  [{ ...moved, to: 'unknown', why: 'timeout' }, `error build: ${ID} unknown: timeout`],
  [
    { ...moved, to: 'dead', dead: 'expired-held', why: 'held for 1h' },
    `error build: ${ID} dead (expired-held): held for 1h`,
  ],
  [{ kind: 'queue-depth', trigger: 'build', state: 'waiting', count: 2 }, null],
  [
    { kind: 'command-output', trigger: 'local', id: ID, stream: 'stderr', line: 'a\u001b[31mb' },
    `info  local: ${ID} stderr: a\\u001b[31mb`,
  ],
  [
    { kind: 'started', version: '0.1.0', configuration: 'c.yaml', form: 'ours' },
    'info  sluice 0.1.0 with c.yaml',
  ],
  [
    { kind: 'started', version: '0.1.0', configuration: 'no configuration', form: 'none' },
    'info  sluice 0.1.0 with no configuration; every Event is logged and rejected',
  ],
  [
    {
      kind: 'configuration-problem',
      problem: { ...problem, severity: 'error', message: 'unknown key kinds', hint: 'kind?' },
    },
    'error configuration /filters/0/kinds (line 4, column 5): unknown key kinds; kind? [unknown-key]',
  ],
  [
    {
      kind: 'configuration-problem',
      problem: { ...problem, severity: 'warning', line: 0, message: 'unknown key kinds', hint: '' },
    },
    'warn  configuration /filters/0/kinds: unknown key kinds [unknown-key]',
  ],
  [
    { kind: 'cluster-found', id: 'c1', from: 'kube-system', server: SERVER },
    `info  cluster c1 at ${SERVER} (the uid of namespace kube-system)`,
  ],
  [
    { kind: 'cluster-waiting', server: SERVER, why: 'ECONNREFUSED' },
    `warn  waiting for the API server ${SERVER}: ECONNREFUSED`,
  ],
  [{ kind: 'credentials-reread', why: '401' }, 'info  credentials read again: 401'],
  [{ ...used, trigger: null }, 'info  the API server is reached through the proxy http://p:1 (P)'],
  [
    { ...used, trigger: 'a' },
    'info  the receiver of trigger a is reached through the proxy http://p:1 (P)',
  ],
  [
    { kind: 'listening', listener: 'probes', address: '0.0.0.0:8080' },
    'info  probes on 0.0.0.0:8080',
  ],
  [
    { kind: 'listening', listener: 'api', address: '127.0.0.1:8081', tokenFile: '/data/t' },
    'info  api on 127.0.0.1:8081, with the token in /data/t',
  ],
  [
    { kind: 'stopping', why: 'SIGTERM', limitMs: 25_000 },
    'info  stopping: SIGTERM; deadline in 25s',
  ],
  [
    { ...stopped, durable: true, waiting: 2 },
    'info  stopped: 0 attempts abandoned, 2 waiting; waiting deliveries resume at the next start',
  ],
  [
    { ...stopped, durable: true, waiting: null },
    'info  stopped: 0 attempts abandoned, number of waiting deliveries unknown',
  ],
  [
    { kind: 'store-usage', level: 'near', overflow: 'block', bytes: 8, maxBytes: 10, scrape: true },
    null,
  ],
  [{ ...stopped, durable: true, abandoned: 1 }, 'warn  stopped: 1 attempt abandoned, 0 waiting'],
  [{ ...stopped, durable: false }, 'info  stopped: 0 attempts abandoned, 0 waiting'],
  [
    { ...stopped, durable: false, waiting: 7 },
    'error stopped: 0 attempts abandoned, 7 waiting: lost, because this store is not durable',
  ],
  [
    { ...stopped, durable: false, abandoned: 1 },
    'error stopped: 1 attempt abandoned, 0 waiting: lost, because this store is not durable',
  ],
  [
    { kind: 'bug', where: 'the lane of build', error: 'thrown\ntext' },
    'error bug in the lane of build: thrown\\ntext (please report this line)',
  ],
];

describe('the lines of observations', () => {
  for (const [observation, line] of lines) {
    it(`report ${observation.kind} as: ${line ?? 'nothing'}`, async () => {
      const { telemetry, lines: written } = heard({ level: 'debug' });
      telemetry.observe(observation);
      expect(await written()).to.deep.equal(line === null ? [] : [`${AT} ${line}`]);
    });

    it(`report ${observation.kind} as one JSON object of the same level and text`, async () => {
      const { telemetry, lines: written } = heard({ level: 'debug', format: 'json' });
      telemetry.observe(observation);
      const found = (await written()).map((text) => JSON.parse(text) as Record<string, unknown>);
      expect(found.map(({ time, level, kind, text }) => [time, level, kind, text])).to.deep.equal(
        line === null ? [] : [[AT, line.slice(0, 5).trimEnd(), observation.kind, line.slice(6)]],
      );
    });
  }

  it('include the stack of a bug', async () => {
    const { telemetry, lines: written } = heard();
    telemetry.observe({ kind: 'bug', where: 'intake', error: new TypeError('no x') });
    const [first, second] = await written();
    expect(first).to.equal(`${AT} error bug in intake: no x (please report this line)`);
    expect(second).to.match(/^ {2}at .*observation-line\.spec\.ts/);
  });

  it('have coloured warnings and errors on a terminal', async () => {
    const { telemetry, lines: written } = heard({ format: 'auto' }, { terminal: true });
    telemetry.observe({ ...stopped, durable: true, abandoned: 1 });
    telemetry.observe(stopped);
    const [warning, info] = await written();
    expect(warning).to.match(/^\S+ \u001b\[33mwarn \u001b\[0m stopped/);
    expect(info).to.match(/^\S+ info {2}stopped/);
  });

  it('are JSON under auto without a terminal', async () => {
    const { telemetry, lines: written } = heard({ format: 'auto' });
    telemetry.observe({ kind: 'credentials-reread', why: '401' });
    expect(JSON.parse((await written())[0] ?? '')).to.deep.equal({
      time: AT,
      level: 'info',
      kind: 'credentials-reread',
      text: 'credentials read again: 401',
      why: '401',
    });
  });

  it('are not written below the level of the log', async () => {
    const { telemetry, lines: written } = heard({ level: 'error' });
    for (const [observation] of lines) telemetry.observe(observation);
    const levels = (await written()).map((text) => text.slice(AT.length + 1, AT.length + 6));
    expect([...new Set(levels)]).to.deep.equal(['error']);
  });
});
