// For each alert series under which it fires and series under which it does not. The chart's rules are
// tested with them by promtool, with one sample a minute.

import type { AlertName } from '../../../tools/chart/monitoring/alerts.ts';

/** A series of the gateway, without the labels of its target. */
export interface TestSeries {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In the notation of promtool: `1+0x15` is 1, sixteen times. */
  readonly values: string;
}

/** A situation in which the alert fires. */
export interface Firing {
  readonly series: readonly TestSeries[];
  /** The value as summary and description show it; absent: they do not. */
  readonly shown?: string;
}

/** The test of an alert. */
export interface AlertCase {
  /** When it is evaluated, in minutes. */
  readonly atMinutes: number;
  /** Labels of the alert besides its severity and the labels of the target. */
  readonly labels: Readonly<Record<string, string>>;
  readonly firing: readonly Firing[];
  readonly quiet: readonly (readonly TestSeries[])[];
}

type Labels = Readonly<Record<string, string>>;

function one(metric: string, values: string, labels: Labels = {}): TestSeries {
  return { metric, labels, values };
}

/** A gauge that fires with one course of values and not with the others. */
function gauge(
  { metric, labels = {}, atMinutes }: { metric: string; labels?: Labels; atMinutes: number },
  { fires, shown, quiet }: { fires: string; shown?: string; quiet: readonly string[] },
): AlertCase {
  return {
    atMinutes,
    labels,
    firing: [{ series: [one(metric, fires, labels)], ...(shown !== undefined && { shown }) }],
    quiet: quiet.map((values) => [one(metric, values, labels)]),
  };
}

/** A counter of which any growth fires, also before the first scrape, and only for a while. */
function counter(metric: string, labels: Labels = {}, shown: readonly string[] = []): AlertCase {
  const of = (values: string): TestSeries => one(metric, values, labels);
  const courses = ['0+0x60 1+0x30', '_x60 1+0x30', '5+0x60 0 1+0x30', '_x59 0 2+0x30'];
  return {
    atMinutes: 65,
    labels,
    firing: courses.map((values, index) => {
      const value = shown[index];
      return { series: [of(values)], ...(value !== undefined && { shown: value }) };
    }),
    quiet: [
      [of('0+0x90')],
      [of('3+0x90')],
      [of('_x60 0+0x30')],
      // Prometheus did not reach it for five minutes.
      [of('3+0x45 _x5 3+0x40')],
    ],
  };
}

// Prometheus drops a label without a value, such as the reason of a delivery that is not dead.
const settled = (state: string, more: Labels = {}): AlertCase =>
  counter('sluice_deliveries_settled_total', { trigger: 'hook', state, ...more });

const BUCKETS = 'sluice_event_to_delivered_seconds_bucket';

function delays(atMost: Readonly<Record<string, string>>): readonly TestSeries[] {
  return Object.entries(atMost).map(([le, values]) =>
    one(BUCKETS, values, { trigger: 'hook', le }),
  );
}

const GATEWAY_CASES = {
  SluiceAbsent: {
    atMinutes: 20,
    labels: {},
    firing: [
      { series: [] },
      { series: [one('sluice_build_info', '1+0x5 stale', { version: '1.0.0' })] },
    ],
    quiet: [
      [one('sluice_build_info', '1+0x30', { version: '1.0.0' })],
      [one('sluice_build_info', '1+0x14 stale _x3 1+0x10', { version: '1.0.0' })],
      [one('sluice_build_info', '1+0x16 stale', { version: '1.0.0' })],
    ],
  },
  SluiceRestarting: gauge(
    { metric: 'process_start_time_seconds', atMinutes: 20 },
    {
      fires: '100+0x10 700 760 820+0x20',
      shown: '3',
      quiet: ['100+0x20', '100+0x10 700 760+0x20'],
    },
  ),
  SluiceConfigurationKept: gauge(
    { metric: 'sluice_configuration_kept', atMinutes: 10 },
    { fires: '0 0 1+0x20', quiet: ['0+0x20', '1+0x6 0 0 1+0x20'] },
  ),
  SluiceStoreUnavailable: gauge(
    { metric: 'sluice_store_available', atMinutes: 5 },
    { fires: '1 1 0+0x20', quiet: ['1+0x20', '0 0 1 1 0+0x20'] },
  ),
  SluiceStoreNearlyFull: {
    atMinutes: 30,
    labels: {},
    firing: [
      {
        series: [
          one('sluice_store_used_bytes', '900+0x40'),
          one('sluice_store_limit_bytes', '1000+0x40'),
        ],
        shown: '90%',
      },
    ],
    quiet: [
      [one('sluice_store_used_bytes', '800+0x40'), one('sluice_store_limit_bytes', '1000+0x40')],
      [
        one('sluice_store_used_bytes', '100+0x20 900+0x20'),
        one('sluice_store_limit_bytes', '1000+0x40'),
      ],
      // Without a limit.
      [one('sluice_store_used_bytes', '900+0x40'), one('sluice_store_limit_bytes', '0+0x40')],
    ],
  },
  SluiceEventLoopBlocked: gauge(
    { metric: 'nodejs_eventloop_lag_p99_seconds', atMinutes: 20 },
    { fires: '2+0x30', shown: '2s', quiet: ['1+0x30', '2+0x12 0.1 2+0x30'] },
  ),
  SluiceClockJumped: counter('sluice_clock_jumps_total'),
  SluiceBugFound: counter('sluice_bugs_found_total'),
} satisfies Partial<Record<AlertName, AlertCase>>;

