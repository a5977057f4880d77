// The kind `exec` with real processes: endings, output, groups that end with their attempt and with
// the gateway, and nothing of an Event in a shell.

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import { type ExecSection, execKind } from '../../lib/triggers/exec.ts';
import type { TriggerParts } from '../../lib/triggers/trigger-kind.ts';
import { aDelivery, anEvent } from '../support/builders.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { CONTEXT, someParts } from './support/parts.ts';
import { WITH_CHILD } from './support/programs.ts';

/** A command that runs a program of JavaScript. */
function node(program: string): ExecSection['command'] {
  return [process.execPath, '-e', program];
}

interface Firing {
  readonly parts?: Partial<TriggerParts>;
  readonly signal?: AbortSignal;
}

async function fire(section: ExecSection, firing: Firing = {}): Promise<Outcome | undefined> {
  const trigger = execKind.create(section, someParts(firing.parts));
  const [outcome] = await trigger.fire([aDelivery()], firing.signal ?? NEVER);
  return outcome;
}

/** `outcome` or `outcome reason`. */
function shown(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'none';
  return 'reason' in outcome ? `${outcome.outcome} ${outcome.reason}` : outcome.outcome;
}

/** Whether a process runs; a zombie does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) [ZX] /.test(readFileSync(stat, 'utf8'));
}

describe('the kind exec', () => {
  const notExecutable = join(mkdtempSync(join(tmpdir(), 'sluice-')), 'not-executable');
  writeFileSync(notExecutable, 'x', { mode: 0o644 });

  const endings: readonly { what: string; section: ExecSection; wanted: string }[] = [
    { what: 'exit code 0', section: { command: node('') }, wanted: 'delivered' },
    {
      what: 'exit code 75',
      section: { command: node('process.exit(75)') },
      wanted: 'retry asked-to',
    },
    {
      what: 'exit code 3',
      section: { command: node('process.exit(3)') },
      wanted: 'refused exit-code',
    },
    {
      what: 'an exit code of its own list',
      section: { command: node('process.exit(3)'), retryOn: [3, 4] },
      wanted: 'retry asked-to',
    },
    {
      what: 'exit code 75 that is not in its own list',
      section: { command: node('process.exit(75)'), retryOn: [3] },
      wanted: 'refused exit-code',
    },
    {
      what: 'a signal of another process',
      section: { command: node("process.kill(process.pid, 'SIGKILL')") },
      wanted: 'unknown signal',
    },
    {
      what: 'a program that is not there',
      section: { command: ['/does/not/exist'] },
      wanted: 'refused not-startable',
    },
    {
      what: 'a file that is no program',
      section: { command: [notExecutable] },
      wanted: 'refused not-startable',
    },
    {
      what: 'a directory that is not there',
      section: { command: node(''), workingDirectory: '/does/not/exist' },
      wanted: 'refused not-startable',
    },
    {
      what: 'arguments that are too long',
      section: { command: [process.execPath, 'x'.repeat(140_000)] },
      wanted: 'refused not-startable',
    },
    {
      what: 'a program that does not read its input',
      section: { command: node("process.stdin.destroy(); process.stdout.write('x')") },
      wanted: 'delivered',
    },
  ];
  for (const { what, section, wanted } of endings) {
    it(`takes ${what} as ${wanted}`, async () => {
      expect(shown(await fire(section))).to.equal(wanted);
    });
  }

  it('starts nothing once it is aborted', async () => {
    const outcome = await fire({ command: ['/does/not/exist'] }, { signal: AbortSignal.abort() });
    expect(shown(outcome)).to.equal('retry unavailable');
  });

  it('passes on its output line by line, with stream and delivery id', async () => {
    const { observe, of } = recordingObserve();
    const program = "process.stdout.write('one\\ntwo\\r\\nth'); process.stderr.write('bad\\n');";
    await fire({ command: node(program) }, { parts: { observe } });
    const lines = of('command-output').map(
      ({ trigger, id, stream, line }) => `${trigger} ${id} ${stream} ${line}`,
    );
    const head = `diagnose ${aDelivery().id}`;
    expect(lines.toSorted()).to.deep.equal(
      [
        `${head} stderr bad`,
        `${head} stdout one`,
        `${head} stdout two`,
        `${head} stdout th`,
      ].toSorted(),
    );
  });

  it('reads endless output without keeping it', async () => {
    const { observe, of } = recordingObserve();
    const program = "for (let i = 0; i < 20_000; i += 1) console.log('x'.repeat(99));";
    expect(shown(await fire({ command: node(program) }, { parts: { observe } }))).to.equal(
      'delivered',
    );
    expect(of('command-output').length).to.be.within(2000, 4000);
    expect(of('command-output').at(-1)?.line).to.include('are shown; the rest is not');
  });

  it('inherits a few variables of the gateway and those it names, never its secrets', async () => {
    const { observe, of } = recordingObserve();
    const environment = {
      PATH: '/usr/bin',
      HOME: '/home/a',
      LC_ALL: 'C',
      TZ: 'UTC',
      TOKEN: 'secret',
      HTTPS_PROXY: 'http://me:secret@proxy.example.test',
      SLUICE_DATA: '/data',
      NODE_OPTIONS: '--no-warnings',
      KUBECONFIG: '/kubeconfig',
      UNSET: undefined,
    };
    const section = {
      command: node('console.log(JSON.stringify(process.env))'),
      passEnv: ['KUBECONFIG', 'UNSET', 'ABSENT'],
    };
    await fire(section, { parts: { observe, environment } });
    const got = JSON.parse(of('command-output')[0]?.line ?? '{}') as Record<string, string>;
    const names = Object.keys(got).filter((name) => !name.startsWith('SLUICE_'));
    expect(names.toSorted()).to.deep.equal(
      ['HOME', 'KUBECONFIG', 'LC_ALL', 'PATH', 'TRACEPARENT', 'TZ'].toSorted(),
    );
    expect(got).to.not.have.property('SLUICE_DATA');
    expect(JSON.stringify(got)).to.not.include('secret');
  });

  it('prefers its own variables to the gateway’s, and the delivery’s to both', async () => {
    const { observe, of } = recordingObserve();
    const environment = { TZ: 'UTC', OWN: 'no', SLUICE_ID: 'no' };
    const program = "console.log(['TZ', 'OWN', 'SLUICE_ID'].map((n) => process.env[n]).join())";
    const section = { command: node(program), env: { TZ: 'CET', OWN: 'own' } };
    await fire(section, { parts: { observe, environment } });
    expect(of('command-output')[0]?.line).to.equal(`CET,own,${aDelivery().id}`);
  });

  it('ends the whole group on abort, with an unknown outcome', async () => {
    const { observe, of } = recordingObserve();
    const stop = new AbortController();
    const command = node(`${WITH_CHILD} setInterval(() => {}, 1000);`);
    const firing = fire({ command }, { parts: { observe }, signal: stop.signal });
    const line = await until(() => of('command-output')[0]?.line, 'the pids');
    stop.abort(new DOMException('time is up', 'TimeoutError'));
    expect(shown(await firing)).to.equal('unknown timeout');
    for (const pid of line.split(' ').map(Number)) {
      await until(() => !isAlive(pid), `the end of ${pid}`);
    }
  });

  it('kills processes that ignore SIGTERM after a grace', async () => {
    const { observe, of } = recordingObserve();
    const clock = new FakeClock();
    const stop = new AbortController();
    const command = node(
      "process.on('SIGTERM', () => console.log('no')); setInterval(() => {}, 1000); console.log(process.pid);",
    );
    const firing = fire({ command }, { parts: { observe, clock }, signal: stop.signal });
    const line = await until(() => of('command-output')[0]?.line, 'the pid');
    stop.abort();
    await until(() => of('command-output').length === 2, 'the answer to SIGTERM');
    expect(isAlive(Number(line))).to.equal(true);
    await clock.advance(2_000);
    expect(shown(await firing)).to.equal('unknown stopped');
    expect(isAlive(Number(line))).to.equal(false);
  });

  it('counts a command that exits 0 because it was stopped as unknown', async () => {
    const { observe, of } = recordingObserve();
    const stop = new AbortController();
    const command = node(
      "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('up');",
    );
    const firing = fire({ command }, { parts: { observe }, signal: stop.signal });
    await until(() => of('command-output')[0], 'the start');
    stop.abort();
    expect(shown(await firing)).to.equal('unknown stopped');
  });

  it('kills processes that a command leaves running, and keeps the command’s outcome', async () => {
    const { observe, of } = recordingObserve();
    expect(
      shown(await fire({ command: node(`${WITH_CHILD} child.unref();`) }, { parts: { observe } })),
    ).to.equal('delivered');
    const [, child] = (of('command-output')[0]?.line ?? '').split(' ').map(Number);
    expect(child).to.be.a('number');
    await until(() => !isAlive(child ?? 0), 'the end of the child');
  });

  it('runs in the folder of the configuration, or in its workingDirectory', async () => {
    const { observe, of } = recordingObserve();
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-')));
    mkdirSync(join(folder, 'sub'));
    const command = node('console.log(process.cwd())');
    await fire({ command }, { parts: { observe, folder } });
    await fire({ command, workingDirectory: 'sub' }, { parts: { observe, folder } });
    expect(of('command-output').map(({ line }) => line)).to.deep.equal([
      folder,
      join(folder, 'sub'),
    ]);
  });

  it('kills running commands when the process crashes', async () => {
    const gateway = fileURLToPath(new URL('support/crashes-at-once.ts', import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, [gateway], { encoding: 'utf8' });
    expect(stderr).to.include('a crash');
    const pids = stdout.trim().split(' ').map(Number);
    expect(pids).to.have.lengthOf(2);
    for (const pid of pids) await until(() => !isAlive(pid), `the end of ${pid}`);
  });

  it('leaves no listener on the process when nothing runs', async () => {
    const before = process.listenerCount('exit');
    await fire({ command: node('') });
    expect(process.listenerCount('exit')).to.equal(before);
  });

  it('never lets a message reach a shell or grow the environment without bound', async () => {
    const { observe, of } = recordingObserve();
    const message = `$(touch its) "; exit 9 ##\0${'é'.repeat(40_000)}`;
    const delivery = aDelivery({ event: anEvent({ message }) });
    const program =
      'console.log(JSON.stringify([process.env.SLUICE_MESSAGE.slice(0, 29), process.env.SLUICE_MESSAGE.slice(-50), Buffer.byteLength(process.env.SLUICE_MESSAGE)]))';
    const trigger = execKind.create({ command: node(program) }, someParts({ observe }));
    expect(shown((await trigger.fire([delivery], NEVER))[0])).to.equal('delivered');
    const [start, end, bytes] = JSON.parse(of('command-output')[0]?.line ?? '[]') as unknown[];
    expect(start).to.equal(message.replace('\0', '').slice(0, 29));
    expect(end).to.match(/é \[truncated: \d+ of 80025 bytes left out\]$/);
    expect(bytes).to.be.within(32_700, 32_768);
  });

  const sections: readonly { section: ExecSection; wanted: readonly string[] }[] = [
    { section: { command: ['sh', '-c', 'echo ${HOME} ${SLUICE_ID}'] }, wanted: [] },
    { section: { command: [''] }, wanted: ['wrong-value /command/0'] },
    { section: { command: ['a', 'b\0'] }, wanted: ['wrong-value /command/1'] },
    { section: { command: ['a', '${event.reason}'] }, wanted: ['template-place /command/1'] },
    {
      section: { command: ['a'], env: { SLUICE_ID: 'x' } },
      wanted: ['wrong-value /env/SLUICE_ID'],
    },
    { section: { command: ['a'], env: { A: '\0' } }, wanted: ['wrong-value /env/A'] },
    { section: { command: ['a'], passEnv: ['TOKEN', 'SLUICE_DATA'] }, wanted: [] },
    { section: { command: ['a'], passEnv: ['SLUICE_ID'] }, wanted: ['wrong-value /passEnv/0'] },
    {
      section: { command: ['a'], passEnv: ['A', 'B'], env: { B: 'b' } },
      wanted: ['wrong-value /passEnv/1'],
    },
    {
      section: {
        command: ['sh', '-c', 'curl -H "$TOKEN" "${URL}"; X=1; echo "$X" ${Y:-y} $HOME $?'],
      },
      wanted: ['env-not-passed /command/2', 'env-not-passed /command/2'],
    },
    {
      section: { command: ['sh', '-c', 'echo "$A" "$B" "$PWD"'], passEnv: ['A'], env: { B: 'b' } },
      wanted: [],
    },
  ];
  for (const { section, wanted } of sections) {
    it(`finds ${wanted.join(', ') || 'nothing'} in ${JSON.stringify(section)}`, () => {
      const findings = execKind.check?.(section, CONTEXT) ?? [];
      expect(findings.map(({ code, path }) => `${code} ${path}`)).to.deep.equal(wanted);
    });
  }
});
