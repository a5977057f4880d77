// Observations of the gateway about itself, as one closed union. Code calls `observe(observation)`.
// One table in lib/telemetry maps each kind to log lines, metrics and the state of the gateway. An
// observation never has a secret.

import type { Decision, RuleRef, TrailEntry, TriggerDisposition } from './decision.ts';
import type { DeadReason, Delivery, DeliveryState, Outcome, PauseReason } from './delivery.ts';
import type { Occurrence } from './occurrence.ts';
import type { Permission } from './ports/kind.ts';
import type { Gap, LIST_PURPOSES, TroubleReason } from './ports/source.ts';
import type { DryRunFault } from './ports/trigger.ts';
import type { Problem } from './problem.ts';
import type { StoreObserved } from './store-observation.ts';

/** The state of the reader of one watch path. */
export type ReadingState = 'connecting' | 'listing' | 'watching' | 'waiting';

/** An occurrence was decided on, and its deliveries are committed. */
export interface DecisionObserved {
  readonly kind: 'decision';
  readonly occurrence: Occurrence;
  readonly decision: Decision;
  /** One for each trigger of the rule, in its order; empty on a rejection. */
  readonly disposed: readonly TriggerDisposition[];
  /** Makes the trail; called only if it is printed. */
  readonly explain: () => readonly TrailEntry[];
}

/** An observation of reading a watch path. */
export type ReadingObserved =
  | ({ readonly source: string; readonly path: string } & (
      | {
          readonly kind: 'reading';
          readonly state: ReadingState;
          readonly why: string;
          /** Of `waiting`: the error after which it waits. */
          readonly reason?: TroubleReason;
        }
      | {
          /**
           * Everything up to now was read. Observed at a stream's first proof of it and at the first one
           * after `path-stale`, not with each Event.
           */
          readonly kind: 'path-current';
        }
      | {
          /** For `ageMs` nothing has proved that everything was read. */
          readonly kind: 'path-stale';
          readonly ageMs: number;
        }
      | { readonly kind: 'watch-opened'; readonly resourceVersion: string }
      | {
          readonly kind: 'watch-ended';
          readonly reason: TroubleReason;
          readonly detail: string;
          readonly lastedMs: number;
          readonly retryMs: number;
        }
      | {
          readonly kind: 'list-ended';
          readonly purpose: (typeof LIST_PURPOSES)[number];
          readonly items: number;
          readonly pages: number;
          readonly durationMs: number;
        }
      | {
          readonly kind: 'list-failed';
          readonly reason: TroubleReason;
          readonly detail: string;
          readonly retryMs: number;
        }
      | { readonly kind: 'frame-skipped'; readonly bytes: number; readonly why: string }
      | { readonly kind: 'events-read'; readonly from: 'watch' | 'list'; readonly count: number }
    ))
  | { readonly kind: 'gap'; readonly gap: Gap }
  | {
      /** Observed for a scrape. */
      readonly kind: 'position-age';
      readonly source: string;
      /** Time since every path of the source was last proved current, or since the gateway started. */
      readonly ageMs: number;
    }
  | {
      /** A watch path of an earlier configuration is no longer read. */
      readonly kind: 'path-retired';
      readonly path: string;
      /** The paths that read its keys now; if there are none, the keys count as deleted. */
      readonly heirs: readonly string[];
    };

/** The state of a circuit breaker: it allows all attempts, none, or a single probe. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** The state of a pause: it allows no attempt, a single probe, or has ended. */
export type PauseState = 'paused' | 'trying' | 'over';

