// Alerts about reading Events from the API server.

import { type Alert, grew, series } from './alert.ts';

/** Alerts about reading. */
export const READING_ALERTS = [
  {
    name: 'SluiceReadPositionOld',
    severity: 'critical',
    expr: `${series('sluice_read_position_age_seconds')} > $threshold`,
    for: '2m',
    threshold: 300,
    summary: 'Source {{ $labels.source }} has read nothing for {{ $value | humanizeDuration }}.',
    description:
      'Nothing proves that {{ $labels.namespace }}/{{ $labels.pod }} reads all Events of the source {{ $labels.source }}: the API server is away or refuses a path, or a full store stops the reading. Events that the cluster deletes before they are read are lost (after 1 hour by default).',
  },
  {
    name: 'SluiceEventsLost',
    severity: 'critical',
    expr: grew('sluice_gaps_found_total', 'loss="possible-loss"'),
    for: '',
    threshold: null,
    summary: 'Source {{ $labels.source }} may have missed Events.',
    description:
      'The gateway {{ $labels.namespace }}/{{ $labels.pod }} found a span of the source {{ $labels.source }} that it could not read, and Events may have been deleted meanwhile. A start with an empty memory store counts one for each path.',
  },
  {
    name: 'SluiceWatchRestarts',
    severity: 'warning',
    expr: `sum by (namespace, pod, source) (increase(${series('sluice_watch_restarts_total', 'reason!~"closed|idle"')}[15m])) > $threshold`,
    for: '15m',
    threshold: 30,
    summary: 'Watches of source {{ $labels.source }} are cut again and again.',
    description:
      'Watches of {{ $labels.namespace }}/{{ $labels.pod }} ended {{ $value | humanize }} times in 15 minutes for another reason than their usual end. Nothing is lost as long as the read position stays young, but the API server or a proxy before it has a problem.',
  },
  {
    name: 'SluiceListsFailing',
    severity: 'warning',
    expr: `sum by (namespace, pod, source, reason) (increase(${series('sluice_lists_failed_total')}[15m])) > $threshold`,
    for: '15m',
    threshold: 5,
    summary: 'Lists of source {{ $labels.source }} fail ({{ $labels.reason }}).',
    description:
      'The gateway {{ $labels.namespace }}/{{ $labels.pod }} could not list the Events of the source {{ $labels.source }} {{ $value | humanize }} times in 15 minutes.',
  },
  {
    name: 'SluiceFramesSkipped',
    severity: 'warning',
    expr: grew('sluice_frames_skipped_total'),
    for: '',
    threshold: null,
    summary: 'Source {{ $labels.source }} skipped Events that it cannot read.',
    description:
      'An Event of the source {{ $labels.source }} was too large or no valid JSON, so {{ $labels.namespace }}/{{ $labels.pod }} did not judge it.',
  },
] as const satisfies readonly Alert[];
