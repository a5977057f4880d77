// Documents and code name the same things, both ways: error codes, problem codes, metrics,
// rooms; and what documents link to is there.

import { posix } from 'node:path';
import { type Fault, type Files, filesUnder } from './files.ts';

/** An error code as the code has it. */
export interface ErrorRow {
  readonly exitCode: number;
  readonly meaning: string;
  readonly nextStep: string;
}

/** Where the errors are explained. */
export const OPERATIONS = 'docs/operations.md';

/** Where the problem codes are explained. */
export const CONFIGURATION = 'docs/configuration.md';

/** The guided walk through the rooms. */
export const WALK = 'lib/README.md';

/** Rows of `| code | exit | meaning | next step |` that differ from the table of errors. */
export function errorTableFaults(
  files: Files,
  errors: Readonly<Record<string, ErrorRow>>,
): readonly Fault[] {
  const rows = tableRows(files, OPERATIONS, ['code', 'exit', 'meaning', 'next step']);
  if (rows.length === 0)
    return [missing(OPERATIONS, 'the table | code | exit | meaning | next step |')];
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const { line, cells } of rows) {
    const [code = '', exit, meaning, nextStep] = cells;
    const entry = Object.hasOwn(errors, code) ? errors[code] : undefined;
    seen.add(code);
    if (entry === undefined) {
      faults.push({ file: OPERATIONS, line, what: `no error has the code ${code}` });
      continue;
    }
    const wanted = [String(entry.exitCode), entry.meaning, entry.nextStep];
    if (wanted.join('|') === [exit, meaning, nextStep].join('|')) continue;
    faults.push({ file: OPERATIONS, line, what: `${code} should read | ${wanted.join(' | ')} |` });
  }
  for (const code of Object.keys(errors)) {
    if (!seen.has(code)) faults.push(missing(OPERATIONS, `error ${code}`));
  }
  return faults;
}

/** Problem codes that the configuration reference does not explain. */
export function problemCodeFaults(files: Files, codes: readonly string[]): readonly Fault[] {
  const text = files.get(CONFIGURATION) ?? '';
  return codes
    .filter((code) => !text.includes(`\`${code}\``))
    .map((code) => missing(CONFIGURATION, `problem \`${code}\``));
}

/** Metrics of these names that operations does not name, and the other way round. */
export function metricFaults(files: Files, names: readonly string[]): readonly Fault[] {
  const text = files.get(OPERATIONS) ?? '';
  const found = [...text.matchAll(/\bsluice_[a-z_]*[a-z]\b/g)].map(([name]) =>
    seriesOf(name, names),
  );
  return [
    ...names
      .filter((name) => !found.includes(name))
      .map((name) => missing(OPERATIONS, `metric ${name}`)),
    ...[...new Set(found)]
      .filter((name) => !names.includes(name))
      .map((name) => ({ file: OPERATIONS, line: 1, what: `nothing makes metric ${name}` })),
  ];
}

/** The metric of a series: a histogram's come with an ending each. */
function seriesOf(series: string, names: readonly string[]): string {
  const metric = series.replace(/_(?:bucket|sum|count)$/, '');
  return names.includes(metric) ? metric : series;
}

/** Links from Markdown to files of the project that are not there. */
export function deadLinks(files: Files): readonly Fault[] {
  return [...filesUnder(files, /\.md$/)].flatMap(([file, text]) =>
    text.split('\n').flatMap((line, place) =>
      linksOf(line)
        .filter((target) => !isThere(files, posix.join(posix.dirname(file), target)))
        .map((target) => ({
          file,
          line: place + 1,
          what: `links to ${target}, which is not there`,
        })),
    ),
  );
}

/** Rooms of lib that the guided walk does not lead through. */
export function unvisitedRooms(files: Files): readonly Fault[] {
  const walk = files.get(WALK) ?? '';
  const rooms = [...files.keys()].flatMap((file) => /^lib\/([^/]+)\//.exec(file)?.[1] ?? []);
  return [...new Set(rooms)]
    .filter((room) => !walk.includes(`(${room}/)`))
    .map((room) => missing(WALK, `the room ${room}`));
}

/** The targets of a line's links within the project, without their anchors. */
function linksOf(line: string): readonly string[] {
  const targets = [...line.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function isThere(files: Files, path: string): boolean {
  const folder = path.endsWith('/') ? path : `${path}/`;
  return files.has(path) || [...files.keys()].some((file) => file.startsWith(folder));
}

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** The rows of the Markdown table with these headings; code marks in cells are dropped. */
function tableRows(files: Files, file: string, headings: readonly string[]): readonly Row[] {
  const lines = (files.get(file) ?? '').split('\n');
  const start = lines.findIndex((line) => cellsOf(line).join('|') === headings.join('|'));
  if (start < 0) return [];
  const rows: Row[] = [];
  for (let place = start + 2; lines[place]?.startsWith('|') === true; place += 1) {
    rows.push({ line: place + 1, cells: cellsOf(lines[place] ?? '') });
  }
  return rows;
}

function cellsOf(line: string): readonly string[] {
  if (!line.startsWith('|')) return [];
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1'));
}

function missing(file: string, what: string): Fault {
  return { file, line: 1, what: `does not have ${what}` };
}
