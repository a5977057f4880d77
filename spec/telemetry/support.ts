// Telemetry on recording streams.

import type { DecisionObserved } from '../../lib/core/observation.ts';
import type { EventObject } from '../../lib/core/occurrence.ts';
import {
  LOGGING_DEFAULTS,
  type LoggingOptions,
  type TelemetryParts,
} from '../../lib/telemetry/logging.ts';
import { createTelemetry, type Telemetry } from '../../lib/telemetry/telemetry.ts';
import { aDelivery, anEvent, anOccurrence } from '../support/builders.ts';
import { RecordingStream } from '../support/doubles/log-stream.ts';
import { FakeClock } from '../support/fake-clock.ts';

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
  const stdout = new RecordingStream({ isTTY: parts.terminal === true });
  const stderr = new RecordingStream();
  const telemetry = createTelemetry(
    { ...LOGGING_DEFAULTS, format: 'text', ...options },
    { clock, stdout, stderr, ...parts },
  );
  const of = async (stream: RecordingStream): Promise<readonly string[]> => {
    await telemetry.close();
    return stream.text === '' ? [] : stream.text.trimEnd().split('\n');
  };
  return { telemetry, clock, lines: () => of(stdout), errors: () => of(stderr) };
}

/** The time at which every line of a fake clock begins. */
export const AT = '2026-01-31T12:00:00.000Z';

/** The id of `aDelivery`. */
export const ID = aDelivery().id;

/** The occurrence of an Event with these fields. */
export function occurrenceOf(fields: EventObject): DecisionObserved['occurrence'] {
  return anOccurrence({ event: anEvent(fields) });
}
