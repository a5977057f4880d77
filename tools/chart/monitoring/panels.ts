// The panels of the Grafana dashboard as a table. `$at` in a query stands for the matchers of the
// dashboard's variables; all other `$…` are Grafana's own.

/** A query of a panel, and the name of its series. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** A panel. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly type: 'stat' | 'timeseries';
  /** A unit of Grafana. */
  readonly unit: string;
  /** The value of a `stat` from which on it is red; null if no value is bad. */
  readonly red?: number | null;
  readonly queries: readonly Query[];
}

/** Panels with one heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** The growth of a counter in each step of a graph, by labels. */
function growth(counter: string, labels: string): string {
  return `sum by (${labels}) (increase(${counter}[$__rate_interval]))`;
}

function quantile(of: number, histogram: string): Query {
  const rates = `sum by (le) (rate(${histogram}_bucket{$at}[$__rate_interval]))`;
  return { expr: `histogram_quantile(${of}, ${rates})`, legend: `${of * 100} %` };
}

const NOT_DELIVERED = 'sluice_deliveries_settled_total{$at,state!~"delivered|discarded"}';

const OVERVIEW: Row = {
  title: 'Overview',
  panels: [
    {
      title: 'Gateways',
      description: 'Gateways that are scraped.',
      type: 'stat',
      unit: 'none',
      queries: [{ expr: 'count(sluice_build_info{$at})', legend: 'gateways' }],
    },
    {
      title: 'Oldest read position',
      description: 'At most about 40 s while reading works.',
      type: 'stat',
      unit: 's',
      red: 300,
      queries: [{ expr: 'max(sluice_read_position_age_seconds{$at})', legend: 'age' }],
    },
    {
      title: 'Not delivered',
      description: 'Refused, unknown, dead and orphaned deliveries in the time range.',
      type: 'stat',
      unit: 'short',
      red: 1,
      queries: [{ expr: `sum(increase(${NOT_DELIVERED}[$__range]))`, legend: 'deliveries' }],
    },
    {
      title: 'Held',
      description: 'Deliveries that a limit holds now.',
      type: 'stat',
      unit: 'short',
      red: 1,
      queries: [{ expr: 'sum(sluice_queue_depth{$at,state="held"})', legend: 'held' }],
    },
    {
      title: 'Breakers open',
      description: 'Triggers whose receiver is down.',
      type: 'stat',
      unit: 'none',
      red: 1,
      queries: [{ expr: 'sum(sluice_breaker_open{$at})', legend: 'breakers' }],
    },
    {
      title: 'Possible losses',
      description: 'Gaps in the time range in which Events may have been missed.',
      type: 'stat',
      unit: 'short',
      red: 1,
      queries: [
        {
          expr: 'sum(increase(sluice_gaps_found_total{$at,loss="possible-loss"}[$__range]))',
          legend: 'gaps',
        },
      ],
    },
  ],
};

const READING: Row = {
  title: 'Reading',
  panels: [
    {
      title: 'Read position age',
      description: 'Time since every watch path of a source was last proved current.',
      type: 'timeseries',
      unit: 's',
      queries: [
        {
          expr: 'max by (namespace, pod, source) (sluice_read_position_age_seconds{$at})',
          legend: '{{pod}} {{source}}',
        },
      ],
    },
    {
      title: 'Events read',
      description: 'By source, and by origin: a watch or a list.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: growth('sluice_events_read_total{$at}', 'source, from'),
          legend: '{{source}} ({{from}})',
        },
      ],
    },
    {
      title: 'Watches that ended',
      description: 'The reasons closed and idle are usual.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: growth('sluice_watch_restarts_total{$at}', 'source, reason'),
          legend: '{{source}} {{reason}}',
        },
      ],
    },
    {
      title: 'Gaps',
      description: 'Spans that could not be read, by source and possible loss.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: growth('sluice_gaps_found_total{$at}', 'source, loss'),
          legend: '{{source}} {{loss}}',
        },
      ],
    },
  ],
};

const DECIDING: Row = {
  title: 'Decisions',
  panels: [
    {
      title: 'Decisions',
      description: 'By action.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        { expr: growth('sluice_decisions_made_total{$at}', 'action'), legend: '{{action}}' },
      ],
    },
    {
      title: 'Accepted, by rule',
      description: 'Decisions of rules that accept.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: growth('sluice_decisions_made_total{$at,action="accept"}', 'rule'),
          legend: '{{rule}}',
        },
      ],
    },
    {
      title: 'Accepted, by disposition',
      description: 'A repeat has been started before; a limit holds what is held.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: growth('sluice_dispositions_made_total{$at}', 'trigger, disposition'),
          legend: '{{trigger}} {{disposition}}',
        },
      ],
    },
  ],
};

