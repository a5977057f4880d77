// A real process from its first moment: signals before lib is loaded, an older Node.js that hands
// over, and the end of one process when the other is killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { childEnvironment } from '../controlplane/environment.ts';
import { until } from '../support/until.ts';
import { type Hook, hooked, secondProcess } from './hooked.ts';

const executable = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));
// Nothing listens there: the gateway waits for its API server.
const RUN = ['run', '--master', 'http://127.0.0.1:9', '--probes', 'off', '--api', 'off'];
const WAITS = 'waiting for the API server';
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

describe('a process of sluice', function () {
  this.timeout(30_000);
  let folder = '';
  const started: Started[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-life-'));
  });
  afterEach(async () => {
    for (const one of started.splice(0)) await one.end();
    await rm(folder, { recursive: true });
  });
  const start = (args: readonly string[], ...hooks: readonly Hook[]): Started => {
    const one = new Started(args, hooks, folder);
    started.push(one);
    return one;
  };

  for (const [what, hooks] of [
    ['', ['slow']],
    [' of a Node.js that it handed over to', ['older', 'slow']],
  ] as const) {
    for (const signal of SIGNALS) {
      it(`ends with 0 after ${signal} while the program${what} is still loaded`, async () => {
        const one = start([...RUN, '--log-format', 'text'], ...hooks);
        await until(() => one.err.includes('loading'), 'the program to be loaded', 10_000);
        one.kill(signal);
        await writeFile(join(folder, 'go'), '');
        expect(await one.ended()).to.deep.equal([0, null]);
        expect(one.out).to.include(`stopping: ${signal}`);
      });
    }
  }

  const PLAYBACK = ['playback', 'samples/demo.ndjson', '--listen', '127.0.0.1:0'];
  const waiting: readonly (readonly [readonly string[], string, NodeJS.Signals, ...Hook[]])[] = [
    [[...RUN, '--log-format', 'text'], WAITS, 'SIGHUP'],
    [[...RUN, '--log-format', 'text'], WAITS, 'SIGINT', 'older'],
    [PLAYBACK, 'serving', 'SIGHUP', 'older'],
    [PLAYBACK, 'serving', 'SIGTERM'],
    [['record', '--master', 'http://127.0.0.1:9'], 'cannot list', 'SIGHUP'],
    [['demo', '--stay', '--speed', 'full'], 'runs until Ctrl-C', 'SIGHUP', 'older'],
  ];
  for (const [args, words, signal, ...hooks] of waiting) {
    const how = hooks.length === 0 ? '' : ', handed over';
    it(`ends ${args[0]} with 0 after ${signal}${how}`, async () => {
      const one = start(args, ...hooks);
      await until(() => one.all.includes(words), words, 20_000);
      one.kill(signal);
      expect(await one.ended()).to.deep.equal([0, null]);
    });
  }

  it('stops as after a signal when the older Node.js that handed over is killed', async () => {
    const one = start([...RUN, '--log-format', 'text'], 'older');
    await until(() => one.out.includes(WAITS), WAITS, 10_000);
    one.kill('SIGKILL');
    // Its output is closed when the last process that has it is gone.
    expect(await one.ended()).to.deep.equal([null, 'SIGKILL']);
    expect(one.out).to.include('stopping: the process that started this one is gone');
    expect(one.out).to.include('stopped: ');
  });

  it('exits with the code of a shell when the Node.js that it handed over to is killed', async () => {
    const one = start([...RUN, '--log-format', 'text'], 'older');
    await until(() => one.out.includes(WAITS), WAITS, 10_000);
    process.kill(secondProcess(one.err), 'SIGKILL');
    expect(await one.ended()).to.deep.equal([137, null]);
  });

  for (const [word, code] of [
    ['chek', 2],
    ['version', 0],
  ] as const) {
    it(`exits as the command ${word} that it handed over to`, async () => {
      expect(await start([word], 'older').ended()).to.deep.equal([code, null]);
    });
  }
});

/** A process with the hooks. */
class Started {
  out = '';
  err = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  constructor(args: readonly string[], hooks: readonly Hook[], folder: string) {
    this.#child = spawn(process.execPath, [executable, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment({ SLUICE_DATA: folder, ...hooked(folder, hooks) }),
    });
    this.#child.stdout?.on('data', (text: Buffer) => (this.out += text.toString()));
    this.#child.stderr?.on('data', (text: Buffer) => (this.err += text.toString()));
    this.#ended = once(this.#child, 'close');
  }

  get all(): string {
    return this.out + this.err;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Exit code and signal, after its complete output. */
  ended(): Promise<unknown[]> {
    return this.#ended;
  }

  async end(): Promise<void> {
    this.kill('SIGKILL');
    await this.#ended;
  }
}
