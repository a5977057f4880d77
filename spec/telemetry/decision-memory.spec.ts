// Decisions with an info line: under `changes` those with news about their series.

import { expect } from 'chai';
import type { LoggingOptions } from '../../lib/telemetry/logging.ts';
import { DecisionMemory } from '../../lib/telemetry/observations/decision-line.ts';
import { anAcceptance, aRejection, aSeries, disposedAs } from '../support/builders.ts';
import { heard } from './support.ts';

const started = anAcceptance();
const repeat = anAcceptance({ disposed: [disposedAs('repeat')] });
const rejected = aRejection();

async function printed(
  decisions: LoggingOptions['decisions'],
  level: LoggingOptions['level'] = 'info',
): Promise<readonly string[]> {
  const { telemetry, lines } = heard({ decisions, level });
  for (const observed of [started, repeat, repeat, repeat, rejected, rejected]) {
    telemetry.observe(observed);
  }
  return (await lines()).map((text) => {
    const [, action = '', disposition = ''] = text.split(' ');
    return `${action} ${disposition}${/ \+\d+ states?$/.exec(text)?.[0] ?? ''}`;
  });
}

describe('logging.decisions', () => {
  const table: readonly [LoggingOptions['decisions'], readonly string[]][] = [
    ['changes', ['accept queued', 'accept repeat', 'reject - +2 states']],
    ['accepted', ['accept queued', 'accept repeat']],
    ['none', []],
    [
      'all',
      ['accept queued', 'accept repeat', 'accept repeat', 'accept repeat', 'reject -', 'reject -'],
    ],
  ];
  for (const [decisions, lines] of table) {
    it(`prints at ${decisions} ${lines.length} of six states`, async () => {
      expect(await printed(decisions)).to.deep.equal(lines);
    });
  }

  it('writes a debug line for each decision without an info line', async () => {
    expect(await printed('changes', 'debug')).to.have.length(6);
    expect(await printed('accepted', 'debug')).to.have.length(6);
    expect(await printed('none', 'debug')).to.have.length(0);
  });

  it('counts decisions without an info line in the metrics', async () => {
    const { telemetry } = heard();
    for (const observed of [started, repeat, repeat, repeat, rejected]) telemetry.observe(observed);
    const { text } = await telemetry.metrics();
    expect(text).to.match(/^sluice_decisions_suppressed_total 2$/m);
  });
});

describe('the memory of decisions', () => {
  it('distinguishes series by name, namespace, first time and source', () => {
    const memory = new DecisionMemory();
    const occurrence = aSeries('a');
    const others = [
      aSeries('b'),
      { ...occurrence, identity: ['pay', ...occurrence.identity.slice(1)] },
      { ...occurrence, identity: [...occurrence.identity.slice(0, 2), ''] },
      { ...occurrence, source: 'other' },
    ];
    memory.note(anAcceptance({ occurrence }));
    for (const other of others) {
      expect(memory.note(anAcceptance({ occurrence: other })).changed).to.equal(true);
    }
    expect(memory.note(anAcceptance({ occurrence })).changed).to.equal(false);
  });

  it('treats another rule or another disposition at one trigger as a change', () => {
    const memory = new DecisionMemory();
    const [first, second] = [disposedAs('queued'), { ...disposedAs('queued'), trigger: 'hook' }];
    const changes = [
      [first, second],
      [first, second],
      [first, { ...second, disposition: 'held' as const }],
    ].map((disposed) => memory.note(anAcceptance({ disposed })).changed);
    expect(changes).to.deep.equal([true, false, true]);
  });

  it('forgets the series seen least recently, which then get an info line again', () => {
    const memory = new DecisionMemory(4);
    const note = (name: string) => memory.note(anAcceptance({ occurrence: aSeries(name) })).changed;
    expect(['a', 'b', 'a', 'c'].map(note)).to.deep.equal([true, true, false, true]);
    expect(['a', 'b'].map(note)).to.deep.equal([false, true]);
  });

  it('never remembers more than its limit', () => {
    const memory = new DecisionMemory(10);
    for (let index = 0; index < 1_000; index += 1) {
      memory.note(anAcceptance({ occurrence: aSeries(`series-${index % 37}`) }));
      expect(memory.size).to.be.at.most(10);
    }
  });
});
