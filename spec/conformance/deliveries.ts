// The promises of `Deliveries` (lib/views/deliveries.ts) as cases for every implementation. A bench
// stores deliveries behind one implementation; no case knows how it reaches them.

import { expect } from 'chai';
import { pagesOf } from '../../lib/cli/deliveries/delivery-flags.ts';
import { DELIVERY_STATES, type Delivery } from '../../lib/core/delivery.ts';
import { ACTS } from '../../lib/delivery/actions.ts';
import type { Deliveries, DeliveriesQuery } from '../../lib/views/deliveries.ts';
import { TRAIL } from '../api/api-bench.ts';
import { aDelivery, anAttempt, idOf, numbered } from '../support/builders.ts';

/** One implementation over a store. */
export interface DeliveriesBench extends AsyncDisposable {
  readonly deliveries: Deliveries;
  /** Stores deliveries, each with a decision that has the trail `TRAIL`. */
  commit(deliveries: readonly Delivery[]): Promise<void>;
  /** Makes the store full. */
  fill(): void;
}

const ALL: DeliveriesQuery = { limit: 50, whole: false };

/** Declares the cases of an implementation. */
export function describeDeliveries(what: string, open: () => Promise<DeliveriesBench>): void {
  describe(`deliveries ${what}`, () => {
    let bench: DeliveriesBench;
    beforeEach(async () => void (bench = await open()));
    afterEach(() => bench[Symbol.asyncDispose]());
    const idsOf = async (query: Partial<DeliveriesQuery>): Promise<readonly string[]> => {
      const listed = await bench.deliveries.list({ ...ALL, ...query });
      return listed.ok ? listed.page.items.map(({ id }) => id) : [listed.detail];
    };

    it('list the newest first, page by page, and count once', async () => {
      await bench.commit([1, 2, 3].map((place) => numbered(place)));
      const first = await bench.deliveries.list({ ...ALL, limit: 2 });
      expect(first).to.deep.include({ ok: true });
      expect(first.ok && [first.page.next, first.page.total]).to.deep.equal([idOf(2), 3]);
      const last = await bench.deliveries.list({ ...ALL, after: idOf(2) });
      expect(last.ok && [last.page.next, last.page.total]).to.deep.equal([null, null]);
      expect(await idsOf({})).to.deep.equal([3, 2, 1].map(idOf));
      expect(await idsOf({ order: 'oldest' })).to.deep.equal([1, 2, 3].map(idOf));
    });

    it('list as many as the limit asks for, and every one on some page', async () => {
      const places = Array.from({ length: 40 }, (_, place) => place);
      await bench.commit(places.map((place) => numbered(place)));
      const newest = places.toReversed().map(idOf);
      expect(await idsOf({})).to.deep.equal(newest);
      const pages = await Array.fromAsync(pagesOf(bench.deliveries, { ...ALL, limit: 17 }));
      expect(pages.map(({ items }) => items.length)).to.deep.equal([17, 17, 6]);
      const found = pages.flatMap(({ items }) => items.map(({ id }) => id));
      expect(found).to.deep.equal(newest);
    });

    it('list by each filter, with a total if the store can count by it', async () => {
      await bench.commit([
        numbered(1, { state: 'held', object: 'v1/Node//node-1' }),
        numbered(2, { state: 'dead', dead: 'bug', trigger: 'other trigger&=' }),
        numbered(3, { rule: { index: 0, name: null, identity: '' } }),
      ]);
      type Row = readonly [Partial<DeliveriesQuery>, readonly number[], number | null];
      const rows: readonly Row[] = [
        [{ state: ['held'] }, [1], 1],
        [{ state: ['held', 'dead'] }, [2, 1], 2],
        [{ trigger: 'other trigger&=' }, [2], 1],
        [{ trigger: 'other trigger&=', state: ['held'] }, [], 0],
        [{ rule: '' }, [3], null],
        [{ object: 'Node/node-1' }, [1], null],
        [{ until: '2000-01-01T00:00:00Z' }, [], null],
        [{ since: '2000-01-01T00:00:00Z' }, [3, 2, 1], null],
      ];
      for (const [query, places, total] of rows) {
        const what = JSON.stringify(query);
        expect(await idsOf(query), what).to.deep.equal(places.map(idOf));
        const listed = await bench.deliveries.list({ ...ALL, ...query });
        expect(listed.ok && listed.page.total, what).to.equal(total);
      }
    });

    it('name the parameter that is invalid', async () => {
      const rows: readonly (readonly [keyof DeliveriesQuery, string, string])[] = [
        ['since', 'then', 'found "then", expected a time'],
        ['until', 'x', 'found "x", expected a time'],
        ['object', 'Widget/a/b', 'Widget is not a built-in kind'],
        ['after', idOf(9), 'this delivery no longer exists'],
      ];
      for (const [parameter, value, why] of rows) {
        const listed = await bench.deliveries.list({ ...ALL, [parameter]: value });
        expect(listed).to.include({ ok: false, parameter });
        expect(listed).to.have.property('detail').that.includes(`parameter ${parameter}: `);
        expect(listed).to.have.property('detail').that.includes(why);
      }
    });

    it('find a complete delivery, the same as in a list of complete ones', async () => {
      const outcome = { outcome: 'retry', reason: 'unavailable', detail: '503' } as const;
      const delivery = numbered(1, { attempts: [anAttempt({ outcome })], match: { a: 'b' } });
      await bench.commit([delivery]);
      const found = await bench.deliveries.find(idOf(1));
      expect(found).to.deep.include({ id: idOf(1), match: { a: 'b' } });
      expect(found?.occurrences).to.deep.equal(delivery.occurrences);
      expect(found?.lastFailure?.outcome).to.deep.equal(outcome);
      expect(found?.decision?.trail).to.deep.equal(TRAIL);
      const listed = await bench.deliveries.list({ ...ALL, whole: true });
      expect(listed.ok && listed.page.items).to.deep.equal([found]);
    });

    it('find nothing by an id that is unknown, or no id', async () => {
      for (const id of [aDelivery().id, 'no id', '..', '%2e', 'ü/x?y']) {
        expect(await bench.deliveries.find(id), id).to.equal(null);
        expect(await bench.deliveries.act('retry', id), id).to.include({ why: 'not-found' });
      }
    });

    it('say which id is unknown', async () => {
      for (const id of [aDelivery().id, 'no id', 'ü/x?y']) {
        const detail = `no delivery has the id "${id}"`;
        expect(await bench.deliveries.act('discard', id)).to.include({ ok: false, detail });
      }
    });

    for (const state of DELIVERY_STATES) {
      it(`act on one that is ${state}, or say which actions are possible`, async () => {
        const dead = state === 'dead' ? 'bug' : null;
        const places = [...ACTS.keys()];
        await bench.commit(places.map((place) => numbered(place, { state, dead })));
        for (const [place, name] of ACTS.entries()) {
          const acts = (await bench.deliveries.find(idOf(place)))?.acts ?? [];
          const result = await bench.deliveries.act(name, idOf(place));
          expect(result.ok, name).to.equal(acts.includes(name));
          if (result.ok) {
            expect(result.acted).to.include({ act: name, id: idOf(place), from: state });
            const isNew = result.acted.delivery.id !== idOf(place);
            expect(isNew, 'another delivery').to.equal(name === 'rerun');
          } else {
            expect(result).to.deep.include({ why: 'impossible', state, acts });
            const found = dead === null ? state : `${state} (${dead})`;
            expect(result.detail).to.equal(
              `cannot ${name} a delivery that is ${found}; possible: ${acts.join(', ')}`,
            );
          }
        }
      });
    }

    it('start nothing again if the store is full', async () => {
      await bench.commit([numbered(1)]);
      bench.fill();
      const result = await bench.deliveries.act('rerun', idOf(1));
      expect(result).to.include({ ok: false, why: 'full' });
      expect(result).to.have.property('detail').that.includes('the store is full');
    });
  });
}