const DELIVERING: Row = {
  title: 'Deliveries',
  panels: [
    {
      title: 'Deliveries by outcome',
      description: 'Deliveries that ended, by state, and the reason of dead ones.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: growth('sluice_deliveries_settled_total{$at}', 'state, reason'),
          legend: '{{state}} {{reason}}',
        },
      ],
    },
    {
      title: 'Time from Event to delivered',
      description: 'Includes all waiting: for a limit, a retry, a receiver that is down.',
      type: 'timeseries',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((of) => quantile(of, 'sluice_event_to_delivered_seconds')),
    },
    {
      title: 'Attempts by outcome',
      description: 'An attempt that is retried is no failure yet.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: growth('sluice_attempt_duration_seconds_count{$at}', 'trigger, outcome'),
          legend: '{{trigger}} {{outcome}}',
        },
      ],
    },
    {
      title: 'Duration of attempts',
      description: 'One call to the API server, one request, one command.',
      type: 'timeseries',
      unit: 's',
      queries: [0.5, 0.95].map((of) => quantile(of, 'sluice_attempt_duration_seconds')),
    },
    {
      title: 'Queue',
      description: 'Deliveries that are not settled, without those that are held.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (trigger, state) (sluice_queue_depth{$at,state!="held"})',
          legend: '{{trigger}} {{state}}',
        },
      ],
    },
    {
      title: 'Held deliveries',
      description: 'They start by themselves when the limit allows it, or expire after holdFor.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (trigger) (sluice_queue_depth{$at,state="held"})',
          legend: '{{trigger}}',
        },
      ],
    },
    {
      title: 'Breakers and pauses',
      description: '1 while a trigger makes no attempts, except for a probe.',
      type: 'timeseries',
      unit: 'none',
      queries: [
        { expr: 'max by (trigger) (sluice_breaker_open{$at})', legend: '{{trigger}} breaker' },
        {
          expr: 'max by (trigger, reason) (sluice_lane_paused{$at})',
          legend: '{{trigger}} {{reason}}',
        },
      ],
    },
    {
      title: 'Lost answers',
      description: 'Builds that may have started twice, and attempts that a killed process began.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: growth('sluice_deliveries_doubted_total{$at}', 'trigger'),
          legend: '{{trigger}} possibly twice',
        },
        { expr: growth('sluice_attempts_lost_total{$at}', 'pod'), legend: '{{pod}} lost attempts' },
      ],
    },
  ],
};

const PROCESS: Row = {
  title: 'Store and process',
  panels: [
    {
      title: 'Store',
      description: 'At the limit new deliveries wait or are shed.',
      type: 'timeseries',
      unit: 'bytes',
      queries: [
        { expr: 'sum by (pod) (sluice_store_used_bytes{$at})', legend: '{{pod}} used' },
        { expr: 'sum by (pod) (sluice_store_limit_bytes{$at})', legend: '{{pod}} limit' },
      ],
    },
    {
      title: 'Commits',
      description: 'Transactions that keep positions and new deliveries.',
      type: 'timeseries',
      unit: 'short',
      queries: [{ expr: growth('sluice_store_commits_total{$at}', 'pod'), legend: '{{pod}}' }],
    },
    {
      title: 'Memory',
      description: 'Resident memory, and the part of the heap that is in use.',
      type: 'timeseries',
      unit: 'bytes',
      queries: [
        {
          expr: 'sum by (pod) (process_resident_memory_bytes{$at} and on (cluster, job, instance) sluice_build_info{$at})',
          legend: '{{pod}} resident',
        },
        {
          expr: 'sum by (pod) (nodejs_heap_size_used_bytes{$at} and on (cluster, job, instance) sluice_build_info{$at})',
          legend: '{{pod}} heap',
        },
      ],
    },
    {
      title: 'CPU',
      description: 'Cores in use.',
      type: 'timeseries',
      unit: 'none',
      queries: [
        {
          expr: 'sum by (pod) (rate(process_cpu_seconds_total{$at}[$__rate_interval]) and on (cluster, job, instance) sluice_build_info{$at})',
          legend: '{{pod}}',
        },
      ],
    },
    {
      title: 'Event loop lag',
      description: '99th percentile. It is sampled every 50 ms, which is the lowest value.',
      type: 'timeseries',
      unit: 's',
      queries: [
        {
          expr: 'max by (pod) (nodejs_eventloop_lag_p99_seconds{$at} and on (cluster, job, instance) sluice_build_info{$at})',
          legend: '{{pod}}',
        },
      ],
    },
    {
      title: 'Open files',
      description: 'Files and connections of the process.',
      type: 'timeseries',
      unit: 'short',
      queries: [
        {
          expr: 'sum by (pod) (process_open_fds{$at} and on (cluster, job, instance) sluice_build_info{$at})',
          legend: '{{pod}}',
        },
      ],
    },
  ],
};

/** The rows of the dashboard, from top to bottom. */
export const DASHBOARD_ROWS: readonly Row[] = [OVERVIEW, READING, DECIDING, DELIVERING, PROCESS];
