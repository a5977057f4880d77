// What the gateway notices about its limits: a part of the union in observation.ts, with the words of
// budgets that intake uses as well.

import type { RuleRef } from './decision.ts';

/** A budget of `limits`. */
export type Budget = 'perObject' | 'total';

/** Who takes the tokens of a budget. */
export interface LimitUser {
  readonly rule: RuleRef;
  readonly trigger: string;
  /** Of the Events. */
  readonly namespace: string;
  /** The involved object whose own budget it is; null for the budget of all. */
  readonly object: string | null;
  /** How many tokens it took lately; 0 if that is not known. */
  readonly taken: number;
}

/** Something about the limits: said when it begins and when it ends, not for each delivery. */
export type LimitObserved =
  | {
      /** A budget begins to hold deliveries, or holds none any more. */
      readonly kind: 'budget';
      readonly budget: Budget;
      readonly state: 'used-up' | 'free';
      /** As the configuration writes it: `600/h`. */
      readonly rate: string;
      /** Who took most of it, else who waits for it first; null once it is free. */
      readonly user: LimitUser | null;
    }
  | {
      /** More deliveries than the bound would be held at a trigger. */
      readonly kind: 'shedding';
      readonly trigger: string;
      readonly state: 'began' | 'ended';
      /** So many may be held at a trigger. */
      readonly bound: number;
      /** Newcomers that were not taken, since it began. */
      readonly dropped: number;
      /** Held deliveries that were given up for newcomers of other namespaces, since it began. */
      readonly gaveWay: number;
      /** The namespace of which most are held there, with the rule of the last one. */
      readonly longest: {
        readonly namespace: string;
        readonly rule: RuleRef;
        readonly held: number;
      } | null;
    };
