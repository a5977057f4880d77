// What the demo counts while it runs, and says at its end. It sees observations and nothing else.

import type { Clock } from '../core/clock.ts';
import type { Disposition } from '../core/decision.ts';
import type { Observation } from '../core/observation.ts';

/** Nothing happened for so long: everything that was played has been judged and built. */
const QUIET_MS = 750;

/** Counts what a demo shows. */
export class DemoSummary {
  readonly #byRule = new Map<string, number>();
  readonly #dispositions = new Map<Disposition, number>();
  readonly #outcomes = new Map<string, number>();
  #states = 0;
  readonly #series = new Set<string>();
  #running = 0;
  #happened = 0;

  /** Takes note of an observation; may be handed on by itself. */
  readonly observe = (observation: Observation): void => {
    this.#happened += 1;
    if (observation.kind === 'attempt-started') this.#running += 1;
    if (observation.kind === 'attempt-ended') {
      this.#running -= 1;
      count(this.#outcomes, observation.outcome.outcome);
    }
    if (observation.kind !== 'decision') return;
    this.#states += 1;
    this.#series.add(JSON.stringify(observation.occurrence.series));
    const { rule, action } = observation.decision;
    count(this.#byRule, `${action} by ${rule === null ? 'default' : (rule.name ?? rule.index)}`);
    for (const { disposition } of observation.disposed) count(this.#dispositions, disposition);
  };

  /** Resolves once no attempt runs and nothing has been observed for a while. */
  async quiet(clock: Clock, signal: AbortSignal): Promise<void> {
    let before: number;
    do {
      before = this.#happened;
      await clock.sleep(QUIET_MS, signal);
    } while (this.#running > 0 || this.#happened !== before);
  }

  /** The last lines of a demo. */
  render(shown: { file: string; recording: string; program: string; again: string }): string {
    const { again } = shown;
    const started = this.#dispositions.get('queued') ?? 0;
    return (
      `\nThat was ${this.#states} states of ${this.#series.size} Events. ${started} builds were started, ` +
      'one for each Event that a rule accepted in some state.\n' +
      `  decisions     ${list(this.#byRule)}\n` +
      `  dispositions  ${list(this.#dispositions)}\n` +
      `  attempts      ${list(this.#outcomes)}\n` +
      `  Next: change ${shown.file} and run it again, or ask why an Event was decided so:\n` +
      `    ${shown.program} explain --config ${shown.file} --events ${shown.recording}\n` +
      (again === '' ? '' : `  To keep it running and ask it:\n    ${again}\n`)
    );
  }
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function list(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([name, number]) => `${number} ${name}`).join(', ') || 'none';
}
