// The positions from which a source resumes after the configuration moved its paths.

import { expect } from 'chai';
import type { Position } from '../../lib/core/ports/source.ts';
import { resumePositions } from '../../lib/gateway/recovery.ts';
import { successorsOf } from '../../lib/kubernetes/watch/watch-target.ts';
import { createMemoryStore } from '../../lib/stores/memory.ts';
import { aCommit } from '../support/builders.ts';
import { until } from '../support/until.ts';
import { gatewayBench } from './gateway-bench.ts';

type Read = Readonly<Record<string, readonly string[]>>;

const PATHS: Readonly<Record<string, string>> = { '*': '/api/v1/events' };
const pathOf = (namespace: string): string =>
  PATHS[namespace] ?? `/api/v1/namespaces/${namespace}/events`;
const at = (moment: number): Position => ({ resourceVersion: `${moment}00`, at: moment });

function sourcesOf(read: Read) {
  return Object.entries(read).map(([name, namespaces]) => {
    const watched = namespaces.map((one) => ({
      ...{ group: '', version: 'v1', resource: 'events', managedFields: 'left out' as const },
      namespace: one === '*' ? null : one,
    }));
    return { name, successorsOf: (path: string) => successorsOf(path, watched) };
  });
}

describe('the positions from which a source resumes', () => {
  const rows: readonly {
    readonly what: string;
    readonly kept: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly read: Read;
    readonly expected: Readonly<Record<string, number>>;
  }[] = [
    {
      what: 'its own',
      kept: { a: { shop: 1, pay: 2 } },
      read: { a: ['shop'] },
      expected: { shop: 1, pay: 2 },
    },
    {
      what: 'those of a source that was renamed',
      kept: { old: { shop: 1 } },
      read: { a: ['shop'] },
      expected: { shop: 1 },
    },
    {
      what: 'those of a source that gave it the namespace',
      kept: { b: { shop: 1, pay: 2 } },
      read: { b: ['shop'], a: ['pay'] },
      expected: { pay: 2 },
    },
    {
      what: 'the position of a path of another source that covered its own',
      kept: { b: { '*': 3 } },
      read: { b: ['shop'], a: ['pay'] },
      expected: { '*': 3 },
    },
    {
      what: 'none if another source still reads the path',
      kept: { b: { shop: 1 } },
      read: { b: ['shop'], a: ['shop'] },
      expected: {},
    },
    {
      what: 'none if the last reader of the path still reads it',
      kept: { old: { shop: 1 }, b: { shop: 2 } },
      read: { b: ['shop'], a: ['shop'] },
      expected: {},
    },
    {
      what: 'that of another source that read the path later',
      kept: { a: { shop: 1 }, old: { shop: 2 } },
      read: { a: ['shop'] },
      expected: { shop: 2 },
    },
    {
      what: 'its own if another source stopped before',
      kept: { a: { shop: 3 }, old: { shop: 2 } },
      read: { a: ['shop'] },
      expected: { shop: 3 },
    },
  ];
  for (const { what, kept, read, expected } of rows) {
    it(`are ${what}`, () => {
      const positions = new Map(
        Object.entries(kept).map(([name, paths]) => [name, positionsIn(paths)]),
      );
      const found = resumePositions('a', { positions, sources: sourcesOf(read) });
      expect([...found].toSorted()).to.deep.equal([...positionsIn(expected)].toSorted());
    });
  }

  it('are passed to a renamed source when the gateway starts', async () => {
    const store = createMemoryStore();
    const positions = positionsIn({ shop: 1 });
    await store.journal.commit(aCommit({ source: 'before', positions }));
    const bench = gatewayBench({ store });
    const running = bench.gateway.run(bench.stop.signal);
    await until(() => bench.source.positions.size > 0, 'positions for the source');
    expect(bench.source.positions).to.deep.equal(positions);
    bench.stop.abort(new Error('SIGTERM'));
    await until(async () => {
      await bench.clock.advance(100);
      return bench.source.ended;
    }, 'the end');
    await running;
  });
});

function positionsIn(paths: Readonly<Record<string, number>>): ReadonlyMap<string, Position> {
  return new Map(Object.entries(paths).map(([name, moment]) => [pathOf(name), at(moment)]));
}
