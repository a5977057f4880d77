// The tables of docs/performance.md that follow from the results: `make bench` writes them anew
// where it writes the results, so that no figure is typed; `node spec/bench/document.ts` writes
// them of the results that are there. The prose around them is written by hand.

import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { aimOf, shown } from './report.ts';
import { type KeptFigure, RESULTS_FILE, type Results } from './results.ts';

const root = resolve(import.meta.dirname, '..', '..');

/** The document, from the root of the project. */
export const DOCUMENT = 'docs/performance.md';

/** A row: what it is about, and its figures as `part/name`; '' for an empty cell. */
type Row = readonly [about: string, ...figures: readonly string[]];

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly Row[];
}

const BATCHES = [1, 10, 100] as const;
// The ones that the gateway loads at its start, or for single features.
const PACKAGES = [
  '@kubernetes/client-node',
  'ajv',
  'axios',
  'express',
  'js-yaml',
  'prom-client',
  're2js',
  'undici',
  'winston',
] as const;
const VERDICT = ['aim', ''] as const;
const STEADY = ['memory', 'sqlite', 'sqlite last only'] as const;

/** Every table by the name in its marks: `<!-- bench: NAME -->` and `<!-- /bench -->`. */
const TABLES: Readonly<Record<string, Table>> = {
  stores: {
    head: ['', 'memory', 'sqlite', 'sqlite ÷ memory', ...VERDICT],
    rows: [
      besides('deliveries/s, instant receiver', 'deliver/rate instant'),
      besides('Events/s committed meanwhile', 'deliver/committed instant'),
      besides('deliveries/s, receiver of 20 ms', 'deliver/rate 20 ms'),
      besides('Events/s committed meanwhile', 'deliver/committed 20 ms'),
      besides('deliveries/s, 100 in a request, instant receiver', 'deliver/rate instant batch'),
      besides('Events/s committed, nothing delivered', 'deliver/rate commits alone'),
      [
        'the same ÷ deliveries/s, instant receiver',
        'deliver/rate commits alone ÷ instant',
        'deliver/rate commits alone sqlite ÷ instant sqlite',
        '',
      ],
      besides('CPU a delivery, instant receiver, µs', 'deliver/cpu instant'),
      [
        'Events/s, 99 % rejected and 1 % posted',
        'reject/rate json accepted',
        'reject/rate json accepted sqlite',
        'reject/rate json accepted sqlite ÷ json accepted',
      ],
      ...['p50', 'p99'].map(
        (share): Row => [
          `Event written to request received, 500 Events/s, ${share}, ms`,
          `latency/${share} alone`,
          `latency/${share} sqlite`,
          `latency/${share} sqlite ÷ alone`,
        ],
      ),
      ['start to ready, ms', 'start/start gateway', 'start/start sqlite', ''],
      [
        'peak with 40,000 waiting, MB',
        'memory/peak 40,000 waiting',
        'memory/peak 40,000 waiting sqlite',
        '',
      ],
      [
        'the same ÷ with 2,000 waiting',
        'memory/peak 40,000 ÷ 2,000 waiting',
        'memory/peak 40,000 ÷ 2,000 waiting sqlite',
        '',
      ],
    ],
  },
  steady: {
    head: ['', 'reader', 'memory', 'sqlite', 'sqlite, one of 4,000 posted', ...VERDICT],
    rows: [
      ofSteady('CPU an Event, µs', (name) => `cpu ${name}`, ['reader', ...STEADY]),
      ofSteady('the same ÷ reader', (name) => `cpu ${name} ÷ reader`),
      ofSteady('commits/s', (name) => `commits ${name}`),
      ofSteady('bytes written an Event', (name) => `written ${name}`),
    ],
  },
  commit: {
    head: ['', 'append and fdatasync', 'memory', 'sqlite', 'sqlite ÷ append'],
    rows: [
      [
        'deliveries/s claimed, attempted and settled, 16 at a time',
        '',
        'commit/cycles memory',
        'commit/cycles sqlite',
        '',
      ],
      ...BATCHES.flatMap((batch): readonly Row[] => [
        ofCommit(`batch ${batch}: commits/s`, `commits batch ${batch}`),
        ofCommit('deliveries/s', `records batch ${batch}`),
        ofCommit('p50 of a commit, ms', `p50 batch ${batch}`),
        ofCommit('p99 of a commit, ms', `p99 batch ${batch}`),
      ]),
    ],
  },
  packages: {
    head: ['', 'memory, MB', 'time, ms'],
    rows: [...PACKAGES, 'sluice'].map((name) => [
      name === 'sluice'
        ? 'the gateway, with all of them that it loads at its start'
        : `\`${name}\``,
      `packages/memory ${name}`,
      `packages/time ${name}`,
    ]),
  },
  backlog: {
    head: ['', 'reached', ...VERDICT],
    rows: [
      ['memory of a gateway whose requests are never answered, MB', 'backlog/unanswered'],
      ['most memory of one that lists and delivers 4,000, MB', 'backlog/peak'],
      ['the same with 10,000 waiting, MB', 'backlog/peak with 10,000'],
      ['the first ÷ the second', 'backlog/peak ÷ with 10,000'],
      ['its memory once it rests again, MB', 'backlog/settled'],
      ['the same with 10,000 waiting, MB', 'backlog/settled with 10,000'],
      ['start of the process to the first request, new file, ms', 'backlog/first attempt'],
      ['the same at the next start, ms', 'backlog/first attempt again'],
      ['first `GET /api/v1/deliveries?limit=50`, while it delivers, ms', 'backlog/first list'],
      ['such a list, the middle one of 20, ms', 'backlog/list'],
      ['list of one object, ms', 'backlog/list of one object'],
      ['list of a state that none is in, ms', 'backlog/list of a state that none is in'],
      [
        '`sluice deliveries list` from that gateway, with its own start, ms',
        'backlog/list command',
      ],
      ['`sluice deliveries list` from the file, ms', 'backlog/list command on the file'],
      ['`GET /metrics`, ms', 'backlog/scrape'],
      ['deliveries/s meanwhile, receiver of 20 ms', 'backlog/delivered'],
      ['a store of a million, MB', 'backlog/on disk'],
      ['deliveries/s committed while it was made', 'backlog/fill'],
      [
        '10,000 of a blocked object before one of another: until its request, ms',
        'backlog/other object',
      ],
    ],
  },
};

