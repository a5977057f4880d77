// The watch suite over TLS, once over HTTP/1.1 and once over HTTP/2. The server of both speaks
// either; the client decides. The files of the suite run it over plain HTTP themselves.

import { expect } from 'chai';
import { frame, type Protocol, ReaderBench } from '../../support/reader-bench.ts';
import { silentStream } from './freshness.spec.ts';
import { halfOpen } from './half-open.spec.ts';
import { idleRelist } from './idle-relist.spec.ts';
import { secondWatch } from './idle-relist-proof.spec.ts';
import { pagedList } from './paged-list.spec.ts';
import { reflector } from './reflector.spec.ts';
import { faultyServer } from './reflector-early-end.spec.ts';
import { firstList, gapOfRelist } from './reflector-list.spec.ts';
import { refused } from './reflector-refused.spec.ts';
import { compacted } from './reflector-relist.spec.ts';
import { restarted } from './reflector-restart.spec.ts';

const SUITE = [
  ...[reflector, refused, compacted, restarted, faultyServer, firstList, gapOfRelist],
  ...[silentStream, idleRelist, secondWatch, pagedList, halfOpen],
];

const PROTOCOLS: readonly (readonly [Protocol, version: string])[] = [
  ['HTTP/1.1 over TLS', '1.1'],
  ['HTTP/2', '2.0'],
];

for (const [protocol, version] of PROTOCOLS) {
  describe(`the watch suite over ${protocol}`, () => {
    it(`sends every request by HTTP ${version}`, async () => {
      await using bench = await ReaderBench.open({}, undefined, { protocol });
      const watch = await bench.begin('10');
      watch.send(frame('ADDED', 'a', '11'));
      await bench.haveRead('a@11');
      expect(bench.server.log.map(({ httpVersion }) => httpVersion)).to.deep.equal([
        version,
        version,
      ]);
    });

    for (const define of SUITE) define(protocol);
  });
}
