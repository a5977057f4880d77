// Telemetry on recording streams, and builders of decision observations with one override.

import { PassThrough } from 'node:stream';
import type { Decision, Disposition, TriggerDisposition } from '../../lib/core/decision.ts';
import type { EventObject } from '../../lib/core/event.ts';
import type { DecisionObserved } from '../../lib/core/observation.ts';
import {
  LOGGING_DEFAULTS,
  type LoggingOptions,
  type TelemetryParts,
} from '../../lib/telemetry/logging.ts';
import { createTelemetry, type Telemetry } from '../../lib/telemetry/telemetry.ts';
import { aDecision, aDelivery, anEvent, anOccurrence } from '../support/builders.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A stream that records its text. */
export class RememberedStream extends PassThrough {
  readonly isTTY: boolean;
  #text = '';

  constructor(kind: 'terminal' | 'file') {
    super();
    this.isTTY = kind === 'terminal';
    this.on('data', (chunk: Buffer) => void (this.#text += chunk.toString('utf8')));
  }

  get text(): string {
    return this.#text;
  }
}

/** Telemetry under test. */
export interface Heard {
  readonly telemetry: Telemetry;
  readonly clock: FakeClock;
  /** Closes, then returns the lines of stdout. */
  readonly lines: () => Promise<readonly string[]>;
  /** The same for stderr. */
  readonly errors: () => Promise<readonly string[]>;
}

/** Telemetry under test, by default as text at level info without a terminal. */
export function heard(
  options: Partial<LoggingOptions> = {},
  parts: Partial<TelemetryParts> & { readonly terminal?: true } = {},
): Heard {
  const clock = new FakeClock();
  const stdout = new RememberedStream(parts.terminal === true ? 'terminal' : 'file');
  const stderr = new RememberedStream('file');
  const telemetry = createTelemetry(
    { ...LOGGING_DEFAULTS, format: 'text', ...options },
    { clock, stdout, stderr, ...parts },
  );
  const of = async (stream: RememberedStream): Promise<readonly string[]> => {
    await telemetry.close();
    return stream.text === '' ? [] : stream.text.trimEnd().split('\n');
  };
  return { telemetry, clock, lines: () => of(stdout), errors: () => of(stderr) };
}

/** The time at which every line of a fake clock begins. */
export const AT = '2026-01-31T12:00:00.000Z';

/** The id of `aDelivery`. */
export const ID = aDelivery().id;

/** A disposition of an occurrence at the trigger `build`. */
export function disposedAs(disposition: Disposition, why = ''): TriggerDisposition {
  const made = disposition !== 'foreign' && disposition !== 'loop' && disposition !== 'shed';
  return { trigger: 'build', disposition, id: made ? ID : null, why };
}

/** An accepted and started occurrence of `anEvent`. */
export function anAcceptance(overrides: Partial<DecisionObserved> = {}): DecisionObserved {
  return {
    kind: 'decision',
    occurrence: anOccurrence(),
    decision: aDecision(),
    disposed: [disposedAs('queued')],
    explain: () => [],
    ...overrides,
  };
}

/** A default rejection of `anEvent`. */
export function aRejection(overrides: Partial<DecisionObserved> = {}): DecisionObserved {
  const decision: Decision = { action: 'reject', rule: null, triggers: [], quietMs: 0 };
  return anAcceptance({ decision, disposed: [], ...overrides });
}

/** The occurrence of an Event with these fields. */
export function occurrenceOf(fields: EventObject): DecisionObserved['occurrence'] {
  return anOccurrence({ event: anEvent(fields) });
}
