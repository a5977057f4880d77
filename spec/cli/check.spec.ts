// `sluice check` over every sample of a bad and a good configuration: places and exit codes.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { RecordingStream } from '../support/doubles/log-stream.ts';
import { runLine } from './process-context.ts';

const folder = fileURLToPath(new URL('../data/configs/', import.meta.url));
const bad = await readdir(join(folder, 'bad'));
const good = await readdir(join(folder, 'good'));

const goodFile = join(folder, 'good', 'smallest.yaml');
const badFile = join(folder, 'bad', 'unknown-rule-key.yaml');
const goodText = await readFile(goodFile, 'utf8');

describe('sluice check', () => {
  it('has samples of at least twenty bad configurations and eight good ones', () => {
    expect(bad.length).to.be.at.least(20);
    expect(good.length).to.be.at.least(8);
  });

  for (const name of bad) {
    it(`refuses bad/${name} with places and no stack trace`, async () => {
      const file = join(folder, 'bad', name);
      const { code, out, err } = await runLine(['check', '--config', file]);
      expect(code, out).to.equal(3);
      expect(out).to.match(/: error [a-z-]+: /);
      expect(out + err).not.to.match(/\n\s+at /);
      const json = await runLine(['check', '--config', file, '--format', 'json']);
      expect(json.code).to.equal(3);
      const { problems } = JSON.parse(json.out) as { problems: Record<string, unknown>[] };
      for (const problem of problems) {
        expect(problem).to.have.all.keys(
          'severity',
          'code',
          'path',
          'line',
          'column',
          'message',
          'hint',
        );
      }
      const [first] = problems.filter(({ severity }) => severity === 'error');
      expect(first?.['message']).to.be.a('string').with.length.above(10);
    });
  }

  for (const name of good) {
    it(`passes good/${name}`, async () => {
      const { code, out } = await runLine(['check', '--config', join(folder, 'good', name)]);
      expect(code, out).to.equal(0);
    });
  }

  it('checks several files in their order, and fails if one of them is refused', async () => {
    const all = await runLine(['check', goodFile, badFile, goodFile]);
    const counts = all.out.split('\n').filter((line) => /: (?:no problems|\d error)/.test(line));
    expect(counts).to.deep.equal([
      `${goodFile}: no problems`,
      `${badFile}: 2 errors`,
      `${goodFile}: no problems`,
    ]);
    expect(all.code).to.equal(3);
    expect((await runLine(['check', goodFile, goodFile])).code).to.equal(0);
    expect((await runLine(['check', goodFile, '--config', badFile])).code).to.equal(3);
  });

  it('prints a line of JSON for each file', async () => {
    const { out } = await runLine(['check', '--format', 'json', goodFile, badFile]);
    const found = out
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(found).to.have.lengthOf(2);
    expect(found[0]).to.deep.equal({ file: goodFile, problems: [] });
    expect(found[1]).to.have.property('file', badFile);
    expect(found[1]).to.have.property('problems').with.lengthOf(2);
  });

  it('reads standard input for -', async () => {
    const stdin = (): Readable => Readable.from([goodText.slice(0, 9), goodText.slice(9)]);
    const good = await runLine(['check', '-'], { stdin: stdin() });
    expect(good).to.include({ code: 0, out: 'standard input: no problems\n' });
    const bad = await runLine(['check', badFile, '--', '-'], {
      stdin: Readable.from([Buffer.from('filters: [')]),
    });
    expect(bad.code).to.equal(3);
    expect(bad.out).to.match(/^standard input:1:\d+: error not-yaml: /m);
    const json = await runLine(['check', '-', '--format', 'json'], { stdin: stdin() });
    expect(JSON.parse(json.out)).to.deep.equal({ file: '-', problems: [] });
  });

  it('reads standard input only up to the size limit of a configuration', async () => {
    let chunks = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          chunks += 1;
          yield Buffer.alloc(64 * 1024, 0x61);
        }
      })(),
    );
    const { code, out } = await runLine(['check', '-'], { stdin: endless });
    expect(code).to.equal(3);
    expect(out).to.include('too-large');
    expect(chunks).to.be.within(17, 60);
  });

  const wrong = [
    [['check'], /needs the configuration FILE/],
    [['check', ''], /needs the configuration FILE/],
    [['check', '-', '-'], /standard input \(-\) only once/],
    [['explain', '--config', '-'], /only check and rbac read a configuration from standard input/],
    [['run', '--config', '-'], /only check and rbac read a configuration from standard input/],
  ] as const;
  for (const [args, said] of wrong) {
    it(`rejects ${JSON.stringify(args.join(' '))} as wrong usage`, async () => {
      const { code, err } = await runLine(args);
      expect(code).to.equal(2);
      expect(err).to.match(said);
    });
  }

  describe('at a terminal', () => {
    const shown = async (environment: Readonly<Record<string, string>>): Promise<string> => {
      const stdout = new RecordingStream({ isTTY: true });
      await runLine(['check', badFile], { stdout, environment });
      return stdout.text;
    };

    it('shows the line of the file with a caret below the column, in colours', async () => {
      const text = await shown({});
      expect(text).to.include('\u001b[31merror unknown-key:\u001b[0m unknown key nmaespace');
      expect(text).to.match(/\n {4}4 \| {5}nmaespace: .*\n\u001b\[31m {6}\| {5}\^\u001b\[0m\n/);
    });

    for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      it(`shows it without colours for ${JSON.stringify(environment)}`, async () => {
        const text = await shown(environment);
        expect(text).to.not.include('\u001b');
        expect(text).to.match(/\n {4}4 \| {5}nmaespace: .*\n {6}\| {5}\^\n/);
      });
    }

    it('prints one line for each problem without a terminal', async () => {
      const { out } = await runLine(['check', badFile]);
      expect(out.split('\n')).to.have.lengthOf(4);
    });
  });

  it('fails for warnings if it is strict', async () => {
    const args = ['check', join(folder, 'good', 'guard-off.yaml')];
    const lenient = await runLine([...args, '--format', 'json']);
    const { problems } = JSON.parse(lenient.out) as { problems: { severity: string }[] };
    expect(problems.map(({ severity }) => severity)).to.include('warning');
    expect(lenient.code).to.equal(0);
    expect((await runLine([...args, '--strict'])).code).to.equal(3);
  });
});
