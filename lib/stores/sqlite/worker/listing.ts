// Deliveries for people, page by page in the order of commits. Whichever index leaves the least to
// look at leads; a page of what stands in some states is merged from one short list for each trigger
// and state, so that a million waiting deliveries do not hide ten dead ones.

import type { SQLInputValue } from 'node:sqlite';
import type { DeliveryCount, DeliveryQuery } from '../../../core/store.ts';
import type { WholeRow } from '../protocol.ts';
import type { Statements } from './database.ts';
import type { DeliveryRows } from './delivery-rows.ts';

/** So few are looked at one by one, whatever else is asked for. */
const FEW = 10_000;

interface Filter {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Lists deliveries. */
export class Listing {
  readonly #db: Statements;
  readonly #deliveries: DeliveryRows;

  constructor(db: Statements, deliveries: DeliveryRows) {
    this.#db = db;
    this.#deliveries = deliveries;
  }

  /** A page. */
  list(query: DeliveryQuery): readonly WholeRow[] {
    const after = query.after === undefined ? null : this.#deliveries.placeOf(query.after);
    // Of one that nobody knows nothing is behind.
    if (after === undefined) return [];
    return this.#places(query, after).flatMap((seq) => {
      const row = this.#deliveries.at(seq);
      return row === undefined ? [] : [this.#deliveries.whole(row)];
    });
  }

  #places(query: DeliveryQuery, after: number | null): readonly number[] {
    const { states, trigger, object, rule, limit, order = 'oldest' } = query;
    const within = this.#within(query, after);
    const counts = this.#deliveries.tally.counts.filter(
      (one) => (states?.includes(one.state) ?? true) && (trigger ?? one.trigger) === one.trigger,
    );
    const isNarrow = states !== undefined || trigger !== undefined;
    const standing = counts.reduce((sum, { count }) => sum + count, 0);
    if (isNarrow && (standing <= FEW || (object === undefined && rule === undefined))) {
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
      const standing = { sql: 'trigger = ? AND state = ?', values: [trigger, state] };
      const from = 'delivery INDEXED BY delivery_state';
      return this.#select(from, [standing, ...filters], { order, limit });
    });
    found.sort((a, b) => (order === 'newest' ? b - a : a - b));
    return found.slice(0, limit);
  }

  /** The rows among which all that is asked for are. */
  #within({ since, until, order }: DeliveryQuery, after: number | null): Filter {
    const { first, last } = this.#deliveries.making.span(since, until);
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
    return this.#db.column(sql, ...values, limit) as readonly number[];
  }
}

/** The index that leads where no state does, else the order of commits itself. */
function leaderOf({ object, rule }: DeliveryQuery): string {
  if (object !== undefined) return 'INDEXED BY delivery_object';
  return rule === undefined ? 'NOT INDEXED' : 'INDEXED BY delivery_rule';
}

function filtersOf({
  states,
  trigger,
  rule,
  object,
  since,
  until,
}: Partial<DeliveryQuery>): Filter[] {
  const filters: Filter[] = [];
  const add = (sql: string, value: SQLInputValue | undefined): void => {
    if (value !== undefined) filters.push({ sql, values: [value] });
  };
  if (states !== undefined) {
    filters.push({ sql: `state IN (${states.map(() => '?').join()})`, values: states });
  }
  add('trigger = ?', trigger);
  add('rule = ?', rule);
  add('object = ?', object);
  add('created_at >= ?', since);
  add('created_at < ?', until);
  return filters;
}
