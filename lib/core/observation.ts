// What the gateway notices about itself, as one closed union. Code calls `observe(observation)`;
// only lib/telemetry knows how that becomes log lines and metrics, and lib/gateway how it becomes
// health. An observation never carries a secret.

import type { Decision, RuleRef, TrailEntry, TriggerDisposition } from './decision.ts';
import type { DeadReason, Delivery, DeliveryState, Outcome, PauseReason } from './delivery.ts';
import type { Occurrence } from './occurrence.ts';
import type { Problem } from './problem.ts';
import type { Gap } from './source.ts';
import type { StoreObserved } from './store-observation.ts';

/** Why a watch or a list ended or failed: the rows of the table in lib/kubernetes/watch/watch-error-table.ts. */
export type TroubleReason =
  | 'closed'
  | 'closed-early'
  | 'cut'
  | 'silent'
  | 'idle'
  | 'expired'
  | 'previous-value-lost'
  | 'storage-read-error'
  | 'version-too-large'
  | 'throttled'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'bad-request'
  | 'unavailable'
  | 'unreachable'
  | 'no-api-server'
  | 'too-large'
  | 'bad-list'
  | 'bad-frame'
  | 'server-error';

/** What the reading of one watch path is doing. */
export type ReadingState = 'connecting' | 'listing' | 'watching' | 'waiting';

/** An occurrence was judged, and what it started is committed. */
export interface DecisionObserved {
  readonly kind: 'decision';
  readonly occurrence: Occurrence;
  readonly decision: Decision;
  /** One for each trigger of the rule, in its order; empty on a rejection. */
  readonly disposed: readonly TriggerDisposition[];
  /** Makes the trail; called only by those who print it. */
  readonly explain: () => readonly TrailEntry[];
}

/** Something about reading a watch path. */
export type ReadingObserved =
  | {
      readonly kind: 'reading';
      readonly source: string;
      readonly path: string;
      readonly state: ReadingState;
      readonly why: string;
      /** Of `waiting`: the trouble that it waits after. */
      readonly reason?: TroubleReason;
    }
  | {
      /**
       * Everything up to now was read: the first proof of it by a stream, or after `path-stale`.
       * Not repeated with each Event.
       */
      readonly kind: 'path-current';
      readonly source: string;
      readonly path: string;
    }
  | {
      /** For so long nothing has proved that everything was read. */
      readonly kind: 'path-stale';
      readonly source: string;
      readonly path: string;
      readonly ageMs: number;
    }
  | {
      readonly kind: 'watch-opened';
      readonly source: string;
      readonly path: string;
      readonly resourceVersion: string;
    }
  | {
      readonly kind: 'watch-ended';
      readonly source: string;
      readonly path: string;
      readonly reason: TroubleReason;
      readonly detail: string;
      readonly lastedMs: number;
      readonly retryMs: number;
    }
  | {
      readonly kind: 'list-ended';
      readonly source: string;
      readonly path: string;
      readonly purpose: 'first' | 'relist' | 'refresh';
      readonly items: number;
      readonly pages: number;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'list-failed';
      readonly source: string;
      readonly path: string;
      readonly reason: TroubleReason;
      readonly detail: string;
      readonly retryMs: number;
    }
  | {
      readonly kind: 'frame-skipped';
      readonly source: string;
      readonly path: string;
      readonly bytes: number;
      readonly why: string;
    }
  | {
      readonly kind: 'events-read';
      readonly source: string;
      readonly path: string;
      readonly from: 'watch' | 'list';
      readonly count: number;
    }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | {
      /** A watch path of an earlier configuration is no longer read. */
      readonly kind: 'path-retired';
      readonly path: string;
      /** The paths that read its keys now; none: they are gone. */
      readonly heirs: readonly string[];
    };

/** Whether a circuit breaker lets attempts through: all, none, or one to try. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Whether a pause lasts, lets one attempt through to see, or is over. */
export type PauseState = 'paused' | 'trying' | 'over';

