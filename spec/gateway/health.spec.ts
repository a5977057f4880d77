// Health from observations: ready once every path is read, otherwise not, with the reason.

import { expect } from 'chai';
import type {
  BreakerState,
  Health,
  Observation,
  ReadingState,
} from '../../lib/core/observation.ts';
import { checksOf, healthOf, isReading, refusedPaths } from '../../lib/gateway/health.ts';
import { GatewayState } from '../../lib/telemetry/gateway-state.ts';
import { record } from '../../lib/telemetry/observations/table.ts';
import { FakeClock } from '../support/fake-clock.ts';

const reading = (path: string, state: ReadingState, why = '') =>
  ({ kind: 'reading', source: 'shop', path, state, why }) as const;
const refused = (path: string, reason: 'forbidden' | 'not-found' = 'forbidden') =>
  ({ ...reading(path, 'waiting', `${reason}: 403`), reason }) as const;

/** The health of a state that observations change. */
function aHealth(
  sources: readonly string[],
  given: { triggers?: string[]; clock?: FakeClock } = {},
) {
  const { triggers = ['hook', 'ci', 'job'], clock = new FakeClock() } = given;
  const state = new GatewayState({ sources, triggers }, clock);
  return {
    observe: (observation: Observation): void => record(observation, state),
    health: (stuck: readonly string[]): Health => healthOf(state, stuck, clock),
    checks: (stuck: readonly string[]) => checksOf(state, stuck),
    isReading: (): boolean => isReading(state),
    refused: (): readonly string[] => refusedPaths(state),
  };
}

const found = { kind: 'cluster-found', id: 'c1', from: 'namespace', server: 'https://x' } as const;

const trouble = (state: 'unavailable' | 'available') =>
  ({ kind: 'store-trouble', state, why: 'commit: disk full' }) as const;
const usage = (level: 'near' | 'full', overflow: 'block' | 'shed') =>
  ({ kind: 'store-usage', level, overflow, bytes: 9, maxBytes: 10 }) as const;

