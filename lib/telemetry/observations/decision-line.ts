// The one line per decision: the words in the order of docs/operations.md, and the same as fields. Its
// level depends on whether its series has anything new to log.

import type { Action, TrailEntry, TriggerDisposition } from '../../core/decision.ts';
import { isJsonList, isJsonObject, type Json, type JsonObject } from '../../core/json-object.ts';
import type { DecisionObserved } from '../../core/observation.ts';
import { printable, quoted } from '../../kit/text/printable.ts';
import { compact, counted, pathToken, ruleLabel, token } from '../log-value.ts';
import type { LoggingOptions, LogLevel, LogLine, TelemetryParts } from '../logging.ts';

const MESSAGE_CHARACTERS = 160;
const FIELD_CHARACTERS = 253;
// A `not` block can be long; its beginning is enough to find it in the configuration.
const CONDITION_CHARACTERS = 80;

type Nearest = NonNullable<TelemetryParts['nearest']>;

/** Dependencies of the lines. */
interface DecisionLogParts {
  readonly options: Pick<LoggingOptions, 'decisions' | 'event'>;
  /** Finds the rule that came nearest to matching. */
  readonly nearest: Nearest | undefined;
  /** Called for a decision that has no info line. */
  readonly suppressed: () => void;
}

/** Makes the line of each decision. */
export class DecisionLog {
  readonly #parts: DecisionLogParts;
  readonly #memory = new DecisionMemory();

  constructor(parts: DecisionLogParts) {
    this.#parts = parts;
  }

  /** The line of a decision; null if the configuration wants none. */
  line(observed: DecisionObserved): LogLine | null {
    const { options, nearest } = this.#parts;
    if (options.decisions === 'none') return null;
    const { event } = options;
    return new DecisionLine(observed, { ...this.#weigh(observed), nearest, event });
  }

  #weigh(observed: DecisionObserved): Pick<DecisionContext, 'level' | 'states'> {
    const { options, suppressed } = this.#parts;
    if (options.decisions === 'all') return { level: 'info', states: 0 };
    if (options.decisions === 'accepted' && observed.decision.action !== 'accept') {
      return { level: 'debug', states: 0 };
    }
    const { changed, states } = this.#memory.note(observed);
    if (!changed) suppressed();
    return { level: changed ? 'info' : 'debug', states };
  }
}

/** Input of a decision's line, in addition to the observation. */
interface DecisionContext {
  readonly level: LogLevel;
  /** Number of states of the series without an info line since its last one. */
  readonly states: number;
  readonly nearest: Nearest | undefined;
  readonly event: LoggingOptions['event'];
}

/**
 * The line of a decision. Text and fields are made when they are read: most formats read one, and a
 * suppressed line none.
 */
export class DecisionLine implements LogLine {
  readonly level: LogLevel;
  readonly kind = 'decision';
  readonly isShown = true;
  readonly accent: Action;
  readonly event: JsonObject | undefined;
  readonly #observed: DecisionObserved;
  readonly #context: DecisionContext;

  constructor(observed: DecisionObserved, context: DecisionContext) {
    this.level = context.level;
    this.accent = observed.decision.action;
    this.event = context.event === 'full' ? observed.occurrence.event : undefined;
    this.#observed = observed;
    this.#context = context;
  }

