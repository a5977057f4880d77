// A recording served as an API server: what LIST and WATCH answer, over real sockets.
import { expect } from 'chai';
import { type Json, jsonAt, stringAt } from '../../lib/core/event.ts';
import type { Playback } from '../../lib/playback/playback.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { anEntry, aPlayback, ask, watch } from './support.ts';

const EVENTS = '/api/v1/events';
const SHOP = '/api/v1/namespaces/shop/events';

function keysOf(list: Json): readonly string[] {
  const items = jsonAt(list, 'items');
  return (Array.isArray(items) ? items : []).map(
    (item: Json) =>
      `${stringAt(item, 'metadata', 'namespace')}/${stringAt(item, 'metadata', 'name')}`,
  );
}

describe('playback', () => {
  let playback: Playback | undefined;
  const served = async (...made: Parameters<typeof aPlayback>): Promise<Playback> => {
    playback = await aPlayback(...made);
    return playback;
  };
  let clock: FakeClock;
  beforeEach(() => {
    clock = new FakeClock();
  });
  afterEach(async () => {
    await playback?.[Symbol.asyncDispose]();
    playback = undefined;
  });

  describe('discovery', () => {
    const documents: readonly [string, string, string][] = [
      ['/api', 'kind', 'APIVersions'],
      ['/apis', 'kind', 'APIGroupList'],
      ['/api/v1', 'groupVersion', 'v1'],
      ['/version', 'major', '1'],
      ['/api/v1/namespaces', 'kind', 'NamespaceList'],
      ['/api/v1/namespaces/kube-system', 'kind', 'Namespace'],
      ['/api/v1/namespaces/anything', 'kind', 'Namespace'],
    ];
    for (const [path, field, value] of documents) {
      it(`answers ${path}`, async () => {
        const { status, body } = await ask(await served([]), path);
        expect(status).to.equal(200);
        expect(body[field]).to.equal(value);
      });
    }

    for (const path of ['/healthz', '/livez', '/readyz']) {
      it(`is well at ${path}`, async () => {
        const response = await fetch(`${(await served([])).url}${path}`);
        expect([response.status, await response.text()]).to.deep.equal([200, 'ok']);
      });
    }

    it('gives kube-system the same uid each time, and another one for another cluster', async () => {
      const uids: string[] = [];
      for (const cluster of ['a', 'a', 'b']) {
        await using one = await aPlayback([], { cluster });
        const { body } = await ask(one, '/api/v1/namespaces/kube-system');
        uids.push(stringAt(body, 'metadata', 'uid'));
      }
      expect(uids[0]).to.match(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      expect(uids[1]).to.equal(uids[0]);
      expect(uids[2]).not.to.equal(uids[0]);
    });
  });

  describe('refusals', () => {
    const refused: readonly [string, string, number, string][] = [
      ['GET', '/apis/batch/v1/jobs', 404, 'NotFound'],
      ['GET', '/api/v1/pods', 404, 'NotFound'],
      ['GET', `${SHOP}/nothing`, 404, 'NotFound'],
      ['POST', SHOP, 405, 'MethodNotAllowed'],
      ['DELETE', `${SHOP}/a`, 405, 'MethodNotAllowed'],
      ['POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', 404, 'NotFound'],
      ['GET', `${EVENTS}?fieldSelector=type%3DWarning`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?limit=x`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?continue=x`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?resourceVersion=x`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?watch=1&resourceVersion=x`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?watch=1&sendInitialEvents=true`, 422, 'Invalid'],
      ['GET', `${EVENTS}?resourceVersion=99999999`, 504, 'Timeout'],
      ['GET', `${EVENTS}?resourceVersion=1000&resourceVersionMatch=Exact`, 410, 'Expired'],
      ['GET', '/api/v1/namespaces/%zz/events', 400, 'BadRequest'],
    ];
    for (const [method, path, code, reason] of refused) {
      it(`answers ${method} ${path} with a Status ${code} ${reason}`, async () => {
        const one = await served([anEntry('shop/a')]);
        await one.done;
        const { status, headers, body } = await ask(one, path, { method });
        expect(status).to.equal(code);
        expect(headers.get('content-type')).to.equal('application/json');
        expect(body).to.include({
          kind: 'Status',
          apiVersion: 'v1',
          status: 'Failure',
          reason,
          code,
        });
      });
    }
  });

  describe('LIST', () => {
    it('answers what exists by key, without kind and apiVersion, at the newest version', async () => {
      const one = await served([anEntry('shop/b'), anEntry('pay/z'), anEntry('shop/a')]);
      await one.done;
      const { body } = await ask(one, EVENTS);
      expect(body['kind']).to.equal('EventList');
      expect(stringAt(body, 'metadata', 'resourceVersion')).to.equal('1003');
      expect(keysOf(body)).to.deep.equal(['pay/z', 'shop/a', 'shop/b']);
      expect(jsonAt(body, 'items', '0')).to.equal(undefined);
      const [item] = body['items'] as readonly Json[];
      expect(item).to.not.have.any.keys('kind', 'apiVersion');
      expect(stringAt(item, 'metadata', 'resourceVersion')).to.equal('1002');
    });

    it('keeps to a namespace', async () => {
      const one = await served([anEntry('shop/b'), anEntry('pay/z')]);
      await one.done;
      expect(keysOf((await ask(one, SHOP)).body)).to.deep.equal(['shop/b']);
    });

    it('keeps the state and version of the first page, whatever happens between pages', async () => {
      const one = await served(
        [
          ...['a', 'b', 'c', 'd', 'e'].map((name) => anEntry(`shop/${name}`)),
          anEntry('shop/c', 'DELETED', 1000),
          anEntry('shop/bb', 'ADDED', 1000),
        ],
        { speed: 1 },
        clock,
      );
      await until(() => one.progress().applied === 5, 'the first five');
      const first = (await ask(one, `${SHOP}?limit=2`)).body;
      expect(keysOf(first)).to.deep.equal(['shop/a', 'shop/b']);
      expect(jsonAt(first, 'metadata', 'remainingItemCount')).to.equal(3);
      await clock.advance(1000);
      await until(() => one.progress().applied === 7, 'all seven');
      const token = stringAt(first, 'metadata', 'continue');
      const second = (await ask(one, `${SHOP}?limit=2&continue=${token}`)).body;
      expect(keysOf(second)).to.deep.equal(['shop/c', 'shop/d']);
      const rest = stringAt(second, 'metadata', 'continue');
      const third = (await ask(one, `${SHOP}?limit=2&continue=${rest}`)).body;
      expect(keysOf(third)).to.deep.equal(['shop/e']);
      expect(jsonAt(third, 'metadata')).to.deep.equal({ resourceVersion: '1005' });
      expect(stringAt(second, 'metadata', 'resourceVersion')).to.equal('1005');
    });

    it('refuses to go on after a compaction with 410 Expired', async () => {
      const entries = [anEntry('shop/a'), anEntry('shop/b'), anEntry('shop/c', 'ADDED', 1000)];
      const one = await served(entries, { speed: 1 }, clock);
      await until(() => one.progress().applied === 2, 'the first two');
      const token = stringAt((await ask(one, `${SHOP}?limit=1`)).body, 'metadata', 'continue');
      expect((await ask(one, `${SHOP}?limit=1&continue=${token}`)).status).to.equal(200);
      await clock.advance(1000);
      await one.done;
      one.compact();
      const { status, body } = await ask(one, `${SHOP}?limit=1&continue=${token}`);
      expect(status).to.equal(410);
      expect(body).to.include({ kind: 'Status', reason: 'Expired', code: 410 });
    });

    it('keeps no more than 64 unfinished lists', async () => {
      const one = await served([anEntry('shop/a'), anEntry('shop/b')]);
      await one.done;
      const begin = async () =>
        stringAt((await ask(one, `${SHOP}?limit=1`)).body, 'metadata', 'continue');
      const first = await begin();
      for (let more = 0; more < 63; more += 1) await begin();
      expect((await ask(one, `${SHOP}?continue=${first}`)).status).to.equal(200);
      await begin();
      expect((await ask(one, `${SHOP}?continue=${first}`)).status).to.equal(410);
    });
  });

  describe('WATCH', () => {
    const life = [
      anEntry('shop/a'),
      anEntry('pay/b'),
      anEntry('shop/a', 'MODIFIED'),
      anEntry('shop/a', 'DELETED'),
    ];

    it('tells every change after a version once and in order', async () => {
      const one = await served(life);
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1001`);
      await open.has(3);
      expect(open.told()).to.deep.equal(['ADDED pay/b', 'MODIFIED shop/a', 'DELETED shop/a']);
      expect(
        open.lines.map((line) => stringAt(line, 'object', 'metadata', 'resourceVersion')),
      ).to.deep.equal(['1002', '1003', '1004']);
      expect(jsonAt(open.lines[0], 'object')).to.include({ kind: 'Event', apiVersion: 'v1' });
      open.close();
    });

    it('keeps to a namespace', async () => {
      const one = await served(life);
      const open = await watch(
        one,
        '/api/v1/namespaces/pay/events?watch=true&resourceVersion=1000',
      );
      await open.has(1);
      expect(open.told()).to.deep.equal(['ADDED pay/b']);
      open.close();
    });

    it('begins with what exists where no version is named', async () => {
      const one = await served(life.slice(0, 2));
      await one.done;
      const open = await watch(one, `${EVENTS}?watch=1`);
      await open.has(2);
      expect(open.told()).to.deep.equal(['ADDED pay/b', 'ADDED shop/a']);
      open.close();
    });

    it('ends cleanly after timeoutSeconds', async () => {
      const one = await served(life, {}, clock);
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000&timeoutSeconds=30`);
      await open.has(4);
      await clock.advance(30_000);
      expect(await open.ended).to.equal(4);
    });

    it('waits in silence at a version of the future', async () => {
      const one = await served(
        [anEntry('shop/a'), anEntry('shop/b', 'ADDED', 1000)],
        { speed: 1 },
        clock,
      );
      await until(() => one.progress().applied === 1, 'the first');
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1002&timeoutSeconds=30`);
      await clock.advance(1000);
      await one.done;
      await clock.advance(30_000);
      expect([open.status, await open.ended]).to.deep.equal([200, 0]);
    });

    it('answers a compacted version with 200 and an ERROR 410 in the stream', async () => {
      const one = await served(life);
      await one.done;
      one.compact();
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1003`);
      expect([open.status, await open.ended]).to.deep.equal([200, 1]);
      expect(open.lines[0]?.['type']).to.equal('ERROR');
      expect(jsonAt(open.lines[0], 'object')).to.include({
        kind: 'Status',
        code: 410,
        reason: 'Expired',
        message: 'The resourceVersion for the provided watch is too old.',
      });
    });

    it('goes on from the version of the compaction itself', async () => {
      const one = await served(life, {}, clock);
      await one.done;
      one.compact();
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1004&timeoutSeconds=30`);
      await clock.advance(30_000);
      expect(await open.ended).to.equal(0);
    });

    it('compacts at each turn up to the version of the turn before', async () => {
      const entries = [anEntry('shop/a'), anEntry('shop/b', 'ADDED', 90_000)];
      const one = await served(entries, { speed: 1, compactEveryMs: 60_000 }, clock);
      await until(() => one.progress().applied === 1, 'the first');
      await clock.advance(61_000);
      const early = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await early.has(1);
      expect(early.told()).to.deep.equal(['ADDED shop/a']);
      early.close();
      await clock.advance(60_000);
      const late = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      expect(await late.ended).to.equal(1);
      expect(late.lines[0]?.['type']).to.equal('ERROR');
    });

    it('tells what a server can have seen, whatever the recording began with', async () => {
      const one = await served([
        anEntry('shop/old', 'MODIFIED'),
        anEntry('shop/old', 'ADDED'),
        anEntry('shop/never', 'DELETED'),
        { at: 0, type: 'ADDED', object: { reason: 'nameless' } },
      ]);
      await one.done;
      expect(one.progress()).to.deep.equal({ applied: 2, skipped: 2 });
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await open.has(2);
      expect(open.told()).to.deep.equal(['ADDED shop/old', 'MODIFIED shop/old']);
      open.close();
    });

    it('counts exactly beyond 2^53', async () => {
      const one = await served([anEntry('shop/a'), anEntry('shop/b')], {
        firstVersion: 2n ** 53n,
      });
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=9007199254740993`);
      await open.has(1);
      expect(stringAt(open.lines[0], 'object', 'metadata', 'resourceVersion')).to.equal(
        '9007199254740994',
      );
      open.close();
    });

    it('escapes what breaks lines elsewhere, as Go does', async () => {
      const object = {
        metadata: { name: 'a', namespace: 'shop' },
        message: 'a\u2028<b>\ud800\u0000',
      };
      const one = await served([{ at: 0, type: 'ADDED', object }]);
      await one.done;
      const response = await fetch(`${one.url}${SHOP}`);
      const text = await response.text();
      expect(text).to.contain('a\\u2028\\u003cb\\u003e\\ud800\\u0000');
    });

    it('sends a client that reads slowly everything, and the others meanwhile', async () => {
      const message = 'm'.repeat(20_000);
      const many = Array.from({ length: 500 }, (_, place) => ({
        at: 0,
        type: 'ADDED' as const,
        object: { metadata: { name: `e${place}`, namespace: 'shop' }, message },
      }));
      const one = await served(many, { afterWatches: 2 });
      const slow = await fetch(`${one.url}${EVENTS}?watch=1&resourceVersion=1000`);
      const fast = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await fast.has(500);
      let bytes = 0;
      const chunks: AsyncIterable<Uint8Array> | null = slow.body;
      for await (const chunk of chunks ?? []) {
        bytes += chunk.length;
        if (bytes > 500 * 20_000 && chunk.at(-1) === 10) break;
      }
      await one.done;
      fast.close();
    });
  });

  describe('playing', () => {
    const entries = [
      anEntry('shop/a', 'ADDED', 5_000),
      anEntry('shop/b', 'ADDED', 6_000),
      anEntry('shop/c', 'ADDED', 15_000),
    ];
    const speeds: readonly [number | 'full', number, readonly number[]][] = [
      [1, 10_000, [1, 2, 2, 3]],
      [100, 100, [1, 2, 2, 3]],
    ];
    for (const [speed, spanMs, applied] of speeds) {
      it(`takes ${spanMs} ms for ten seconds at ${speed}x`, async () => {
        const one = await served(entries, { speed }, clock);
        const seen: number[] = [];
        for (const share of [0, 0.1, 0.89, 0.01]) {
          await clock.advance(spanMs * share);
          seen.push(one.progress().applied);
        }
        expect(seen).to.deep.equal(applied);
        await one.done;
      });
    }

    it('takes no time at full speed', async () => {
      const one = await served(entries, { speed: 'full' }, clock);
      await one.done;
      expect([one.progress().applied, clock.monotonic()]).to.deep.equal([3, 0]);
    });

    it('begins once as many watches are open as asked for', async () => {
      const one = await served(entries, { afterWatches: 2 });
      const first = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await until(async () => (await ask(one, EVENTS)).status === 200, 'a list');
      expect(one.progress().applied).to.equal(0);
      const second = await watch(one, `${SHOP}?watch=1&resourceVersion=1000`);
      await Promise.all([first.has(3), second.has(3), one.done]);
      first.close();
      second.close();
    });

    it('is done when every open watch was sent everything', async () => {
      const one = await served(entries, { afterWatches: 1 });
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000&timeoutSeconds=30`);
      await one.done;
      await open.has(3);
      open.close();
    });

    it('rejects done with what is wrong with the recording, and goes on serving', async () => {
      const broken = (function* () {
        yield anEntry('shop/a');
        throw new Error('line 2 is broken');
      })();
      const one = await served([], { recording: broken });
      const error: unknown = await one.done.catch((cause: unknown) => cause);
      expect(String(error)).to.contain('line 2 is broken');
      expect(keysOf((await ask(one, SHOP)).body)).to.deep.equal(['shop/a']);
    });

    it('names an address that is in use', async () => {
      const one = await served([]);
      const error: unknown = await aPlayback([], { port: one.port }).catch(
        (cause: unknown) => cause,
      );
      expect(error).to.include({ code: 'address-unusable' });
      expect(String(error)).to.contain(`127.0.0.1:${one.port}`);
    });

    it('ends open watches cleanly when disposed of, also twice', async () => {
      const one = await served(entries);
      const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000`);
      await open.has(3);
      await Promise.all([one[Symbol.asyncDispose](), one[Symbol.asyncDispose]()]);
      expect(await open.ended).to.equal(3);
    });
  });
});