/** Something about deliveries. */
export type DeliveryObserved =
  | { readonly kind: 'attempt-started'; readonly delivery: Delivery }
  | {
      readonly kind: 'attempt-ended';
      readonly delivery: Delivery;
      readonly outcome: Outcome;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'delivery-moved';
      readonly delivery: Delivery;
      readonly from: DeliveryState;
      readonly to: DeliveryState;
      readonly dead: DeadReason | null;
      /** There where it was repeated after a lost answer and the receiver could not tell that. */
      readonly possiblyTwice?: true;
      readonly why: string;
    }
  | {
      /** A circuit breaker changed its state. */
      readonly kind: 'breaker';
      readonly trigger: string;
      readonly from: BreakerState;
      readonly to: BreakerState;
      readonly why: string;
      /** How long until an attempt is let through, in ms; 0 once one is. */
      readonly retryMs: number;
    }
  | {
      /** A lane was paused, tries, or goes on, for what its receiver said about itself. */
      readonly kind: 'pause';
      readonly trigger: string;
      readonly reason: PauseReason;
      readonly state: PauseState;
      readonly why: string;
      /** How long until an attempt is let through, in ms; 0 once one is. */
      readonly retryMs: number;
      /** When that is, by the clock of the deliveries' due times; ms since 1970. */
      readonly until: number;
    }
  | {
      readonly kind: 'queue-depth';
      readonly trigger: string;
      readonly state: DeliveryState;
      readonly count: number;
    }
  | {
      readonly kind: 'command-output';
      readonly trigger: string;
      readonly id: string;
      readonly stream: 'stdout' | 'stderr';
      readonly line: string;
    };

/** Something about the process and its configuration. */
export type LifecycleObserved =
  | {
      readonly kind: 'started';
      readonly version: string;
      readonly configuration: string;
      readonly form: 'ours' | 'original' | 'none';
    }
  | { readonly kind: 'configuration-problem'; readonly problem: Problem }
  | {
      readonly kind: 'cluster-found';
      readonly id: string;
      readonly from: 'kube-system' | 'namespace' | 'random';
      readonly server: string;
    }
  | {
      /** Another cluster stands behind the same name. */
      readonly kind: 'cluster-changed';
      readonly from: string;
      readonly to: string;
      readonly orphaned: number;
    }
  | {
      /** The configuration was refused; the last good one runs instead. */
      readonly kind: 'configuration-kept';
      /** The one that is refused. */
      readonly file: string;
      /** The one that runs, as it was named then; often the same. */
      readonly kept: string;
      readonly since: number;
      readonly problems: number;
    }
  | { readonly kind: 'cluster-waiting'; readonly server: string; readonly why: string }
  | { readonly kind: 'credentials-reread'; readonly why: string }
  | {
      /** Requests go through a proxy; observed when that begins, not for each request. */
      readonly kind: 'proxy-used';
      /** Whose requests; null: those to the API server. */
      readonly trigger: string | null;
      /** Its URL without credentials. */
      readonly proxy: string;
      /** The name of a variable, `proxy-url` of the kubeconfig, or `proxy` of the trigger. */
      readonly from: string;
    }
  | {
      readonly kind: 'listening';
      readonly listener: 'probes' | 'api';
      readonly address: string;
      /** Where the token of the API is; never the token. */
      readonly tokenFile?: string;
    }
  | { readonly kind: 'stopping'; readonly why: string; readonly limitMs: number }
  | {
      readonly kind: 'stopped';
      /** Whether what is left over survives the process. */
      readonly durable: boolean;
      /** Null where the store no longer answers. */
      readonly waiting: number | null;
      readonly abandoned: number;
    }
  | { readonly kind: 'bug'; readonly where: string; readonly error: unknown };

/** Anything the gateway notices about itself. */
export type Observation =
  | DecisionObserved
  | ReadingObserved
  | DeliveryObserved
  | LimitObserved
  | StoreObserved
  | LifecycleObserved;

/** Where observations go. It never throws and never waits. */
export type Observe = (observation: Observation) => void;

// What the gateway notices about its limits: a part of the union in observation.ts, with the words of
// budgets that intake uses as well.

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

// How the gateway says whether it lives and whether it does its work. Who makes it up is
// lib/gateway; who shows it is lib/http.

/** Whether the gateway lives, whether it does its work, and what it waits for. */
export interface Health {
  /** False only where a restart of the process is what helps. */
  readonly live: boolean;
  readonly ready: boolean;
  /** What is missing, for people; empty once ready. */
  readonly why: readonly string[];
  /** What does not work but does not keep the gateway from its work: an open breaker. */
  readonly notes: readonly string[];
}