describe('health', () => {
  it('is ready once the cluster is known and every path of every source is watched', () => {
    const health = aHealth(['shop']);
    expect(health.health([]).ready).to.equal(false);
    for (const one of [found, reading('/a', 'watching'), reading('/b', 'watching')]) {
      health.observe(one);
    }
    expect(health.health([])).to.deep.equal({ live: true, ready: true, why: [], notes: [] });
  });

  it('is made of checks: of progress, cluster, store, each source and each trigger', () => {
    const health = aHealth(['shop'], { triggers: ['hook'] });
    const checks = (): Readonly<Record<string, string>> =>
      Object.fromEntries(
        health.checks(['stuck']).map(({ name, healthy, message }) => {
          expect(healthy, name).to.equal(message === '');
          return [name, message];
        }),
      );
    expect(checks()).to.deep.equal({
      progress: 'stuck',
      cluster: 'the cluster has not been reached yet',
      store: '',
      'source shop': 'reading has not started',
      'trigger hook': '',
    });
    const open = { kind: 'breaker', trigger: 'hook', from: 'closed', to: 'open' } as const;
    for (const one of [found, reading('/a', 'watching'), trouble('unavailable')]) {
      health.observe(one);
    }
    health.observe({ ...open, why: 'secret', retryMs: 0 });
    expect(checks()).to.deep.include({
      cluster: '',
      store: 'the store is unavailable: commit: disk full',
      'source shop': '',
      'trigger hook': 'breaker open',
    });
  });

  it('stays ready while a watch is renewed or its path listed again', () => {
    const health = aHealth(['shop']);
    const renewed = [reading('/a', 'connecting'), reading('/a', 'listing', 'relist')];
    for (const one of [found, reading('/a', 'watching'), ...renewed]) health.observe(one);
    expect(health.health([]).ready).to.equal(true);
  });

  it('notes an open breaker while it is open, without the answer of its receiver', () => {
    const health = aHealth([]);
    const breaker = (to: BreakerState) =>
      ({
        kind: 'breaker',
        from: 'closed',
        trigger: 'hook',
        to,
        why: '500: db.internal failed',
        retryMs: 1,
      }) as const;
    for (const [to, notes] of [
      ['open', ['trigger hook: breaker open; the log says why']],
      ['half-open', ['trigger hook: breaker open; the log says why']],
      ['closed', []],
    ] as const) {
      health.observe(breaker(to));
      expect(health.health([]).notes, to).to.deep.equal(notes);
    }
  });

  it('notes what the cluster would refuse until it does not, without the detail', () => {
    const health = aHealth([]);
    const needed = {
      ...{ namespace: 'ci', group: 'batch', resource: 'jobs', verb: 'create', name: null },
      why: 'trigger job creates its objects',
    } as const;
    const detail = 'secret';
    const permission = (state: 'missing' | 'granted') =>
      ({ kind: 'permission', state, needed, detail }) as const;
    const review = (state: 'failed' | 'answered') =>
      ({ kind: 'access-review', state, why: detail }) as const;
    const dryRun = (state: 'refused' | 'accepted') =>
      ({ kind: 'dry-run', trigger: 'job', state, fault: 'unknown-field', detail }) as const;
    for (const one of [permission('missing'), review('failed'), dryRun('refused')]) {
      health.observe(one);
    }
    expect(health.health([]).notes).to.deep.equal([
      'permission missing: create on jobs.batch in ci (trigger job creates its objects); see sluice rbac',
      'the permissions could not be reviewed; the log says why',
      'trigger job: the API server refuses its manifest (unknown-field); the log says why',
    ]);
    for (const one of [permission('granted'), review('answered'), dryRun('accepted')]) {
      health.observe(one);
    }
    expect(health.health([]).notes).to.deep.equal([]);
  });

  it('notes a paused trigger, until when and why, without the answer of its receiver', () => {
    const health = aHealth([]);
    const until = Date.UTC(2026, 0, 31, 12, 1);
    const pause = { kind: 'pause', why: '429: db.internal', retryMs: 1, until } as const;
    const hook = { ...pause, trigger: 'hook', reason: 'throttled' } as const;
    const ci = { ...pause, trigger: 'ci', reason: 'unauthorized' } as const;
    const log = 'the log says why';
    const paused = 'paused, no attempt before 2026-01-31T12:01:00.000Z';
    for (const [observation, notes] of [
      [
        { ...hook, state: 'paused' },
        [`trigger hook: ${paused}: its receiver asked to wait; ${log}`],
      ],
      [
        { ...hook, state: 'trying' },
        [`trigger hook: paused, one attempt tests it: its receiver asked to wait; ${log}`],
      ],
      [{ ...hook, state: 'over' }, []],
      [
        { ...ci, state: 'paused' },
        [`trigger ci: ${paused}: its receiver does not accept the credential; ${log}`],
      ],
    ] as const) {
      health.observe(observation);
      expect(health.health([]).notes).to.deep.equal(notes);
    }
    expect(health.health([]).why.join()).not.to.include('ci');
  });

  it('is ready again once the store accepts commits again', () => {
    const health = aHealth([]);
    for (const one of [
      found,
      trouble('unavailable'),
      trouble('available'),
      usage('full', 'block'),
      usage('near', 'block'),
    ]) {
      health.observe(one);
    }
    expect(health.health([])).to.deep.equal({ live: true, ready: true, why: [], notes: [] });
  });

  it('stays ready while new deliveries are shed, and notes it', () => {
    const health = aHealth([]);
    for (const one of [found, usage('full', 'shed')]) health.observe(one);
    const notes = ['the store is full: new deliveries are shed'];
    expect(health.health([])).to.deep.equal({ live: true, ready: true, why: [], notes });
  });

  it('stays ready while limits hold and shed, and notes both without naming a namespace', () => {
    const health = aHealth([]);
    const rule = { index: 0, name: 'r', identity: 'r' };
    const user = { rule, trigger: 'hook', namespace: 'noisy', object: null, taken: 1 };
    const budget = { kind: 'budget', budget: 'total', rate: '600/h' } as const;
    const counts = { bound: 10, dropped: 1, gaveWay: 0, longest: null };
    const shedding = { kind: 'shedding', trigger: 'hook', ...counts } as const;
    health.observe(found);
    health.observe({ ...budget, state: 'used-up', user });
    health.observe({ ...shedding, state: 'began' });
    const notes = [
      'limits.total is used up: deliveries are held; the log says whose',
      'trigger hook: too many deliveries are held and some are shed; the log says whose',
    ];
    expect(health.health([])).to.deep.equal({ live: true, ready: true, why: [], notes });
    health.observe({ ...budget, state: 'free', user: null });
    health.observe({ ...shedding, state: 'ended' });
    expect(health.health([]).notes).to.deep.equal([]);
  });

  it('is neither live nor ready while something is stuck, and names that first', () => {
    const health = aHealth([]);
    health.observe(found);
    const why = ['trigger hook: no attempt has begun or ended for 6 min'];
    expect(health.health(why)).to.deep.equal({ live: false, ready: false, why, notes: [] });
  });

  it('counts as reading only while every path is watched and the store accepts commits', () => {
    const health = aHealth(['shop']);
    const steps = [
      [found, false],
      [reading('/a', 'listing'), false],
      [reading('/a', 'watching'), true],
      [reading('/b', 'listing'), false],
      [reading('/b', 'watching'), true],
      [trouble('unavailable'), false],
      [trouble('available'), true],
      [usage('full', 'block'), false],
      [usage('near', 'block'), true],
      [reading('/a', 'waiting', 'refused'), false],
    ] as const;
    for (const [one, isReading] of steps) {
      health.observe(one);
      expect(health.isReading(), JSON.stringify(one)).to.equal(isReading);
    }
  });

  describe('with a path that the API server refuses', () => {
    const note = 'source shop: waiting /b: forbidden: 403; other paths are read';

    it('is ready and notes it while another path is read', () => {
      const health = aHealth(['shop']);
      for (const one of [found, reading('/a', 'watching'), refused('/b')]) health.observe(one);
      expect(health.health([])).to.deep.include({ ready: true, why: [], notes: [note] });
      expect(health.isReading()).to.equal(true);
      expect(health.refused()).to.deep.equal(['/b']);
    });

    it('keeps the note while it is tried again, and drops it once it is granted', () => {
      const health = aHealth(['shop']);
      for (const one of [found, reading('/a', 'watching'), refused('/b')]) health.observe(one);
      health.observe(reading('/b', 'listing', 'first'));
      expect(health.health([]).notes).to.deep.equal([note]);
      health.observe(reading('/b', 'watching'));
      expect(health.health([])).to.deep.include({ ready: true, notes: [] });
      expect(health.refused()).to.deep.equal([]);
    });

    it('is not ready if no other path is read', () => {
      const health = aHealth(['shop']);
      for (const one of [found, refused('/a'), refused('/b', 'not-found')]) health.observe(one);
      const why = [
        'source shop: waiting /a: forbidden: 403',
        'source shop: waiting /b: not-found: 403',
      ];
      expect(health.health([])).to.deep.include({ ready: false, why, notes: [] });
      expect(health.isReading()).to.equal(false);
    });

    it('is not ready while another path waits for something else', () => {
      const health = aHealth(['shop']);
      for (const one of [found, refused('/b'), reading('/a', 'waiting', 'away')]) {
        health.observe(one);
      }
      expect(health.health([]).why).to.deep.equal(['source shop: waiting /a: away']);
    });
  });

  it('notes the age of a position that may be incomplete, until it is complete', async () => {
    const clock = new FakeClock();
    const health = aHealth(['shop'], { clock });
    const at = { source: 'shop', path: '/a' } as const;
    const stale = { kind: 'path-stale', ...at, ageMs: 45_000 } as const;
    for (const one of [found, reading('/a', 'watching'), stale]) health.observe(one);
    await clock.advance(7_000);
    const note = 'source shop: /a: may be incomplete; its position is 52s old';
    expect(health.health([])).to.deep.include({ ready: true, notes: [note] });
    health.observe({ kind: 'path-current', ...at });
    expect(health.health([]).notes).to.deep.equal([]);
  });

  const reasons: readonly (readonly [string, Observation[], string])[] = [
    ['nothing was observed', [], 'the cluster has not been reached yet'],
    [
      'the API server is away',
      [{ kind: 'cluster-waiting', server: 'https://x', why: 'connection refused' }],
      'waiting for https://x: connection refused',
    ],
    ['a source has not started', [found], 'source shop: reading has not started'],
    [
      'a path is listed',
      [found, reading('/a', 'listing', 'first')],
      'source shop: listing /a: first',
    ],
    [
      'a path waits',
      [found, reading('/a', 'watching'), reading('/a', 'waiting', 'forbidden')],
      'source shop: waiting /a: forbidden',
    ],
    [
      'one path of two waits',
      [found, reading('/a', 'watching'), reading('/b', 'waiting', 'forbidden')],
      'source shop: waiting /b: forbidden',
    ],
    [
      'the store takes nothing',
      [found, reading('/a', 'watching'), trouble('unavailable')],
      'the store is unavailable: commit: disk full',
    ],
    [
      'the store is full and blocks',
      [found, reading('/a', 'watching'), usage('full', 'block')],
      'the store is full: reading waits for room',
    ],
    [
      'the gateway stops',
      [found, reading('/a', 'watching'), { kind: 'stopping', why: 'SIGTERM', limitMs: 1 }],
      'stopping',
    ],
  ];
  for (const [when, observations, why] of reasons) {
    it(`is not ready and says why while ${when}`, () => {
      const health = aHealth(['shop']);
      for (const one of observations) health.observe(one);
      expect(health.health([]).ready).to.equal(false);
      expect(health.health([]).why).to.include(why);
      expect(health.health([]).live).to.equal(true);
    });
  }
});
