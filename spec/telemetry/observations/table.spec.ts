// The one table of observations, and the one state that its rows change.

import { expect } from 'chai';
import type { Observation } from '../../../lib/core/observation.ts';
import { checksOf, healthOf } from '../../../lib/gateway/health.ts';
import { GatewayState } from '../../../lib/telemetry/gateway-state.ts';
import type { RowTable } from '../../../lib/telemetry/observations/row.ts';
import { OBSERVATIONS } from '../../../lib/telemetry/observations/table.ts';
import { aDelivery } from '../../support/builders.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { heard } from '../support.ts';

type IsComplete<O extends { readonly kind: string }> =
  typeof OBSERVATIONS extends RowTable<O> ? true : false;

describe('the table of observations', () => {
  it('does not compile if a kind has no row', () => {
    const isComplete: IsComplete<Observation> = true;
    const isCompleteWithNewKind: IsComplete<Observation | { readonly kind: 'new' }> = false;
    expect([isComplete, isCompleteWithNewKind]).to.deep.equal([true, false]);
  });

  it('has rows with a line, a count or a change of the state', () => {
    for (const [kind, row] of Object.entries(OBSERVATIONS)) {
      expect(Object.keys(row), kind).to.include.oneOf(['line', 'count', 'state']);
    }
  });
});

describe('the state of the gateway', () => {
  const path = '/api/v1/namespaces/shop/events';
  const names = { sources: ['shop'], triggers: ['hook', 'job'], rules: [] };
  const steps: readonly (readonly [Observation, string, RegExp | null])[] = [
    [
      { kind: 'breaker', trigger: 'hook', from: 'closed', to: 'open', why: '503', retryMs: 1 },
      'sluice_breaker_open{trigger="hook"} 1',
      /^trigger hook: breaker open/,
    ],
    [
      { kind: 'breaker', trigger: 'hook', from: 'open', to: 'closed', why: '', retryMs: 0 },
      'sluice_breaker_open{trigger="hook"} 0',
      null,
    ],
    [
      {
        ...{ kind: 'pause', trigger: 'job', reason: 'throttled', state: 'paused', why: '429' },
        ...{ retryMs: 1, until: 0 },
      },
      'sluice_lane_paused{trigger="job",reason="throttled"} 1',
      /^trigger job: paused/,
    ],
    [
      { kind: 'store-opened', store: 'memory', durable: false, at: '', history: '' },
      'sluice_store_available 1',
      null,
    ],
    [
      { kind: 'store-trouble', state: 'unavailable', why: 'disk full' },
      'sluice_store_available 0',
      /^the store is unavailable: disk full/,
    ],
    [
      { kind: 'reading', source: 'shop', path, state: 'waiting', why: 'away' },
      'sluice_read_position_age_seconds{source="shop"} 0.5',
      /^source shop: waiting .*: away/,
    ],
  ];

  it('is what gauges, health and checks read: each observation changes all of them', async () => {
    const clock = new FakeClock();
    const state = new GatewayState(names, clock);
    const { telemetry } = heard({}, { names, state, clock });
    telemetry.observe({ kind: 'position-age', source: 'shop', ageMs: 500 });
    for (const [observation, sample, said] of steps) {
      telemetry.observe(observation);
      expect((await telemetry.metrics()).text.split('\n')).to.include(sample);
      const { why, notes } = healthOf(state, [], clock);
      if (said !== null) expect([...why, ...notes].some((text) => said.test(text))).to.equal(true);
    }
    const troubled = checksOf(state, []).filter(({ healthy }) => !healthy);
    expect(troubled.map(({ name }) => name)).to.deep.equal([
      ...['cluster', 'store', 'source shop', 'trigger job'],
    ]);
  });

  it('has no trigger or source of an earlier configuration, whose deliveries are stored', async () => {
    const state = new GatewayState(names, new FakeClock());
    const { telemetry } = heard({}, { names, state });
    const delivery = aDelivery({ trigger: 'gone' });
    const outcome = { outcome: 'unknown', reason: 'process-died', detail: '' } as const;
    telemetry.observe({ kind: 'attempt-ended', delivery, outcome, durationMs: 1 });
    telemetry.observe({ kind: 'reading', source: 'gone', path, state: 'waiting', why: '' });
    expect(checksOf(state, []).map(({ name }) => name)).to.not.include.members(['trigger gone']);
    expect((await telemetry.metrics()).text).to.not.match(/sluice_breaker_open\{trigger="gone"/);
    expect([...state.sources.keys()]).to.deep.equal(names.sources);
  });
});
