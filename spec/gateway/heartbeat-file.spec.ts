// The heartbeat file: there while the gateway is live, and the command that checks its age.

import { access, mkdtempDisposable, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { keepHeartbeatFile } from '../../lib/gateway/heartbeat-file.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { runLine } from '../cli/process-context.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const folder = () => mkdtempDisposable(join(tmpdir(), 'sluice-heartbeat-'));

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

describe('the heartbeat file', () => {
  it('is written at each beat, removed while the gateway is not live, and removed at a stop', async () => {
    await using at = await folder();
    const file = join(at.path, 'heartbeat');
    const clock = new FakeClock();
    const { observe, of } = recordingObserve();
    let live = true;
    const isLive = (): boolean => live;
    const beats = (count: number): Promise<unknown> =>
      until(() => of('heartbeat-file').length === count, `beat ${count}`);
    const kept = keepHeartbeatFile({ file, everyMs: 10_000, clock, observe, isLive });
    await beats(1);
    expect(JSON.parse(await readFile(file, 'utf8'))).to.deep.equal({
      time: '2026-01-31T12:00:00.000Z',
    });
    expect(await readdir(at.path)).to.deep.equal(['heartbeat']);
    await clock.advance(10_000);
    await beats(2);
    expect(await readFile(file, 'utf8')).to.include('12:00:10');
    live = false;
    await clock.advance(10_000);
    await beats(3);
    expect(await isThere(file)).to.equal(false);
    live = true;
    await clock.advance(10_000);
    await beats(4);
    await kept[Symbol.asyncDispose]();
    expect(await isThere(file)).to.equal(false);
  });

  it('reports that it cannot be written, and is tried again', async () => {
    await using at = await folder();
    const clock = new FakeClock();
    const { observe, of } = recordingObserve();
    const parts = { file: join(at.path, 'none', 'heartbeat'), everyMs: 1_000, clock, observe };
    const kept = keepHeartbeatFile({ ...parts, isLive: () => true });
    for (let count = 1; count <= 2; count += 1) {
      await until(() => of('heartbeat-file').length === count, `beat ${count}`);
      await clock.advance(1_000);
    }
    await kept[Symbol.asyncDispose]();
    expect(of('heartbeat-file')[0]?.failure).to.equal('no such file');
  });
});

describe('sluice probe', () => {
  it('exits 0 for a recent heartbeat, and 1 with the reason for an old or a missing one', async () => {
    await using at = await folder();
    const file = join(at.path, 'heartbeat');
    const clock = new FakeClock();
    const probe = (...flags: readonly string[]) =>
      runLine(['probe', '--heartbeat', file, ...flags], { clock });
    const missing = await probe();
    expect(missing).to.include({ code: 1, err: `sluice: heartbeat ${file}: no such file\n` });
    const observe = (): void => undefined;
    const beating = new FakeClock();
    const kept = keepHeartbeatFile({
      ...{ file, everyMs: 10_000, clock: beating, observe },
      isLive: () => true,
    });
    await until(() => isThere(file), 'the file');
    // The file system gives the file the time of this machine.
    const written = systemClock.now();
    clock.jump(written - clock.now());
    expect(await probe()).to.include({ code: 0, out: '', err: '' });
    const old = written / 1000 - 45;
    await utimes(file, old, old);
    expect(await probe('--max-age', '1m')).to.include({ code: 0 });
    const late = await probe();
    await kept[Symbol.asyncDispose]();
    expect(late.code).to.equal(1);
    expect(late.err).to.match(/^sluice: heartbeat \S+: 45s old \(expected at most 30s\)\n$/);
  });

  it('exits 1 if the file is from the future: the clock was set back, and no beat came since', async () => {
    await using at = await folder();
    const file = join(at.path, 'heartbeat');
    await writeFile(file, '');
    const clock = new FakeClock();
    const ahead = clock.now() / 1000 + 3_600;
    await utimes(file, ahead, ahead);
    const { code, err } = await runLine(['probe', '--heartbeat', file], { clock });
    expect(code).to.equal(1);
    expect(err).to.match(/: 1h ahead of the clock \(expected at most 30s\)\n$/);
  });

  it('needs the file', async () => {
    expect(await runLine(['probe'])).to.include({ code: 2 });
  });
});
