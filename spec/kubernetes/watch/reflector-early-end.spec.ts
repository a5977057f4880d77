// Faulty servers: watches that end at once or after one frame, and lists that cannot end. Requests
// are bounded, and a LIST replaces a watch.

import { expect } from 'chai';
import type { ParkedRequest } from '../../support/parked-request.ts';
import {
  errorFrame,
  eventAt,
  frame,
  type ReaderBench,
  readerSuite,
  shopAt,
} from '../../support/reader-bench.ts';
import { until } from '../../support/until.ts';

/** Answers all requests for this time, and counts those of each kind. */
async function requestsWithin(
  bench: ReaderBench,
  ms: number,
  answer: (request: ParkedRequest) => void,
): Promise<{ readonly lists: number; readonly watches: number }> {
  const { clock, server } = bench;
  let waiting = 0;
  server.answerBy((request) => {
    answer(request);
    waiting = clock.monotonic();
    return true;
  });
  const began = clock.monotonic();
  const [lists, watches] = [server.count('list'), server.count('watch')];
  while (clock.monotonic() - began < ms) {
    await clock.advance(100);
    // The last answer is still on its way over a real socket.
    if (waiting === clock.monotonic()) await settled(bench);
  }
  return { lists: server.count('list') - lists, watches: server.count('watch') - watches };
}

async function settled({ server }: ReaderBench): Promise<void> {
  let before = -1;
  await until(() => {
    const isStill = before === server.log.length;
    before = server.log.length;
    return isStill;
  }, 'the exchange to end');
}

export const faultyServer = readerSuite('the reflector with a faulty server', (open) => {
  it('lists after three watches that were closed at once and brought nothing', async () => {
    await using bench = await open({ positions: shopAt('10') });
    for (let times = 1; times <= 3; times += 1) (await bench.watch()).open().end();
    const items = [eventAt('meanwhile', '20')];
    (await bench.list()).list({ resourceVersion: '30', items });
    (await bench.watch()).open().send(frame('ADDED', 'later', '31'));
    await bench.haveRead('meanwhile@20', 'later@31');
    expect(bench.losses).to.deep.equal(['none']);
    const reasons = bench.observed.of('watch-ended').map(({ reason }) => reason);
    expect(reasons).to.deep.equal(['closed-early', 'closed-early', 'closed-early']);
  });

  for (const [name, end] of [
    [
      'brings only what was read before',
      (watch: ParkedRequest) => watch.send(frame('ADDED', 'a', '9')),
    ],
    [
      'brings only a bookmark of the same version',
      (watch: ParkedRequest) =>
        watch.send({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '10' } } }),
    ],
  ] as const) {
    it(`treats a watch that ${name} as one that brought nothing`, async () => {
      await using bench = await open({ positions: shopAt('10') });
      for (let times = 1; times <= 3; times += 1) {
        const watch = (await bench.watch()).open();
        end(watch);
        watch.end();
      }
      await bench.list();
    });
  }

  it('is not ready by a watch that may be closed at once again', async () => {
    await using bench = await open({ positions: shopAt('10') });
    (await bench.watch()).open().end();
    await bench.observedKind('watch-ended');
    (await bench.watch()).open();
    await bench.observedKind('watch-opened', 2);
    expect(bench.observed.of('reading').at(-1)?.state).to.equal('connecting');
    await bench.silence();
    await until(() => bench.observed.of('reading').at(-1)?.state === 'watching', 'watching');
  });

  it('continues reading by LISTs, a few in ten seconds, if no watch stays open', async () => {
    await using bench = await open({ positions: shopAt('10') });
    let version = 10;
    const requests = await requestsWithin(bench, 60_000, (request) => {
      if (request.kind === 'watch') request.open().end();
      else {
        version += 1;
        const [items, resourceVersion] = [[eventAt('a', String(version))], String(version)];
        request.list({ resourceVersion, items });
      }
    });
    expect(requests.lists).to.be.within(2, 8);
    expect(requests.watches).to.be.within(6, 30);
    expect(bench.read.at(-1)).to.equal(`a@${version}`);
  });

  for (const code of [410, 500, 503]) {
    it(`sends few requests if each watch brings one frame and then ERROR ${code}`, async () => {
      await using bench = await open({ positions: shopAt('10') });
      let version = 10;
      const requests = await requestsWithin(bench, 60_000, (request) => {
        version += 1;
        if (request.kind === 'list') request.list({ resourceVersion: String(version) });
        else
          request
            .open()
            .send(frame('ADDED', 'a', String(version)), errorFrame(code))
            .end();
      });
      expect(requests.lists).to.be.at.most(8);
      expect(requests.watches).to.be.within(2, 30);
    });
  }

  it('sends few requests if a list repeats its continue token', async () => {
    await using bench = await open();
    const requests = await requestsWithin(bench, 60_000, (request) => {
      request.list({ resourceVersion: '10', continue: 'same' });
    });
    expect(requests.lists).to.be.within(4, 24);
    expect(bench.observed.of('list-failed')[0]).to.include({ reason: 'bad-list' });
  });

  it('does not wait between the pages of a list', async () => {
    await using bench = await open();
    (await bench.list()).list({ resourceVersion: '90', continue: 'a', items: [eventAt('x', '1')] });
    (await bench.server.next('list')).list({ resourceVersion: '90' });
    await bench.server.next('watch');
  });
});
