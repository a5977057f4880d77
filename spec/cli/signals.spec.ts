// Signals of a real process: the first one drains, the second one ends it at once. A local command
// never outlives the gateway.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock, systemRandom } from '../../lib/kit/system.ts';
import { type Playback, startPlayback } from '../../lib/playback/playback.ts';
import { GatewayProcess } from '../e2e/support/gateway-process.ts';
import { anEvent } from '../support/builders.ts';
import { until } from '../support/until.ts';
import { type Hook, hooked, secondProcess } from './hooked.ts';

// Writes its process id and what it inherits of a hand-over, then runs until a signal or its time.
const COMMAND = `
  const inherited = Object.keys(process.env).filter((name) => name === 'SLUICE_HANDED_OVER');
  require('node:fs').writeFileSync(process.argv[1], [process.pid, ...inherited].join(' '));
  setTimeout(() => {}, Number(process.argv[2]));
`;

describe('a running gateway', function () {
  this.timeout(30_000);
  let folder = '';
  let pidFile = '';
  let playback: Playback;
  const gateways: GatewayProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-signals-'));
    pidFile = join(folder, 'pid');
    const recording = [{ at: 0, type: 'ADDED', object: anEvent() }] as const;
    const options = { recording, speed: 'full', host: '127.0.0.1', port: 0 } as const;
    playback = await startPlayback(options, { clock: systemClock, random: systemRandom });
  });
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]();
    await playback[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** Starts a gateway whose command runs for so long, and waits until it runs. */
  async function started(runsMs: number, ...hooks: readonly Hook[]): Promise<Running> {
    const command = [process.execPath, '-e', COMMAND, pidFile, String(runsMs)];
    const gateway = await GatewayProcess.start({
      environment: hooked(folder, hooks),
      configuration: {
        sources: { shop: { events: { namespaces: ['shop'] } } },
        filters: [{ action: 'accept' }],
        triggers: { local: { exec: { command } } },
        delivery: { timeout: '60s' },
      },
      namespace: 'gateway',
      args: ['--master', playback.url, '--allow-exec', '--drain', '20s'],
    });
    gateways.push(gateway);
    const text = await until(
      async () => (await readFile(pidFile, 'utf8').catch(() => '')) || false,
      'the command to run',
      15_000,
    );
    expect(text).to.match(/^\d+$/);
    return { gateway, pid: Number(text) };
  }

  const mustDrain = async (gateway: GatewayProcess): Promise<void> => {
    expect(await gateway.ended()).to.deep.equal({ code: 0, signal: null });
    expect(gateway.of('delivery-moved').at(-1)).to.have.property('to', 'delivered');
    expect(gateway.of('stopped').at(-1)).to.include({ waiting: 0, abandoned: 0 });
  };

  const reasons = {
    SIGTERM: 'SIGTERM',
    SIGINT: 'SIGINT',
    SIGHUP: 'SIGHUP (this version cannot reload its configuration, so it stops)',
  } as const;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`ends a command after ${signal}, says why it stops, and exits with 0`, async () => {
      const { gateway } = await started(1_000);
      gateway.kill(signal);
      await mustDrain(gateway);
      expect(gateway.of('stopping').at(-1)).to.have.property('why', reasons[signal]);
    });
  }

  for (const hooks of [[], ['older']] as const) {
    const how = hooks.length === 0 ? '' : ', also of the Node.js that it handed over to';
    it(`exits at once at the second signal, and ends the command${how}`, async () => {
      const { gateway, pid } = await started(60_000, ...hooks);
      gateway.kill('SIGTERM');
      await until(() => gateway.of('stopping').length > 0, 'the gateway to drain');
      gateway.kill('SIGTERM');
      expect((await gateway.ended()).code).to.equal(1);
      await until(() => !isAlive(pid), 'the command to be gone');
    });
  }

  it('counts a signal that a terminal sends to both processes of a hand-over as one', async () => {
    const { gateway } = await started(1_000, 'older');
    gateway.kill('SIGINT');
    process.kill(secondProcess(gateway.errors), 'SIGINT');
    await mustDrain(gateway);
  });

  it('ends a command also if the parent process is killed', async () => {
    const { gateway } = await started(1_000, 'older');
    gateway.kill('SIGKILL');
    expect(await gateway.ended()).to.deep.equal({ code: null, signal: 'SIGKILL' });
    expect(gateway.of('delivery-moved').at(-1)).to.have.property('to', 'delivered');
    expect(gateway.of('stopped').at(-1)).to.include({ waiting: 0, abandoned: 0 });
  });

  it('refuses a configuration with a local command without --allow-exec', async () => {
    gateways.push(
      await GatewayProcess.start({
        configuration: {
          sources: { shop: { events: {} } },
          filters: [{ action: 'accept' }],
          triggers: { local: { exec: { command: ['true'] } } },
        },
        namespace: 'gateway',
        args: ['--master', playback.url],
      }),
    );
    const gateway = gateways.at(-1);
    expect((await gateway?.ended())?.code).to.equal(3);
    expect(gateway?.errors).to.include('--allow-exec');
  });
});

interface Running {
  readonly gateway: GatewayProcess;
  /** Of its command. */
  readonly pid: number;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
