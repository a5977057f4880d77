// The demo and its recording; requests go over real HTTP.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { isJsonObject, stringAt } from '../../lib/core/json-object.ts';
import { toOccurrence } from '../../lib/core/occurrence.ts';
import { decide } from '../../lib/filters/decide.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { openRecording, type RecordingEntry } from '../../lib/playback/recording.ts';
import { until } from '../support/until.ts';
import { VALIDATORS } from '../support/validators.ts';
import { runLine, specMachine } from './process-context.ts';

const root = new URL('../../', import.meta.url);
const recording = fileURLToPath(new URL('samples/demo.ndjson', root));
const config = fileURLToPath(new URL('samples/config.yaml', root));

describe('the recording of the demo', () => {
  let entries: readonly RecordingEntry[] = [];
  before(async () => {
    entries = await Array.fromAsync(openRecording(recording));
  });

  it('holds at least 500 notifications of several namespaces', () => {
    expect(entries.length).to.be.at.least(500);
    const namespaces = new Set(
      entries.map(({ object }) => stringAt(object, 'metadata', 'namespace')),
    );
    expect([...namespaces]).to.include.members(['shop', 'pay', 'batch', 'kube-system']);
  });

  const reasons = [
    'BackOff',
    'FailedMount',
    'FailedScheduling',
    'Completed',
    'Unhealthy',
    'BackoffLimitExceeded',
    'SuccessfulDelete',
  ];
  for (const reason of reasons) {
    it(`holds Events of the reason ${reason}`, () => {
      expect(entries.some(({ object }) => object['reason'] === reason)).to.equal(true);
    });
  }

  it('holds count updates and deletions', () => {
    const types = entries.map(({ type }) => type);
    expect(types.filter((type) => type === 'DELETED').length).to.be.at.least(10);
    const counted = entries.filter(
      ({ type, object }) => type === 'MODIFIED' && Number(object['count']) > 1,
    );
    expect(counted.length).to.be.at.least(100);
  });
});

describe('sluice demo', function () {
  this.timeout(60_000);

  it('starts one build for each series that the sample configuration accepts', async () => {
    const expected = await acceptedSeries();
    const { code, out, err } = await runLine(['demo', '--speed', 'full']);
    expect(code, err).to.equal(0);
    const started = out.split('\n').filter((line) => / accept queued /.test(line));
    const ids = started.map((line) => /[0-9a-z]{26}/.exec(line)?.[0]);
    expect(started).to.have.length(expected.size);
    expect(new Set(ids).size).to.equal(expected.size);
    expect(out).to.include(`${expected.size} builds were started`);
    expect(out).to.include(`attempts      ${expected.size} delivered`);
    expect(out).to.not.match(/^\S+Z (?:warn|error) /m);
  });

  it('begins with what it shows and with the command for a real cluster', async () => {
    const { out } = await runLine(['demo', '--speed', 'full']);
    const [first = '', ...next] = out.split('\n');
    expect(first).to.include('a recording');
    expect(next.slice(0, 5).join('\n')).to.match(
      /demo\.ndjson[\s\S]*config\.yaml[\s\S]*KUBECONFIG=/,
    );
  });

  it('prints one command that keeps it running, and no address that soon stops', async () => {
    const { out } = await runLine(['demo', '--config', config, '--speed', 'full']);
    const command = `sluice demo --config ${config} --speed full --stay`;
    expect(out.trimEnd().split('\n').at(-1)?.trim()).to.equal(command);
    const others = out.split('\n').filter((line) => line.includes('sluice demo'));
    for (const line of others) expect(line).to.include(command);
    expect(out).to.not.include('--url');
  });

  it('keeps running with --stay, and says at the end how to query it', async () => {
    const machine = specMachine();
    const ended = runCommandLine(['demo', '--speed', 'full', '--stay'], machine);
    const told = /runs until Ctrl-C\. Try:\n +sluice (deliveries list --url \S+)\n/;
    try {
      const found = await until(() => told.exec(machine.out()), 'all to be played', 30_000);
      const { code, err } = await runLine((found[1] ?? '').split(' '));
      expect(code, err).to.equal(0);
    } finally {
      machine.stopping.abort(new Error('SIGINT'));
    }
    expect(await ended).to.equal(0);
  });

  it('refuses a file that is not a recording', async () => {
    const { code, err } = await runLine(['demo', '--recording', config, '--speed', 'full']);
    expect(code).to.equal(2);
    expect(err).to.include('line 1');
  });
});

/** Identities of the series of which the recording has a state that the chain accepts. */
async function acceptedSeries(): Promise<ReadonlySet<string>> {
  const text = await readFile(config, 'utf8');
  const context = { namespace: 'sluice', buildNamespace: 'sluice', exec: 'allowed' as const };
  const { plan } = loadPlan({ ...context, text, validators: VALIDATORS });
  if (plan === null) throw new Error('the sample configuration is refused');
  const accepted = new Set<string>();
  for await (const { type, object } of openRecording(recording)) {
    if (type === 'DELETED' || !isJsonObject(object)) continue;
    const read = { source: 'cluster', path: '', from: 'watch', readAt: 0 } as const;
    const occurrence = toOccurrence(object, read);
    if (decide(plan.chain, occurrence).action !== 'accept') continue;
    accepted.add(JSON.stringify(occurrence.identity));
  }
  return accepted;
}
