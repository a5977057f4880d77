// `sluice check` over every sample of a bad and a good configuration: places and exit codes.
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect } from 'chai';
import { runLine } from './surroundings.ts';

const folder = fileURLToPath(new URL('../data/configs/', import.meta.url));
const bad = await readdir(join(folder, 'bad'));
const good = await readdir(join(folder, 'good'));

describe('sluice check', () => {
  it('has at least twenty bad configurations and eight good ones to show', () => {
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

  it('minds warnings where it is strict', async () => {
    const args = ['check', join(folder, 'good', 'guard-off.yaml')];
    const lenient = await runLine([...args, '--format', 'json']);
    const { problems } = JSON.parse(lenient.out) as { problems: { severity: string }[] };
    expect(problems.map(({ severity }) => severity)).to.include('warning');
    expect(lenient.code).to.equal(0);
    expect((await runLine([...args, '--strict'])).code).to.equal(3);
  });
});
