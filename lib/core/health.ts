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