/** An observation of deliveries. */
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
      /** Set if it was repeated after a lost answer and the receiver could not recognize that. */
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
      /** Time until an attempt is allowed, in ms; 0 if one is. */
      readonly retryMs: number;
    }
  | {
      /** A lane paused, probes its receiver, or continues, because of the receiver's own request. */
      readonly kind: 'pause';
      readonly trigger: string;
      readonly reason: PauseReason;
      readonly state: PauseState;
      readonly why: string;
      /** Time until an attempt is allowed, in ms; 0 if one is. */
      readonly retryMs: number;
      /** The same moment on the clock of the due times; ms since 1970. */
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

/** A budget of `limits`; intake uses the same names. */
export type Budget = 'perObject' | 'total';

/** A user of a budget's tokens. */
export interface LimitUser {
  readonly rule: RuleRef;
  readonly trigger: string;
  /** The namespace of the Events. */
  readonly namespace: string;
  /** The involved object that has this budget; null for the common budget. */
  readonly object: string | null;
  /** How many tokens it took recently; 0 if unknown. */
  readonly taken: number;
}

/** An observation of the limits, made when a state begins and ends, not for each delivery. */
export type LimitObserved =
  | {
      /** A budget begins to hold deliveries, or no longer holds any. */
      readonly kind: 'budget';
      readonly budget: Budget;
      readonly state: 'used-up' | 'free';
      /** As in the configuration: `600/h`. */
      readonly rate: string;
      /** The user that took most of it, else the first one that waits for it; null once it is free. */
      readonly user: LimitUser | null;
    }
  | {
      /** A trigger holds as many deliveries as its bound allows, so further ones are shed. */
      readonly kind: 'shedding';
      readonly trigger: string;
      readonly state: 'began' | 'ended';
      /** The most deliveries that a trigger may hold. */
      readonly bound: number;
      /** New deliveries shed since it began. */
      readonly dropped: number;
      /** Held deliveries shed since it began, in favour of new ones of other namespaces. */
      readonly gaveWay: number;
      /** The namespace with the most held deliveries there, with the rule of its last one. */
      readonly longest: {
        readonly namespace: string;
        readonly rule: RuleRef;
        readonly held: number;
      } | null;
    };

/** An observation of the process and its configuration. */
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
      /** The same address now leads to another cluster. */
      readonly kind: 'cluster-changed';
      readonly from: string;
      readonly to: string;
      readonly orphaned: number;
    }
  | {
      /** The configuration was refused, so the last good one runs. */
      readonly kind: 'configuration-kept';
      /** The refused one. */
      readonly file: string;
      /** The running one, with its name at that time; often the same name. */
      readonly kept: string;
      readonly since: number;
      readonly problems: number;
    }
  | { readonly kind: 'cluster-waiting'; readonly server: string; readonly why: string }
  | { readonly kind: 'credentials-reread'; readonly why: string }
  | {
      /** Requests use a proxy. Observed at the first request, not at each one. */
      readonly kind: 'proxy-used';
      /** The trigger whose requests they are; null for requests to the API server. */
      readonly trigger: string | null;
      /** Its URL without credentials. */
      readonly proxy: string;
      /** The setting: a variable's name, `proxy-url` of the kubeconfig, or `proxy` of the trigger. */
      readonly from: string;
    }
  | {
      readonly kind: 'listening';
      readonly listener: 'probes' | 'api';
      readonly address: string;
      /** The file of the API's token; never the token. */
      readonly tokenFile?: string;
    }
  | {
      /** An Event about the gateway's own pod was written, or could not be. */
      readonly kind: 'pod-event';
      readonly reason: string;
      readonly message: string;
      /** Why it was not written; null if it was. */
      readonly failure: string | null;
    }
  | {
      /** The heartbeat file was written, or could not be. */
      readonly kind: 'heartbeat-file';
      readonly file: string;
      /** Null if it was. */
      readonly failure: string | null;
    }
  | {
      /** Lines of the log cannot be written to its file, or are written again. */
      readonly kind: 'log-file';
      readonly file: string;
      /** Null if they are written. */
      readonly failure: string | null;
    }
  | { readonly kind: 'stopping'; readonly why: string; readonly limitMs: number }
  | {
      readonly kind: 'stopped';
      /** Whether waiting deliveries survive the process. */
      readonly durable: boolean;
      /** Null if the store no longer answers. */
      readonly waiting: number | null;
      readonly abandoned: number;
    }
  | { readonly kind: 'bug'; readonly where: string; readonly error: unknown };

/** A permission as one verb on one resource; with a name on one object. */
export interface NeededAccess extends Pick<Permission, 'namespace' | 'group' | 'resource' | 'why'> {
  readonly verb: string;
  /** Null: every name. */
  readonly name: string | null;
}

/** An observation of what the cluster permits and accepts, made at a start until nothing is wrong. */
export type AccessObserved =
  | {
      /** The account lacks a permission, or has it now. */
      readonly kind: 'permission';
      readonly state: 'missing' | 'granted';
      readonly needed: NeededAccess;
      /** The reason of the authorizer; often empty. */
      readonly detail: string;
    }
  | {
      /** The API server did not say which permissions the account has, or has said so now. */
      readonly kind: 'access-review';
      readonly state: 'failed' | 'answered';
      readonly why: string;
    }
  | {
      /** A dry run of a trigger shows that its deliveries will be refused, or no longer does. */
      readonly kind: 'dry-run';
      readonly trigger: string;
      readonly state: 'refused' | 'accepted';
      /** Null if it is accepted. */
      readonly fault: DryRunFault | null;
      readonly detail: string;
    };

/** Any observation of the gateway about itself. */
export type Observation =
  | DecisionObserved
  | ReadingObserved
  | DeliveryObserved
  | LimitObserved
  | StoreObserved
  | LifecycleObserved
  | AccessObserved;

/** Each observation by its kind, for tables with one row a kind. */
export type ByKind<O extends { readonly kind: string }> = {
  readonly [K in O['kind']]: Extract<O, { kind: K }>;
};

/** Receives observations. It never throws and never waits. */
export type Observe = (observation: Observation) => void;

/** One of the checks that liveness and readiness consist of, and those of the triggers. */
export interface HealthCheck {
  /** `progress`, `cluster`, `store`, `source NAME` or `trigger NAME`. */
  readonly name: string;
  readonly healthy: boolean;
  /** For people; '' if there is nothing to say. */
  readonly message: string;
}

/** Liveness and readiness of the gateway, with reasons. */
export interface Health {
  /** False only if a restart of the process helps. */
  readonly live: boolean;
  readonly ready: boolean;
  /** Reasons why it is not ready, for people; empty if it is. */
  readonly why: readonly string[];
  /** Failures that do not affect readiness, such as an open breaker. */
  readonly notes: readonly string[];
}
