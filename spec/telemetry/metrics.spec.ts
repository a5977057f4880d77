// Metrics in a scrape: names, types and labels of the table, and their change by each observation.

import { expect } from 'chai';
import type { Observation } from '../../lib/core/observation.ts';
import { METRICS } from '../../lib/telemetry/metric-table.ts';
import {
  aDecision,
  aDelivery,
  anAcceptance,
  anEvent,
  anOccurrence,
  aRejection,
  disposedAs,
} from '../support/builders.ts';
import { heard } from './support.ts';

const where = { source: 'shop', path: '/p' };
const delivery = aDelivery();
const position = { resourceVersion: '1', at: 0 };
const moved = { kind: 'delivery-moved', delivery, from: 'running', why: '' } as const;

async function scraped(observations: readonly Observation[]): Promise<string> {
  const { telemetry } = heard({ level: 'error' });
  for (const observation of observations) telemetry.observe(observation);
  return (await telemetry.metrics()).text;
}

const paused = { kind: 'pause', trigger: 'build', why: '429', retryMs: 1, until: 0 } as const;
const pause = { ...paused, reason: 'throttled' } as const;

const table: readonly [Observation, readonly string[]][] = [
  [
    { kind: 'events-read', ...where, from: 'watch', count: 7 },
    ['sluice_events_read_total{source="shop",from="watch"} 7'],
  ],
  [
    anAcceptance({ disposed: [disposedAs('queued'), { ...disposedAs('held'), trigger: 'hook' }] }),
    [
      'sluice_decisions_made_total{action="accept",rule="crash-loop"} 1',
      'sluice_dispositions_made_total{disposition="queued",trigger="build"} 1',
      'sluice_dispositions_made_total{disposition="held",trigger="hook"} 1',
    ],
  ],
  [aRejection(), ['sluice_decisions_made_total{action="reject",rule="default"} 1']],
  [
    aRejection({
      decision: aDecision({ action: 'reject', rule: { index: 2, name: null, identity: '' } }),
    }),
    ['sluice_decisions_made_total{action="reject",rule="#2"} 1'],
  ],
  [
    { kind: 'watch-ended', ...where, reason: 'expired', detail: '', lastedMs: 1, retryMs: 0 },
    ['sluice_watch_restarts_total{source="shop",reason="expired"} 1'],
  ],
  [
    { kind: 'list-ended', ...where, purpose: 'relist', items: 1, pages: 1, durationMs: 1 },
    ['sluice_lists_made_total{source="shop",purpose="relist"} 1'],
  ],
  [
    { kind: 'list-failed', ...where, reason: 'throttled', detail: '', retryMs: 1 },
    ['sluice_lists_failed_total{source="shop",reason="throttled"} 1'],
  ],
  [
    { kind: 'gap', gap: { ...where, loss: 'coalesced', why: '', from: null, to: position } },
    ['sluice_gaps_found_total{source="shop",loss="coalesced"} 1'],
  ],
  [
    { kind: 'frame-skipped', ...where, bytes: 9, why: '' },
    ['sluice_frames_skipped_total{source="shop"} 1'],
  ],
  [
    { kind: 'attempt-ended', delivery, outcome: { outcome: 'delivered' }, durationMs: 20 },
    [
      'sluice_attempt_duration_seconds_sum{trigger="build",outcome="delivered"} 0.02',
      'sluice_attempt_duration_seconds_count{trigger="build",outcome="delivered"} 1',
      'sluice_attempt_duration_seconds_bucket{le="0.025",trigger="build",outcome="delivered"} 1',
      'sluice_attempt_duration_seconds_bucket{le="0.01",trigger="build",outcome="delivered"} 0',
    ],
  ],
  [
    { ...moved, to: 'delivered', dead: null },
    ['sluice_deliveries_settled_total{trigger="build",state="delivered",reason=""} 1'],
  ],
  [
    { ...moved, to: 'dead', dead: 'poison' },
    ['sluice_deliveries_settled_total{trigger="build",state="dead",reason="poison"} 1'],
  ],
  [{ ...pause, state: 'paused' }, ['sluice_lane_paused{trigger="build",reason="throttled"} 1']],
  [{ ...pause, state: 'trying' }, ['sluice_lane_paused{trigger="build",reason="throttled"} 1']],
  [{ ...pause, state: 'over' }, ['sluice_lane_paused{trigger="build",reason="throttled"} 0']],
  [
    { kind: 'queue-depth', trigger: 'build', state: 'held', count: 4 },
    ['sluice_queue_depth{trigger="build",state="held"} 4'],
  ],
  [
    { kind: 'position-age', source: 'shop', ageMs: 2_500 },
    ['sluice_read_position_age_seconds{source="shop"} 2.5'],
  ],
  [{ kind: 'bug', where: 'x', error: new Error('y') }, ['sluice_bugs_found_total 1']],
  [
    { kind: 'started', version: '0.1.0', configuration: 'c', form: 'ours' },
    ['sluice_build_info{version="0.1.0"} 1'],
  ],
];

