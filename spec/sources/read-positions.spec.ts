// Proofs that a source of several paths is current.

import { expect } from 'chai';
import type { Batch } from '../../lib/core/ports/source.ts';
import { Reading } from '../support/reading.ts';
import { until } from '../support/until.ts';
import { openBench } from './events-bench.ts';

describe('the proof of a source with two paths', () => {
  it('is as old as the older one, and absent until each has one', async () => {
    await using bench = await openBench();
    const source = bench.create({ namespaces: ['shop', 'pay'] });
    expect(source.provedAt).to.equal(null);
    await using reading = new Reading((signal) => source.batches(new Map(), signal));
    await until(() => bench.world.openWatches === 2, 'the watches');
    const first = source.provedAt;
    expect(first).to.be.a('number');
    await bench.clock.advance(1_000);
    bench.world.write('a', 'shop');
    await reading.have((batches) => countOf(batches) === 1, 'the first');
    expect(source.provedAt).to.equal(first);
    bench.world.write('b', 'pay');
    await reading.have((batches) => countOf(batches) === 2, 'both');
    expect(source.provedAt).to.be.above(first ?? 0);
  });
});

function countOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { occurrences }) => sum + occurrences.length, 0);
}
