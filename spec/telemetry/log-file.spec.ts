// `logging.file`: a second transport of the log, rotated by size.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { isJsonObject } from '../../lib/core/json-object.ts';
import type { LoggingOptions, TelemetryParts } from '../../lib/telemetry/logging.ts';
import type { Telemetry } from '../../lib/telemetry/telemetry.ts';
import { anAcceptance, aRejection } from '../support/builders.ts';
import { failingStream, RecordingStream } from '../support/doubles/log-stream.ts';
import { turnsOfTheLoop, until } from '../support/until.ts';
import { type Heard, heard } from './support.ts';

const SIZE = 64 * 1024;
// A line has it twice, so thirty lines fill a file.
const LONG = 'x'.repeat(1_000);

describe('the log file', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-log-'));
    path = join(folder, 'logs', 'sluice.log');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function filed(
    options: Partial<LoggingOptions> = {},
    parts: Partial<TelemetryParts> = {},
  ): Heard {
    return heard({ file: { path, maxBytes: SIZE, count: 3 }, ...options }, parts);
  }

  /** Writes numbered lines, each in a turn of its own, as Events arrive. */
  async function write(telemetry: Telemetry, from: number, to: number): Promise<void> {
    for (let line = from; line < to; line += 1) {
      telemetry.observe({ kind: 'credentials-reread', why: `${line} ${LONG}` });
      await turnsOfTheLoop(1);
    }
  }

  const files = (): readonly string[] => readdirSync(dirname(path)).sort();
  const linesIn = (file: string): readonly string[] =>
    readFileSync(file, 'utf8').split('\n').slice(0, -1);

  /** The numbers of all lines that are kept, the oldest file first. */
  function numbers(): readonly number[] {
    const oldestFirst = ['sluice2.log', 'sluice1.log', 'sluice.log'].map((name) =>
      join(dirname(path), name),
    );
    return oldestFirst
      .filter((file) => existsSync(file))
      .flatMap((file) => linesIn(file).map((line) => Number(/"why":"(\d+) /.exec(line)?.[1])));
  }

  const span = (from: number, to: number): readonly number[] =>
    Array.from({ length: to - from }, (_, place) => from + place);

  it('has the records of standard output as JSON, whatever its format, and nothing more', async () => {
    const json = heard({ format: 'json', level: 'debug', decisions: 'all' });
    const formats = ['json', 'auto', 'text', 'brigade'] as const;
    const all = formats.map((format) => {
      path = join(folder, `${format}.log`);
      return filed({ format, level: 'debug', decisions: 'all' });
    });
    for (const { telemetry } of [json, ...all]) {
      telemetry.observe(anAcceptance());
      telemetry.observe(aRejection());
      telemetry.observe({ kind: 'store-trouble', state: 'unavailable', why: 'disk full\u0007' });
      telemetry.observe({ kind: 'credentials-reread', why: '401' });
    }
    const expected = await json.lines();
    expect(expected).to.have.length(4);
    for (const { telemetry } of all) await telemetry.close();
    for (const format of formats) {
      expect(linesIn(join(folder, `${format}.log`)), format).to.deep.equal(expected);
    }
  });

  it('is renamed at its size: it has the newest lines, the higher numbers the older ones', async () => {
    const { telemetry } = filed();
    await write(telemetry, 0, 40);
    await until(() => files().length === 2, 'one rotation');
    await write(telemetry, 40, 80);
    await telemetry.close();
    expect(files()).to.deep.equal(['sluice.log', 'sluice1.log', 'sluice2.log']);
    expect(numbers()).to.deep.equal(span(0, 80));
  });

  it('keeps no more files than its count, and all lines of a burst in them', async () => {
    const { telemetry } = filed();
    for (const line of span(0, 400)) {
      telemetry.observe({ kind: 'credentials-reread', why: `${line} ${LONG}` });
    }
    await telemetry.close();
    expect(files()).to.deep.equal(['sluice.log', 'sluice1.log', 'sluice2.log']);
    const kept = numbers();
    expect(kept).to.deep.equal(span(kept[0] ?? -1, 400));
    expect(kept.length).to.be.within(2 * 30, 3 * 33);
  });

  it('continues the file of an earlier process', async () => {
    for (const why of ['first', 'second']) {
      const { telemetry } = filed();
      telemetry.observe({ kind: 'credentials-reread', why });
      await telemetry.close();
    }
    const whys = linesIn(path).map((line): unknown => {
      const record: unknown = JSON.parse(line);
      return isJsonObject(record) ? record['why'] : undefined;
    });
    expect(whys).to.deep.equal(['first', 'second']);
  });

  it('is readable by its user alone, because it has the messages of Events', async () => {
    await filed().telemetry.close();
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(statSync(dirname(path)).mode & 0o777).to.equal(0o700);
  });

  const refusals = [
    ['a file where its folder is', (): void => writeFileSync(dirname(path), ''), 'EEXIST'],
    ['a folder in its place', (): unknown => mkdirSync(path, { recursive: true }), 'EISDIR'],
    ['a folder that takes no files', (): unknown => (path = '/proc/sluice.log'), 'ENOENT'],
  ] as const;
  for (const [what, make, errno] of refusals) {
    it(`refuses the start with path and errno: ${what}`, () => {
      make();
      expect(() => filed())
        .to.throw(new RegExp(`^write the log file ${path}: .*${errno}`))
        .with.property('code', 'output-unusable');
    });
  }

  it('is complete although standard output is a broken pipe', async () => {
    const { telemetry } = filed({}, { stdout: failingStream() });
    await write(telemetry, 0, 10);
    await telemetry.close();
    expect(numbers()).to.deep.equal(span(0, 10));
  });

  it('reports a full disk once, and standard output goes on', async () => {
    mkdirSync(dirname(path));
    symlinkSync('/dev/full', path);
    const { telemetry, lines } = filed({ file: { path, maxBytes: 1e9, count: 2 } });
    await write(telemetry, 0, 300);
    const written = await lines();
    expect(written.filter((line) => line.includes('credentials read again'))).to.have.length(300);
    const trouble = written.filter((line) => line.includes('the log file'));
    expect(trouble).to.have.length(1);
    expect(trouble[0]).to.match(/ error cannot write .*: the disk is full \(ENOSPC\); its lines/);
  });

  it('is written again once that is possible, and says so', async () => {
    const stdout = new RecordingStream();
    const { telemetry } = filed({}, { stdout });
    await write(telemetry, 0, 1);
    await until(() => linesIn(path).length === 1, 'the first line');
    rmSync(dirname(path), { recursive: true });
    await write(telemetry, 1, 80);
    await until(() => stdout.text.includes('no such file (ENOENT)'), 'the report');
    mkdirSync(dirname(path));
    await write(telemetry, 80, 160);
    await telemetry.close();
    expect(stdout.text).to.match(/ info {2}resolved: cannot write the log file /);
    expect(numbers().at(-1)).to.equal(159);
  });

  it('begins a new file if an earlier process left it full', async () => {
    mkdirSync(dirname(path));
    writeFileSync(path, `${'x'.repeat(SIZE)}\n`);
    const { telemetry, lines } = filed();
    await write(telemetry, 0, 1);
    expect(await lines()).to.have.length(1);
    expect(files()).to.deep.equal(['sluice.log', 'sluice1.log']);
    expect(linesIn(path)).to.have.length(1);
  });

  it('ends if a full file cannot be renamed; standard output and the close go on', async () => {
    mkdirSync(join(dirname(path), 'sluice1.log'), { recursive: true });
    const stdout = new RecordingStream();
    const { telemetry } = filed({ file: { path, maxBytes: SIZE, count: 2 } }, { stdout });
    await write(telemetry, 0, 80);
    await until(() => stdout.text.includes('cannot write the log file'), 'the report');
    await write(telemetry, 80, 160);
    await telemetry.close();
    expect(stdout.text.match(/credentials read again/g)).to.have.length(160);
    expect(stdout.text.match(/cannot write .*: EISDIR.*, rename /g)).to.have.length(1);
    expect(statSync(path).size).to.be.within(SIZE, SIZE + 3_000);
  });

  it('ends if its folder becomes a file; standard output and the close go on', async () => {
    const stdout = new RecordingStream();
    const { telemetry } = filed({}, { stdout });
    await write(telemetry, 0, 1);
    await until(() => linesIn(path).length === 1, 'the first line');
    rmSync(dirname(path), { recursive: true });
    writeFileSync(dirname(path), '');
    await write(telemetry, 1, 80);
    await until(() => stdout.text.includes('cannot write the log file'), 'the report');
    await write(telemetry, 80, 120);
    await telemetry.close();
    expect(stdout.text.match(/credentials read again/g)).to.have.length(120);
    expect(stdout.text.match(/cannot write the log file/g)).to.have.length(1);
  });
});
