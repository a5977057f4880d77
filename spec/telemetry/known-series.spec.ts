// Series that exist before anything happens, and the metrics of the process beside them.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { METRICS } from '../../lib/telemetry/metric-table.ts';
import { until } from '../support/until.ts';
import { heard } from './support.ts';

const names = {
  sources: ['shop', 'pay'],
  triggers: ['build', 'hook', 'chat'],
  rules: [
    { rule: { index: 0, name: 'noise', identity: 'noise' }, action: 'reject' },
    { rule: { index: 1, name: null, identity: '' }, action: 'accept' },
  ],
} as const;

/** Samples of a scrape: series with their values. */
async function samples(given: Parameters<typeof heard>[1]): Promise<ReadonlyMap<string, number>> {
  const { text } = await heard({}, given).telemetry.metrics();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line): [string, number] => {
      const [, series = '', value = ''] = /^(\S+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      return [series, Number(value)];
    }),
  );
}

function ofSluice(found: ReadonlyMap<string, number>): readonly string[] {
  return [...found.keys()].filter((series) => series.startsWith('sluice_'));
}

/** Numbers of series in docs/operations.md: of a source, a trigger, a rule, and the gateway. */
function documented(): Readonly<Record<'source' | 'trigger' | 'rule' | 'gateway', number>> {
  const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const counts =
    /A source has (\d+) series, a trigger (\d+) \(.*?\), a rule (\d+), and the gateway (\d+)\./;
  const [, ...found] = counts.exec(text) ?? [];
  const [source = 0, trigger = 0, rule = 0, gateway = 0] = found.map(Number);
  return { source, trigger, rule, gateway };
}

describe('known series', () => {
  it('exist at zero for every name and word before the first observation', async () => {
    const found = await samples({ names });
    for (const series of [
      'sluice_configuration_kept',
      'sluice_events_read_total{source="pay",from="list"}',
      'sluice_decisions_made_total{action="reject",rule="noise"}',
      'sluice_decisions_made_total{action="accept",rule="#1"}',
      'sluice_decisions_made_total{action="reject",rule="default"}',
      'sluice_dispositions_made_total{disposition="shed",trigger="hook"}',
      'sluice_deliveries_settled_total{trigger="chat",state="delivered",reason=""}',
      'sluice_deliveries_settled_total{trigger="chat",state="dead",reason="expired-held"}',
      'sluice_deliveries_doubted_total{trigger="build"}',
      'sluice_breaker_open{trigger="build"}',
      'sluice_lane_paused{trigger="build",reason="unauthorized"}',
      'sluice_attempt_duration_seconds_count{trigger="build",outcome="unknown"}',
      'sluice_event_to_delivered_seconds_count{trigger="hook"}',
      'sluice_event_to_delivered_seconds_bucket{le="86400",trigger="hook"}',
      'sluice_watch_restarts_total{source="shop",reason="forbidden"}',
      'sluice_lists_failed_total{source="shop",reason="server-error"}',
      'sluice_gaps_found_total{source="shop",loss="possible-loss"}',
      'sluice_bugs_found_total',
    ]) {
      expect(found.get(series), series).to.equal(0);
    }
    expect(ofSluice(found).filter((series) => found.get(series) !== 0)).to.deep.equal([]);
  });

  it('are as many as docs/operations.md says, less those that are measured', async () => {
    const found = ofSluice(await samples({ names }));
    // The age of a source, the four queue depths of a trigger, and the version.
    const measured = { source: 1, trigger: 4, gateway: 1 };
    const { source, trigger, rule, gateway } = documented();
    const expected =
      names.sources.length * (source - measured.source) +
      names.triggers.length * (trigger - measured.trigger) +
      names.rules.length * rule +
      (gateway - measured.gateway);
    expect(found).to.have.length(expected);
  });

  it('have each metric of the table, or it is measured at a scrape or set at the start', async () => {
    const found = ofSluice(await samples({ names }));
    const missing = Object.keys(METRICS).filter(
      (name) => !found.some((series) => series.startsWith(name)),
    );
    expect(missing).to.have.members([
      'sluice_build_info',
      'sluice_queue_depth',
      'sluice_read_position_age_seconds',
    ]);
  });

  it('need names: a program without a configuration has none', async () => {
    expect(ofSluice(await samples({})).filter((series) => series.includes('{'))).to.deep.equal([]);
  });
});

describe('metrics of the process', () => {
  it('are part of a scrape', async () => {
    const found = await samples({ names });
    for (const series of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'process_open_fds',
      'nodejs_heap_size_used_bytes',
    ]) {
      expect(found.get(series), series).to.be.above(0);
    }
    expect([...found.keys()].some((series) => series.startsWith('nodejs_version_info{'))).to.equal(
      true,
    );
  });

  it('are collected once a process: the CPU time goes on from one gateway to the next', async () => {
    // A collector of its own would begin at zero for each gateway, and one scrape takes far less.
    const seconds = async (): Promise<number> =>
      (await samples({ names })).get('process_cpu_seconds_total') ?? 0;
    const first = await seconds();
    await until(async () => (await seconds()) > first + 0.1, 'the CPU time of many gateways');
  });
});
