// Health, made up from observations alone: nobody reports to it specially, so it can not disagree
// with the log. Ready once the cluster is known and every source reads; else it says what it waits
// for.
import type { Health } from '../core/health.ts';
import type { Observation } from '../core/observation.ts';

type Reading = Extract<Observation, { kind: 'reading' }>;

/** Follows observations and says whether the gateway does its work. */
export class HealthWatch {
  /** Source → watch path → why it does not read; '' where it does. */
  readonly #sources = new Map<string, Map<string, string>>();
  #cluster = 'the cluster has not been reached yet';
  /** Triggers whose breaker is open; that stops one lane, not the gateway's work. */
  readonly #broken = new Set<string>();
  #stopping = false;

  constructor(sources: readonly string[]) {
    for (const name of sources) this.#sources.set(name, new Map());
  }

  /** Takes note of an observation. */
  observe(observation: Observation): void {
    if (observation.kind === 'cluster-found') this.#cluster = '';
    if (observation.kind === 'stopping') this.#stopping = true;
    if (observation.kind === 'cluster-waiting') {
      this.#cluster = `waiting for ${observation.server}: ${observation.why}`;
    }
    if (observation.kind === 'reading') this.#note(observation);
    if (observation.kind === 'breaker') this.#noteBreaker(observation);
  }

  /** What there is to say now. */
  health(): Health {
    const why = [...this.#reasons()];
    // Whoever reaches the probes reads this; what a receiver said and where it is, is in the log.
    const notes = [...this.#broken].map(
      (name) => `trigger ${name}: breaker open; the log says why`,
    );
    return { live: true, ready: why.length === 0, why, notes };
  }

  /** A path that has been read stays ready while its watch is renewed; only waiting ends that. */
  #note({ source, path, state, why }: Reading): void {
    const paths = this.#sources.get(source);
    if (state !== 'waiting' && state !== 'watching' && paths?.get(path) === '') return;
    paths?.set(path, reasonOf({ path, state, why }));
  }

  #noteBreaker({ trigger, to }: Extract<Observation, { kind: 'breaker' }>): void {
    if (to === 'open') this.#broken.add(trigger);
    if (to === 'closed') this.#broken.delete(trigger);
  }

  *#reasons(): Iterable<string> {
    if (this.#stopping) yield 'stopping';
    if (this.#cluster !== '') yield this.#cluster;
    for (const [source, paths] of this.#sources) {
      if (paths.size === 0) yield `source ${source}: not begun`;
      for (const why of paths.values()) if (why !== '') yield `source ${source}: ${why}`;
    }
  }
}

function reasonOf(reading: { path: string; state: string; why: string }): string {
  if (reading.state === 'watching') return '';
  const doing = `${reading.state} ${reading.path}`;
  return reading.why === '' ? doing : `${doing}: ${reading.why}`;
}
