// Pages of deliveries in the order of commits. The most selective index of a query is chosen. A page
// of some states is merged from one short list per trigger and state. A search for ten dead letters
// then does not scan a million waiting deliveries.

import type { SQLInputValue } from 'node:sqlite';
import type { DeliveryCount, DeliveryQuery } from '../../../core/ports/store.ts';
import type { WholeRow } from '../protocol.ts';
import type { Statements } from './database.ts';
import type { DeliveryRows } from './delivery-rows.ts';

/** Up to this number of deliveries a scan by state is fast, whatever the other filters are. */
const FEW = 10_000;

interface Filter {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Finds pages of deliveries. */
export class Listing {
  readonly #db: Statements;
  readonly #deliveries: DeliveryRows;

  constructor(db: Statements, deliveries: DeliveryRows) {
    this.#db = db;
    this.#deliveries = deliveries;
  }

  list(query: DeliveryQuery): readonly WholeRow[] {
    const after = query.after === undefined ? null : this.#deliveries.placeOf(query.after);
    // No delivery is after an unknown one.
    if (after === undefined) return [];
    return this.#places(query, after).flatMap((seq) => {
      const row = this.#deliveries.at(seq);
      return row === undefined ? [] : [this.#deliveries.whole(row)];
    });
  }

  #places(query: DeliveryQuery, after: number | null): readonly number[] {
    const { states, trigger, object, rule, limit, order = 'oldest' } = query;
    const within = this.#within(query, after);
    const counts = this.#deliveries.stateCounts.counts.filter(
      (one) => (states?.includes(one.state) ?? true) && (trigger ?? one.trigger) === one.trigger,
    );
    const isNarrow = states !== undefined || trigger !== undefined;
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    if (isNarrow && (total <= FEW || (object === undefined && rule === undefined))) {
      return this.#merged(query, counts, within);
    }
    const filters = [...filtersOf(query), within];
    return this.#select(`delivery ${leaderOf(query)}`, filters, { order, limit });
  }

  #merged(
    query: DeliveryQuery,
    counts: readonly DeliveryCount[],
    within: Filter,
  ): readonly number[] {
    const { limit, order = 'oldest' } = query;
    const { states: _states, trigger: _trigger, ...rest } = query;
    const filters = [...filtersOf(rest), within];
    const found = counts.flatMap(({ trigger, state }) => {
      const inState = { sql: 'trigger = ? AND state = ?', values: [trigger, state] };
      const from = 'delivery INDEXED BY delivery_state';
      return this.#select(from, [inState, ...filters], { order, limit });
    });
    found.sort((a, b) => (order === 'newest' ? b - a : a - b));
    return found.slice(0, limit);
  }

  /** A span of rows that includes every match. */
  #within({ since, until, order }: DeliveryQuery, after: number | null): Filter {
    const { first, last } = this.#deliveries.creationIndex.span(since, until);
    const from = after === null || order === 'newest' ? first : Math.max(first, after + 1);
    const to = after === null || order !== 'newest' ? last : Math.min(last, after - 1);
    return { sql: 'seq BETWEEN ? AND ?', values: [from, to] };
  }

  #select(
    from: string,
    filters: readonly Filter[],
    { order, limit }: { order: 'oldest' | 'newest'; limit: number },
  ): readonly number[] {
    const where = filters.map(({ sql }) => sql).join(' AND ');
    const direction = order === 'newest' ? 'DESC' : 'ASC';
    const sql = `SELECT seq FROM ${from} WHERE ${where} ORDER BY seq ${direction} LIMIT ?`;
    const values = filters.flatMap((filter) => filter.values);
    return this.#db.numbers(sql, ...values, limit);
  }
}

/** The index of a query without states; without object and rule it is the order of commits. */
function leaderOf({ object, rule }: DeliveryQuery): string {
  if (object !== undefined) return 'INDEXED BY delivery_object';
  return rule === undefined ? 'NOT INDEXED' : 'INDEXED BY delivery_rule';
}

function filtersOf({ states, ...query }: Partial<DeliveryQuery>): readonly Filter[] {
  const tests = {
    'trigger = ?': query.trigger,
    'rule = ?': query.rule,
    'object = ?': query.object,
    'created_at >= ?': query.since,
    'created_at < ?': query.until,
  };
  const filters = Object.entries(tests).flatMap(([sql, value]) =>
    value === undefined ? [] : [{ sql, values: [value] }],
  );
  if (states === undefined) return filters;
  return [{ sql: `state IN (${states.map(() => '?').join()})`, values: states }, ...filters];
}
