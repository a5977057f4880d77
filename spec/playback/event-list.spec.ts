// LIST: pages of one consistent state, over real sockets.

import { expect } from 'chai';
import { type Json, jsonAt, stringAt } from '../../lib/core/json-object.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';
import { anEntry, ask, EVENTS, keysOf, SHOP, servedPerSpec } from './support.ts';

describe('playback', () => {
  const served = servedPerSpec();
  let clock: FakeClock;
  beforeEach(() => {
    clock = new FakeClock();
  });

  describe('LIST', () => {
    it('returns the Events by key, without kind and apiVersion, at the newest version', async () => {
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

    it('keeps the state and version of the first page, whatever changes between pages', async () => {
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

    it('refuses a continue token after a compaction with 410 Expired', async () => {
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
});
