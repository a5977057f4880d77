// Alerts about deliveries and their receivers.

import { type Alert, grew, series } from './alert.ts';

const settled = (state: string): string =>
  grew('sluice_deliveries_settled_total', `state="${state}"`);

const depth = (state: string): string => series('sluice_queue_depth', `state="${state}"`);

/** Alerts about receivers that do not take deliveries. */
const RECEIVER_ALERTS = [
  {
    name: 'SluiceBreakerOpen',
    severity: 'critical',
    expr: `${series('sluice_breaker_open')} == 1`,
    for: '10m',
    threshold: null,
    summary: 'The receiver of trigger {{ $labels.trigger }} is down.',
    description:
      'Attempts of {{ $labels.namespace }}/{{ $labels.pod }} fail for reasons of the receiver, so the trigger {{ $labels.trigger }} makes only one probe now and then. Its deliveries wait, and do not expire meanwhile.',
  },
  {
    name: 'SluiceTriggerUnauthorized',
    severity: 'critical',
    expr: `${series('sluice_lane_paused', 'reason="unauthorized"')} == 1`,
    for: '5m',
    threshold: null,
    summary: 'The receiver of trigger {{ $labels.trigger }} refuses its credential.',
    description:
      'The credential of the trigger {{ $labels.trigger }} of {{ $labels.namespace }}/{{ $labels.pod }} is missing, wrong or expired. Its deliveries wait until another one is given.',
  },
  {
    name: 'SluiceTriggerThrottled',
    severity: 'warning',
    expr: `${series('sluice_lane_paused', 'reason="throttled"')} == 1`,
    for: '30m',
    threshold: null,
    summary: 'The receiver of trigger {{ $labels.trigger }} throttles it.',
    description:
      'The receiver has asked the trigger {{ $labels.trigger }} of {{ $labels.namespace }}/{{ $labels.pod }} to wait for 30 minutes. Builds start late.',
  },
] as const satisfies readonly Alert[];

/** Alerts about deliveries that ended otherwise than delivered. */
const OUTCOME_ALERTS = [
  {
    name: 'SluiceDeliveriesRefused',
    severity: 'warning',
    expr: settled('refused'),
    for: '',
    threshold: null,
    summary: 'The receiver of trigger {{ $labels.trigger }} refused deliveries.',
    description:
      'The receiver would refuse them again, so {{ $labels.namespace }}/{{ $labels.pod }} does not retry. These builds did not start.',
  },
  {
    name: 'SluiceDeliveriesUnknown',
    severity: 'warning',
    expr: settled('unknown'),
    for: '',
    threshold: null,
    summary: 'It is unknown whether builds of trigger {{ $labels.trigger }} started.',
    description:
      'An answer was lost, and a repetition could start the build twice. So {{ $labels.namespace }}/{{ $labels.pod }} does not repeat it.',
  },
  {
    name: 'SluiceDeliveriesDead',
    severity: 'critical',
    expr: settled('dead'),
    for: '',
    threshold: null,
    summary: 'Deliveries of trigger {{ $labels.trigger }} were given up ({{ $labels.reason }}).',
    description:
      'These builds of {{ $labels.namespace }}/{{ $labels.pod }} did not start: {{ $labels.reason }}. They are kept as dead letters and can be started by hand.',
  },
  {
    name: 'SluiceDeliveriesOrphaned',
    severity: 'warning',
    expr: settled('orphaned'),
    for: '',
    threshold: null,
    summary: 'Deliveries of trigger {{ $labels.trigger }} have no trigger any more.',
    description:
      'Deliveries waited when the trigger {{ $labels.trigger }} was removed from the configuration of {{ $labels.namespace }}/{{ $labels.pod }}, or when another cluster appeared behind its address. These builds did not start.',
  },
  {
    name: 'SluiceDeliveriesDoubted',
    severity: 'warning',
    expr: grew('sluice_deliveries_doubted_total'),
    for: '',
    threshold: null,
    summary: 'Builds of trigger {{ $labels.trigger }} may have started twice.',
    description:
      'An answer was lost, and {{ $labels.namespace }}/{{ $labels.pod }} repeated the delivery as `onLostAnswer` says, without an idempotency key that the receiver knows.',
  },
  {
    name: 'SluiceAttemptsLost',
    severity: 'warning',
    expr: grew('sluice_attempts_lost_total'),
    for: '',
    threshold: null,
    summary: 'The gateway ended before answers of receivers were stored.',
    description:
      'The process of {{ $labels.namespace }}/{{ $labels.pod }} was killed while {{ $value | humanize }} attempts ran. Each is repeated or ends as unknown, as its trigger allows.',
  },
] as const satisfies readonly Alert[];

/** Alerts about deliveries that wait. */
const QUEUE_ALERTS = [
  {
    name: 'SluiceDeliveriesHeld',
    severity: 'warning',
    expr: `${depth('held')} > $threshold`,
    for: '15m',
    threshold: 0,
    summary: 'A limit holds {{ $value }} deliveries of trigger {{ $labels.trigger }}.',
    description:
      'For 15 minutes `limits` has held deliveries of {{ $labels.namespace }}/{{ $labels.pod }}. They become dead letters after `holdFor` (1 hour by default).',
  },
  {
    name: 'SluiceDeliveriesShed',
    severity: 'critical',
    expr: grew('sluice_dispositions_made_total', 'disposition="shed"'),
    for: '',
    threshold: null,
    summary: 'New deliveries of trigger {{ $labels.trigger }} are dropped.',
    description:
      'Too many deliveries of {{ $labels.namespace }}/{{ $labels.pod }} are held, or its store is full with `overflow: shed`. What is dropped is judged again when the Event repeats.',
  },
  {
    name: 'SluiceQueueNeverEmpty',
    severity: 'warning',
    expr: `${depth('waiting')} > $threshold`,
    for: '30m',
    threshold: 0,
    summary: 'Deliveries of trigger {{ $labels.trigger }} have waited for 30 minutes.',
    description:
      'The queue of the trigger {{ $labels.trigger }} of {{ $labels.namespace }}/{{ $labels.pod }} was not empty for 30 minutes. Its receiver is slower than the builds come, or answers with something that is retried.',
  },
  {
    name: 'SluiceQueueGrowing',
    severity: 'critical',
    expr: `${depth('waiting')} > $threshold and deriv(${depth('waiting')}[15m]) > 0`,
    for: '15m',
    threshold: 1000,
    summary: '{{ $value }} deliveries of trigger {{ $labels.trigger }} wait, and more each minute.',
    description:
      'The receiver of the trigger {{ $labels.trigger }} of {{ $labels.namespace }}/{{ $labels.pod }} takes fewer deliveries than the rules accept.',
  },
  {
    name: 'SluiceDeliverySlow',
    severity: 'warning',
    expr: `histogram_quantile(0.95, sum by (namespace, pod, trigger, le) (rate(${series('sluice_event_to_delivered_seconds_bucket')}[15m]))) > $threshold`,
    for: '15m',
    threshold: 900,
    summary: 'Builds of trigger {{ $labels.trigger }} start late.',
    description:
      'One of 20 deliveries of {{ $labels.namespace }}/{{ $labels.pod }} was made later than {{ $value | humanizeDuration }} after its Event.',
  },
] as const satisfies readonly Alert[];

/** Alerts about deliveries. */
export const DELIVERY_ALERTS = [...RECEIVER_ALERTS, ...OUTCOME_ALERTS, ...QUEUE_ALERTS] as const;