const READING_CASES = {
  SluiceReadPositionOld: gauge(
    { metric: 'sluice_read_position_age_seconds', labels: { source: 'shop' }, atMinutes: 10 },
    { fires: '0+60x20', shown: '10m 0s', quiet: ['40+0x20', '290+0x20', '40+0x8 400+0x5'] },
  ),
  SluiceEventsLost: counter('sluice_gaps_found_total', { source: 'shop', loss: 'possible-loss' }),
  SluiceWatchRestarts: {
    atMinutes: 60,
    labels: { source: 'shop' },
    firing: [
      {
        series: [
          one('sluice_watch_restarts_total', '0+2x70', { source: 'shop', reason: 'cut' }),
          one('sluice_watch_restarts_total', '0+2x70', { source: 'shop', reason: 'silent' }),
        ],
        shown: '60',
      },
    ],
    quiet: [
      [one('sluice_watch_restarts_total', '0+2x70', { source: 'shop', reason: 'cut' })],
      [one('sluice_watch_restarts_total', '0+0x50 90+0x30', { source: 'shop', reason: 'cut' })],
      [one('sluice_watch_restarts_total', '0+9x70', { source: 'shop', reason: 'closed' })],
      [one('sluice_watch_restarts_total', '0+9x70', { source: 'shop', reason: 'idle' })],
    ],
  },
  SluiceListsFailing: {
    atMinutes: 60,
    labels: { source: 'shop', reason: 'forbidden' },
    firing: [
      {
        series: [
          one('sluice_lists_failed_total', '0+0.5x70', { source: 'shop', reason: 'forbidden' }),
        ],
        shown: '7.5',
      },
    ],
    quiet: [
      [one('sluice_lists_failed_total', '0+0.3x70', { source: 'shop', reason: 'forbidden' })],
      [one('sluice_lists_failed_total', '0+0x50 9+0x30', { source: 'shop', reason: 'forbidden' })],
    ],
  },
  SluiceFramesSkipped: counter('sluice_frames_skipped_total', { source: 'shop' }),
} satisfies Partial<Record<AlertName, AlertCase>>;

const HOOK = { trigger: 'hook' };

const DELIVERY_CASES = {
  SluiceBreakerOpen: gauge(
    { metric: 'sluice_breaker_open', labels: HOOK, atMinutes: 20 },
    { fires: '0+0x5 1+0x20', quiet: ['0+0x30', '1+0x12 0 1+0x20'] },
  ),
  SluiceTriggerUnauthorized: gauge(
    {
      metric: 'sluice_lane_paused',
      labels: { ...HOOK, reason: 'unauthorized' },
      atMinutes: 10,
    },
    { fires: '0 1+0x20', quiet: ['0+0x20', '1+0x6 0 1+0x20'] },
  ),
  SluiceTriggerThrottled: gauge(
    { metric: 'sluice_lane_paused', labels: { ...HOOK, reason: 'throttled' }, atMinutes: 45 },
    { fires: '0 1+0x50', quiet: ['0+0x50', '1+0x20 0 1+0x50'] },
  ),
  SluiceDeliveriesRefused: settled('refused'),
  SluiceDeliveriesUnknown: settled('unknown'),
  SluiceDeliveriesDead: settled('dead', { reason: 'expired' }),
  SluiceDeliveriesOrphaned: settled('orphaned'),
  SluiceDeliveriesDoubted: counter('sluice_deliveries_doubted_total', HOOK),
  SluiceAttemptsLost: counter('sluice_attempts_lost_total', {}, ['1', '1', '1', '2']),
  SluiceDeliveriesHeld: gauge(
    { metric: 'sluice_queue_depth', labels: { ...HOOK, state: 'held' }, atMinutes: 30 },
    { fires: '0+0x5 7+0x10 4+0x30', shown: '4', quiet: ['0+0x40', '7+0x20 0 7+0x40'] },
  ),
  SluiceDeliveriesShed: counter('sluice_dispositions_made_total', {
    ...HOOK,
    disposition: 'shed',
  }),
  SluiceQueueNeverEmpty: gauge(
    { metric: 'sluice_queue_depth', labels: { ...HOOK, state: 'waiting' }, atMinutes: 50 },
    { fires: '2+0x60', quiet: ['0+0x60', '2+0x30 0 2+0x40'] },
  ),
  SluiceQueueGrowing: gauge(
    { metric: 'sluice_queue_depth', labels: { ...HOOK, state: 'waiting' }, atMinutes: 40 },
    {
      fires: '1000+10x60',
      shown: '1400',
      quiet: ['500+10x60', '5000-10x60', '2000+0x60', '500+0x25 1500+10x40'],
    },
  ),
  SluiceDeliverySlow: {
    atMinutes: 60,
    labels: HOOK,
    firing: [
      {
        series: delays({ '600': '0+0x70', '1800': '0+10x70', '+Inf': '0+10x70' }),
        shown: '29m 0s',
      },
    ],
    quiet: [
      delays({ '600': '0+96x70', '1800': '0+100x70', '+Inf': '0+100x70' }),
      delays({ '600': '0+0x70', '1800': '0+0x50 0+10x20', '+Inf': '0+0x50 0+10x20' }),
      // Nothing is delivered.
      delays({ '600': '5+0x70', '1800': '9+0x70', '+Inf': '9+0x70' }),
    ],
  },
} satisfies Partial<Record<AlertName, AlertCase>>;

/** The test of each alert. */
export const ALERT_CASES: Readonly<Record<AlertName, AlertCase>> = {
  ...GATEWAY_CASES,
  ...READING_CASES,
  ...DELIVERY_CASES,
};
