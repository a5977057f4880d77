// Renders the table of panels as a Grafana dashboard (JSON model of schema version 39, Grafana 10.4 and later).
// Source: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/

import type { Json, JsonObject } from '../../../lib/core/json-object.ts';
import { DASHBOARD_ROWS, type Panel, type Row } from './panels.ts';

const MATCHERS = 'cluster=~"$cluster",namespace=~"$namespace",pod=~"$pod"';
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

// The grid of Grafana has 24 columns.
const COLUMNS = 24;
const STAT = { w: 4, h: 4 } as const;
const GRAPH = { w: 8, h: 8 } as const;

/** Renders charts/sluice/files/dashboard.json. */
export function dashboardJson(): string {
  return `${JSON.stringify(dashboard(), null, 2)}\n`;
}

function dashboard(): JsonObject {
  return {
    uid: 'sluice',
    title: 'Sluice',
    description: 'The gateways of Sluice: reading, decisions, deliveries, store and process.',
    tags: ['sluice'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [],
    templating: {
      list: [
        datasourceVariable(),
        ...['cluster', 'namespace', 'pod'].map((label, at, labels) =>
          labelVariable(label, labels.slice(0, at)),
        ),
      ],
    },
    panels: layout(DASHBOARD_ROWS),
  };
}

function datasourceVariable(): JsonObject {
  return {
    name: 'datasource',
    label: 'Data source',
    type: 'datasource',
    query: 'prometheus',
    current: {},
    hide: 0,
    refresh: 1,
  };
}

/** A variable of the values of a label, among the series that the variables before it choose. */
function labelVariable(label: string, before: readonly string[]): JsonObject {
  const matchers = before.map((one) => `${one}=~"$${one}"`).join(',');
  const query = `label_values(sluice_build_info{${matchers}}, ${label})`;
  return {
    name: label,
    label: `${label.charAt(0).toUpperCase()}${label.slice(1)}`,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: label },
    includeAll: true,
    multi: true,
    // Also for series without the label: most Prometheus servers have no label `cluster`.
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    refresh: 2,
    sort: 1,
    hide: 0,
  };
}

/** Places the panels of each row from left to right, below its heading. */
function layout(rows: readonly Row[]): readonly Json[] {
  const placed: Json[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    const heading = { type: 'row', title, collapsed: false, panels: [] };
    placed.push({ id: placed.length + 1, ...heading, gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      const size = panel.type === 'stat' ? STAT : GRAPH;
      if (x + size.w > COLUMNS) {
        x = 0;
        y += height;
      }
      placed.push({ id: placed.length + 1, ...rendered(panel), gridPos: { x, y, ...size } });
      x += size.w;
      height = size.h;
    }
    y += height;
  }
  return placed;
}

function rendered(panel: Panel): JsonObject {
  const { title, description, type, unit, queries } = panel;
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    fieldConfig: { defaults: { unit, min: 0, ...LOOKS[type](panel) }, overrides: [] },
    options: OPTIONS[type],
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(FIRST_LETTER + index),
      datasource: DATASOURCE,
      editorMode: 'code',
      expr: expr.replaceAll('$at', MATCHERS),
      legendFormat: legend,
      range: type === 'timeseries',
      instant: type === 'stat',
    })),
  };
}

const FIRST_LETTER = 0x41;

const LOOKS: Readonly<Record<Panel['type'], (panel: Panel) => JsonObject>> = {
  stat: ({ red = null }) => ({
    color: { mode: 'thresholds' },
    thresholds: {
      mode: 'absolute',
      steps: [
        { color: 'green', value: null },
        ...(red === null ? [] : [{ color: 'red', value: red }]),
      ],
    },
  }),
  timeseries: () => ({
    color: { mode: 'palette-classic' },
    custom: { drawStyle: 'line', fillOpacity: 10, lineWidth: 1, showPoints: 'never' },
  }),
};

const OPTIONS: Readonly<Record<Panel['type'], JsonObject>> = {
  stat: {
    colorMode: 'value',
    graphMode: 'area',
    justifyMode: 'auto',
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    textMode: 'auto',
  },
  timeseries: {
    legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
};