function besides(about: string, name: string): Row {
  const [part, figure = ''] = name.split('/');
  const unitless = figure.replace(/^\w+ /, '');
  return [about, name, `${name} sqlite`, `${part}/${figure} sqlite ÷ ${unitless}`];
}

function ofSteady(
  about: string,
  figure: (name: string) => string,
  names: readonly string[] = ['', ...STEADY],
): Row {
  return [about, ...names.map((name) => (name === '' ? '' : `steady/${figure(name)}`))];
}

function ofCommit(about: string, name: string): Row {
  const [append, memory, sqlite] = ['append', 'memory', 'sqlite'].map((k) => `commit/${name} ${k}`);
  return [about, append ?? '', memory ?? '', sqlite ?? '', `commit/${name} sqlite ÷ append`];
}

/** The names of the figures of every table, as `part/name`. */
export function tablesShown(): Readonly<Record<string, readonly string[]>> {
  const namesOf = ({ rows }: Table): readonly string[] =>
    rows.flatMap(([, ...names]) => names).filter((name) => name !== '');
  return Object.fromEntries(Object.entries(TABLES).map(([name, table]) => [name, namesOf(table)]));
}

/** A document with its tables as they follow from some results. */
export function withTables(document: string, results: Results): string {
  const figures = new Map(
    results.parts.flatMap(({ part, figures: some }) =>
      some.map((figure) => [`${part}/${figure.name}`, figure] as const),
    ),
  );
  return document.replaceAll(BETWEEN_MARKS, (_, name: string) => {
    const table = TABLES[name];
    if (table === undefined) throw new Error(`no table "${name}"`);
    return rendered(table, figures);
  });
}

const BETWEEN_MARKS = /(?<=<!-- bench: (\w+) -->\n)[^]*?(?=<!-- \/bench -->)/g;

function rendered({ head, rows }: Table, figures: ReadonlyMap<string, KeptFigure>): string {
  const isThere = rows.some(([, ...names]) => names.some((name) => figures.has(name)));
  if (!isThere) return '\nNot measured yet.\n\n';
  const hasVerdict = head.at(-2) === VERDICT[0];
  const lines = rows.map(([about, ...names]) => {
    const found = names.map((name) => figures.get(name));
    const cells = names.map((name, at) => (name === '' ? '' : cellOf(found[at])));
    return [about, ...cells, ...(hasVerdict ? verdictOf(found) : [])];
  });
  return `\n${[head, head.map(() => '---'), ...lines].map(lineOf).join('')}\n`;
}

function cellOf(figure: KeptFigure | undefined): string {
  return figure === undefined ? '—' : shown(figure.median);
}

function verdictOf(figures: readonly (KeptFigure | undefined)[]): readonly string[] {
  const aimed = figures.findLast((figure) => figure?.aim !== undefined);
  if (aimed?.aim === undefined) return ['', ''];
  return [aimOf(aimed.aim), aimed.reached === true ? 'reached' : 'not reached'];
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

/** Rewrites the tables of the document. */
export function writeDocument(results: Results): void {
  const file = resolve(root, DOCUMENT);
  writeFileSync(file, withTables(readFileSync(file, 'utf8'), results));
}

if (import.meta.main) {
  writeDocument(JSON.parse(readFileSync(resolve(root, RESULTS_FILE), 'utf8')) as Results);
}