describe('the metrics', () => {
  for (const [observation, samples] of table) {
    it(`count ${observation.kind}: ${samples[0] ?? ''}`, async () => {
      expect((await scraped([observation])).split('\n')).to.include.members([...samples]);
    });
  }

  const noon = '2026-01-31T12:00:00.000000Z';
  const at = (happenedAt: string): typeof delivery =>
    aDelivery({ occurrences: [{ ...delivery.occurrences[0], happenedAt }] });
  for (const [what, given, ms, expected] of [
    ['the time from the last occurrence', at('2026-01-31T11:59:00.000000Z'), 1_500, [1, 61.5]],
    ['no negative time of a reporter ahead', at('2026-01-31T12:05:00.000000Z'), 0, [1, 0]],
    ['nothing for an Event without a time', at(''), 0, [0, 0]],
    ['nothing for a rerun', { ...at(noon), bucket: `${delivery.bucket}/rerun-1` }, 5_000, [0, 0]],
    ['nothing after a manual retry', { ...at(noon), retriedAt: 1 }, 5_000, [0, 0]],
  ] as const) {
    it(`measure from Event to delivered: ${what}`, async () => {
      const names = { sources: [], triggers: ['build'], rules: [] };
      const { telemetry, clock } = heard({}, { names });
      await clock.advance(ms);
      telemetry.observe({ ...moved, delivery: given, to: 'delivered', dead: null });
      const { text } = await telemetry.metrics();
      const [count, sum] = expected;
      expect(text.split('\n')).to.include.members([
        `sluice_event_to_delivered_seconds_count{trigger="build"} ${count}`,
        `sluice_event_to_delivered_seconds_sum{trigger="build"} ${sum}`,
      ]);
    });
  }

  it('do not count a delivery that waits for a retry as settled', async () => {
    const text = await scraped([{ ...moved, to: 'waiting', dead: null }]);
    expect(text).not.to.match(/^sluice_deliveries_settled_total\{/m);
  });

  it('are exactly those of the table, with their type and help', async () => {
    const text = await scraped([]);
    const described = text.split('\n').filter((line) => line.startsWith('# '));
    expect(described).to.have.members(
      Object.entries(METRICS).flatMap(([name, { help, type }]) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
      ]),
    );
  });

  it('are named sluice_<noun>_<verb>_total or sluice_<noun>', () => {
    for (const [name, { type }] of Object.entries(METRICS)) {
      expect(name).to.match(/^sluice_[a-z]+(_[a-z]+)*$/);
      if (type === 'counter') expect(name).to.match(/^sluice_[a-z]+_[a-z]+_total$/);
      if (type === 'histogram') expect(name).to.match(/_(seconds|bytes)$/);
    }
  });

  it('carry no label value from an Event', async () => {
    const secret = 'do-not-show';
    const event = anEvent({
      metadata: { name: secret, namespace: secret },
      involvedObject: { kind: secret, name: secret, namespace: secret },
      reason: secret,
      type: secret,
      message: secret,
    });
    const occurrence = anOccurrence({ event });
    expect(
      await scraped([anAcceptance({ occurrence }), aRejection({ occurrence })]),
    ).not.to.contain(secret);
  });

  it('are in the format that Prometheus reads', async () => {
    const { telemetry } = heard();
    for (const [observation] of table) telemetry.observe(observation);
    const { contentType, text } = await telemetry.metrics();
    expect(contentType).to.equal('text/plain; version=0.0.4; charset=utf-8');
    for (const line of text.trimEnd().split('\n')) {
      expect(line).to.match(
        /^(?:# (?:HELP|TYPE) .*|[a-z_]+(?:\{(?:[a-z]+="[^"]*",?)*\})? \d+(?:\.\d+)?|)$/,
      );
    }
  });
});