  get message(): string {
    const observed = this.#observed;
    return [...words(observed), ...remarks(observed, this.#remarks)].join(' ');
  }

  get fields(): LogLine['fields'] {
    return fields(this.#observed, this.#remarks);
  }

  /** No rule is nearest to a decision that a rule made. */
  get #remarks(): Remarks {
    const { explain, decision } = this.#observed;
    const { states, nearest } = this.#context;
    return { states, nearest: (decision.rule === null && nearest?.(explain())) || null };
  }
}

/** Facts of a line beside those of the observation. */
interface Remarks {
  readonly states: number;
  readonly nearest: TrailEntry | null;
}

function words({ occurrence, decision, disposed }: DecisionObserved): readonly string[] {
  const { kind, namespace, name } = occurrence.object;
  const { type, reason, component, message } = occurrence.fields;
  return [
    decision.action,
    joined(disposed.map((one) => dispositionText(one, disposed))),
    token(type),
    token(kind),
    `${pathToken(namespace)}/${pathToken(name)}`,
    token(reason),
    `×${occurrence.count}`,
    token(component),
    decision.rule === null ? '-' : token(ruleLabel(decision.rule)),
    joined(disposed.map(({ id }) => id ?? '-')),
    quoted(message, MESSAGE_CHARACTERS),
  ];
}

/** `queued`, or `gitlab:queued` if the rule has several triggers. */
function dispositionText(
  { trigger, disposition }: TriggerDisposition,
  all: readonly TriggerDisposition[],
): string {
  return all.length === 1 ? disposition : `${token(trigger)}:${disposition}`;
}

function joined(parts: readonly string[]): string {
  return parts.length === 0 ? '-' : parts.join(',');
}

function remarks(observed: DecisionObserved, context: Remarks): readonly string[] {
  const { nearest, states } = context;
  const whys = observed.disposed
    .filter(({ why }) => why !== '')
    .map((one) => {
      const what = dispositionText(one, observed.disposed);
      return `(${what}: ${printable(one.why, FIELD_CHARACTERS)})`;
    });
  const near = nearest === null ? [] : [nearestRemark(nearest)];
  const more = states === 0 ? [] : [`+${counted(states, 'state')}`];
  return [...whys, ...near, ...more];
}

function nearestRemark(entry: TrailEntry): string {
  const wanted = compact(entry.wanted, CONDITION_CHARACTERS);
  const found = compact(entry.found, CONDITION_CHARACTERS);
  const rule = token(ruleLabel(entry));
  return entry.field === 'not'
    ? `(nearest ${rule}: not ${wanted} matched ${found})`
    : `(nearest ${rule}: ${entry.field} is ${found}, wanted ${wanted})`;
}

function fields(
  { occurrence, decision, disposed }: DecisionObserved,
  { nearest, states }: Remarks,
): Readonly<Record<string, Json>> {
  const show = (text: string): string => printable(text, FIELD_CHARACTERS);
  const { kind, namespace, name } = occurrence.object;
  const { type, reason, component, message } = occurrence.fields;
  return {
    action: decision.action,
    rule: decision.rule === null ? null : show(ruleLabel(decision.rule)),
    dispositions: disposed.map(({ trigger, disposition, id, why }) => ({
      trigger: show(trigger),
      disposition,
      id,
      why: show(why),
    })),
    type: show(type),
    object: { kind: show(kind), namespace: show(namespace), name: show(name) },
    reason: show(reason),
    count: occurrence.count,
    reporter: show(component),
    message: printable(message, MESSAGE_CHARACTERS),
    event: show(occurrence.key),
    happenedAt: occurrence.happenedAt,
    source: show(occurrence.source),
    ...(nearest === null ? {} : { nearest: nearestField(nearest) }),
    ...(states === 0 ? {} : { states }),
  };
}

function nearestField(entry: TrailEntry): Json {
  return {
    rule: printable(ruleLabel(entry), FIELD_CHARACTERS),
    field: entry.field,
    wanted: bounded(entry.wanted),
    found: bounded(entry.found),
  };
}

/** The value with its texts made printable, or one cut text if it is long. */
function bounded(value: Json): Json {
  const isLong = JSON.stringify(value).length > CONDITION_CHARACTERS;
  return isLong ? compact(value, CONDITION_CHARACTERS) : shown(value);
}

function shown(value: Json): Json {
  if (typeof value === 'string') return printable(value);
  if (isJsonList(value)) return value.map(shown);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
}

// About 3 MB with the longest usual keys. A cluster of a thousand nodes seldom has more active
// series within an hour.
const SERIES = 10_000;

/** Whether a state of a series has anything new to log. */
interface Novelty {
  readonly changed: boolean;
  /** Of a change: the number of states without a line since the last line. */
  readonly states: number;
}

interface LastLine {
  readonly summary: string;
  states: number;
}

/**
 * The content of the last info line of each series, for a bounded number of series. A state that
 * repeats it becomes a debug line; a forgotten series gets an info line again.
 *
 * **Shape**: two generations. Once the newer one holds half of the limit, it becomes the older one,
 * and the previous older one is dropped. Evicting the oldest entry for every new one would cost
 * more than the rest of a decision's line.
 */
export class DecisionMemory {
  readonly #half: number;
  #newer = new Map<string, LastLine>();
  #older = new Map<string, LastLine>();

  constructor(limit: number = SERIES) {
    this.#half = Math.ceil(limit / 2);
  }

  /** Number of remembered series. */
  get size(): number {
    return this.#newer.size + this.#older.size;
  }

  /** Compares a decision with the last line of its series, then remembers it as the last line. */
  note(observed: DecisionObserved): Novelty {
    const key = keyOf(observed);
    const summary = summaryOf(observed);
    const last = this.#recall(key);
    if (last?.summary === summary) {
      last.states += 1;
      return { changed: false, states: 0 };
    }
    this.#newer.set(key, { summary, states: 0 });
    if (this.#newer.size >= this.#half) this.#age();
    return { changed: true, states: last?.states ?? 0 };
  }

  #recall(key: string): LastLine | undefined {
    const newer = this.#newer.get(key);
    if (newer !== undefined) return newer;
    const older = this.#older.get(key);
    if (older === undefined) return undefined;
    this.#older.delete(key);
    this.#newer.set(key, older);
    if (this.#newer.size >= this.#half) this.#age();
    return older;
  }

  #age(): void {
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}

function keyOf({ occurrence: { source, identity } }: DecisionObserved): string {
  // No valid name contains a line break. A forged one can only hide lines of its own series.
  return `${source}\n${identity.join('\n')}`;
}

function summaryOf({ decision, disposed }: DecisionObserved): string {
  const by = `${decision.action} ${decision.rule?.index ?? '-'}`;
  const dispositions = disposed.map(({ trigger, disposition }) => ` ${trigger}:${disposition}`);
  return by + dispositions.join('');
}
