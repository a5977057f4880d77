// Runs of small spec files in processes of mocha: no result is lost, whatever a process does.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../support/until.ts';
import type { Batch } from './batches.ts';
import { type BatchResult, MochaProcesses, type RunSettings, sum } from './processes.ts';

const FINE = `describe('fine', () => { it('is', () => {}); it.skip('is not asked', () => {}); });`;
const WRONG = `describe('wrong', () => { it('is', () => { throw new Error('as it was meant'); }); });`;
const BROKEN = `import './nothing-is-here.ts';`;
const ONLY = `describe('only', () => { it.only('this', () => {}); });`;
const EXIT = `describe('a', () => { it('b', () => {}); });
describe('exit', () => { it('is at once', () => process.exit(0)); });`;
const KILLED = `describe('kill', () => { it('is at once', () => process.kill(process.pid, 'SIGKILL')); });`;
const OPEN = `it('leaves a server open', (done) => {
  import('node:net').then(({ createServer }) => createServer().listen(0, '127.0.0.1', done));
});`;
const ENDLESS = `it('blocks the exit', () => process.on('exit', () => { for (;;); }));`;
const SILENT = `it('never ends', () => { for (;;); });`;

interface Row {
  readonly what: string;
  readonly text: string;
  readonly outcome: string;
  /** Specs that pass before the end. Default: 0. */
  readonly passed?: number;
  /** In the failure, from standard error. */
  readonly says?: string;
}

describe('mocha processes', function () {
  this.timeout(30_000);
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-runner-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function batch(name: string, text: string): Promise<Batch> {
    const file = join(folder, `${name}.spec.ts`);
    await writeFile(file, text);
    return { name, files: [file] };
  }

  const aRun = (jobs = 2, more: Partial<RunSettings> = {}): MochaProcesses =>
    new MochaProcesses({
      jobs,
      ...more,
      args: [],
      variables: {},
      print: 'nothing',
      onMessage: () => undefined,
      onEnd: () => undefined,
      onError: () => undefined,
    });

  const countsOf = (results: readonly BatchResult[]) => sum(results.map(({ counts }) => counts));

  it('add up what each of them counted', async () => {
    const results = await aRun().run([await batch('a', FINE), await batch('b', FINE)]);
    expect(countsOf(results)).to.deep.equal({ passed: 2, failed: 0, skipped: 2 });
    expect(results.map(({ code }) => code)).to.deep.equal([0, 0]);
  });

  it('hand over a failure whole', async () => {
    const [result] = await aRun().run([await batch('a', WRONG)]);
    expect(result?.counts).to.deep.equal({ passed: 0, failed: 1, skipped: 0 });
    expect(result?.failures.join('')).to.match(
      /^1\) wrong\n +is:\n +Error: as it was meant\n +at /,
    );
    expect(result?.code).to.equal(1);
  });

  const rows: readonly Row[] = [
    { what: 'does not load', text: BROKEN, outcome: 'code 1', says: 'nothing-is-here.ts' },
    { what: 'has an exclusive spec', text: ONLY, outcome: 'code 1', says: '`.only` forbidden' },
    { what: 'ends its process with 0', text: EXIT, outcome: 'code 0', passed: 1 },
    { what: 'is killed', text: KILLED, outcome: 'SIGKILL' },
  ];
  for (const { what, text, outcome, passed = 0, says = '' } of rows) {
    it(`count a file that ${what} as a failure, and go on with the others`, async () => {
      const bad = await batch('bad', text);
      const results = await aRun(1).run([bad, await batch('good', FINE)]);
      expect(countsOf(results)).to.deep.equal({ passed: passed + 1, failed: 1, skipped: 1 });
      const failures = results.flatMap((result) => result.failures).join('\n');
      expect(failures).to.include(`mocha ended with ${outcome} before its specs did`);
      expect(failures).to.include(bad.files[0]).and.to.include(says);
    });
  }

  it('end after their last spec, and say what it left open', async () => {
    const [result] = await aRun().run([await batch('open', OPEN)]);
    expect(result?.counts).to.deep.equal({ passed: 1, failed: 1, skipped: 0 });
    expect(result?.failures.join('')).to.match(
      /^1\) open: mocha ended with code 0 after its specs, which left open: .*TCPServerWrap/,
    );
  });

  it('are killed if they say nothing for too long', async () => {
    const run = aRun(2, { silenceMs: 3_000 });
    const [result] = await run.run([await batch('silent', SILENT)]);
    expect(result?.failures.join('')).to.include(
      'SIGKILL before its specs did, because it was silent for too long',
    );
  });

  it('are killed if they do not end after their last spec', async () => {
    const [result] = await aRun(2, { silenceMs: 3_000 }).run([await batch('endless', ENDLESS)]);
    expect(result?.counts).to.deep.equal({ passed: 1, failed: 1, skipped: 0 });
    expect(result?.failures.join('')).to.include('SIGKILL after its specs, because it was silent');
  });

  it('end at a signal with all that they started, and begin no other batch', async () => {
    const pids = join(folder, 'pids');
    const hanging = `import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
it('hangs', () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  writeFileSync(${JSON.stringify(pids)}, [process.pid, child.pid].join(' '));
  return new Promise(() => {});
}).timeout(0);`;
    const processes = aRun(1);
    const running = processes.run([await batch('hanging', hanging), await batch('next', FINE)]);
    const text = await until(() => pidsIn(pids), 'the pids', 20_000);
    processes.interrupt('SIGINT');
    const results = await running;
    expect(processes.interrupted).to.equal(true);
    expect(results.map(({ counts }) => counts.failed)).to.deep.equal([1]);
    for (const pid of text.split(' ').map(Number)) {
      await until(() => !isAlive(pid), `the end of ${pid}`);
    }
  });
});

async function pidsIn(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^\d+ \d+$/.test(text) ? text : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
