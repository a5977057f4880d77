// `sluice record` of a `sluice playback`: the recording equals the played one, over HTTP.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { stringAt } from '../../lib/core/json-object.ts';
import { type Playback, startPlayback } from '../../lib/playback/playback.ts';
import { openRecording, type RecordingEntry } from '../../lib/playback/recording.ts';
import { anEvent } from '../support/builders.ts';
import { EventsWorld } from '../support/events-world.ts';
import { until } from '../support/until.ts';
import { specMachine } from './process-context.ts';

function entry(type: RecordingEntry['type'], name: string, count: number): RecordingEntry {
  const metadata = { name, namespace: 'shop', managedFields: [{ manager: 'x' }] };
  return { at: Date.UTC(2026, 0, 31), type, object: anEvent({ metadata, count }) };
}

const played: readonly RecordingEntry[] = [
  entry('ADDED', 'a', 1),
  entry('ADDED', 'b', 1),
  entry('MODIFIED', 'a', 2),
  entry('DELETED', 'b', 1),
  entry('MODIFIED', 'a', 3),
];

const shape = ({ type, object }: RecordingEntry): string =>
  `${type} ${stringAt(object, 'metadata', 'name')} ×${JSON.stringify(object['count'])}`;

describe('sluice record', () => {
  let folder = '';
  let playback: Playback;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-record-'));
    const machine = specMachine();
    const options = { recording: played, speed: 'full', host: '127.0.0.1', port: 0 } as const;
    playback = await startPlayback(options, machine);
  });
  afterEach(async () => {
    await playback[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it('writes each change when it arrives, deletions with their last state, without managed fields', async () => {
    const file = join(folder, 'recording.ndjson');
    const machine = specMachine();
    const args = ['record', '--master', playback.url, '--namespaces', 'shop', '--output', file];
    const recording = runCommandLine(args, machine);
    await until(
      async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').length > played.length,
      'everything to be recorded',
    );
    machine.stopping.abort();
    expect(await recording, machine.err()).to.equal(0);
    const recorded = await Array.fromAsync(openRecording(file));
    // A deletion may be noticed together with changes of other objects, but never before its own.
    expect(recorded.map(shape)).to.have.members(played.map(shape));
    const ofB = recorded.map(shape).filter((text) => text.includes(' b '));
    expect(ofB).to.deep.equal(['ADDED b ×1', 'DELETED b ×1']);
    expect(await readFile(file, 'utf8')).not.to.include('managedFields');
  });

  it('writes a deletion that a list shows after the position was compacted', async () => {
    await using world = await EventsWorld.start();
    for (const name of ['went', 'kept']) world.write(name);
    world.write('other', 'pay');
    const file = join(folder, 'recording.ndjson');
    const machine = specMachine();
    const args = ['record', '--master', world.server.url, '--namespaces', 'shop,pay'];
    const recording = runCommandLine([...args, '--output', file], machine);
    const recorded = async (): Promise<readonly string[]> =>
      (await Array.fromAsync(openRecording(file))).map(shape);
    try {
      await until(() => world.openWatches === 2, 'the watches');
      world.cut();
      world.remove('went');
      world.write('new');
      world.compact();
      await until(async () => (await recorded()).length >= 2, 'the relist');
    } finally {
      machine.stopping.abort();
    }
    expect(await recording, machine.err()).to.equal(0);
    expect(await recorded()).to.deep.equal(['ADDED new ×3', 'DELETED went ×3']);
  });

  it('ends after its duration', async () => {
    const machine = specMachine();
    const args = ['record', '--master', playback.url, '--for', '200ms', '--namespaces', '*'];
    expect(await runCommandLine(args, machine), machine.err()).to.equal(0);
    expect(machine.err()).to.match(/recorded \d+ notifications/);
  });

  it('says why it cannot write to an output', async () => {
    const machine = specMachine();
    const output = join(folder, 'none', 'x.ndjson');
    const args = ['record', '--master', playback.url, '--output', output];
    expect(await runCommandLine(args, machine)).to.equal(1);
    expect(machine.err()).to.include(output).and.to.include('next step');
  });
});
