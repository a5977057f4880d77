// How lanes work: `delivery:` of the file, what a trigger says for itself, and the defaults below
// both, from text to numbers.

import type { Finding } from '../core/problem.ts';
import { parseDuration, renderDuration } from '../kit/text/quantity.ts';
import { errorAt } from './context.ts';
import { DELIVERY_DEFAULTS } from './defaults.ts';
import type { PlannedDelivery } from './plan.ts';

/** Keys about delivery, as `delivery:` and triggers write them. */
export interface DeliverySection {
  readonly concurrency?: number;
  readonly timeout?: string;
  readonly order?: 'none' | 'object';
  readonly retry?: { readonly first?: string; readonly max?: string; readonly for?: string };
}

/** Fills in what a section leaves open. */
export function planDelivery(section: DeliverySection, base: PlannedDelivery): PlannedDelivery {
  const { retry = {} } = section;
  return {
    concurrency: section.concurrency ?? base.concurrency,
    timeoutMs: durationOr(section.timeout, base.timeoutMs),
    order: section.order ?? base.order,
    retry: {
      firstMs: durationOr(retry.first, base.retry.firstMs),
      maxMs: durationOr(retry.max, base.retry.maxMs),
      forMs: durationOr(retry.for, base.retry.forMs),
    },
  };
}

/** What holds where nobody says anything. */
export function defaultDelivery(): PlannedDelivery {
  const nothing = { firstMs: 0, maxMs: 0, forMs: 0 };
  return planDelivery(DELIVERY_DEFAULTS, {
    concurrency: 1,
    timeoutMs: 0,
    order: 'none',
    retry: nothing,
  });
}

/** The milliseconds of a duration that the schema accepted, or a default where there is none. */
export function durationOr(text: string | undefined, fallbackMs: number): number {
  return text === undefined ? fallbackMs : (parseDuration(text) ?? fallbackMs);
}

// Longer than any attempt should take; a timer of more than 24.8 days would fire at once.
const LONGEST_TIMEOUT_MS = 86_400_000;

/** Durations that are no use, each below the path of the section that wrote it. */
export function checkDelivery(
  path: string,
  section: DeliverySection,
  planned: PlannedDelivery,
): readonly Finding[] {
  const findings: Finding[] = [];
  const refuse = (key: string, expected: string): void => {
    findings.push(
      errorAt(`${path}/${key}`, {
        code: 'wrong-value',
        message: `found ${written(section, key)}, expected ${expected}`,
        hint: 'write a duration such as 10s or 5m',
      }),
    );
  };
  const { timeoutMs, retry } = planned;
  if (section.timeout !== undefined && (timeoutMs < 1 || timeoutMs > LONGEST_TIMEOUT_MS)) {
    refuse('timeout', 'more than 0s and at most 24h');
  }
  if (section.retry?.first !== undefined && retry.firstMs < 1) {
    refuse('retry/first', 'more than 0s');
  }
  const isOurs = section.retry?.first !== undefined || section.retry?.max !== undefined;
  if (isOurs && retry.maxMs < retry.firstMs) {
    const key = section.retry.max === undefined ? 'retry/first' : 'retry/max';
    refuse(
      key,
      key === 'retry/max'
        ? `at least the first wait (${renderDuration(retry.firstMs)})`
        : `at most the longest wait (${renderDuration(retry.maxMs)})`,
    );
  }
  if (section.retry?.for !== undefined && retry.forMs === 0) {
    const message = `found ${section.retry.for}: a delivery whose first attempt fails becomes a dead letter at once`;
    findings.push(noTime(`${path}/retry/for`, message, 'write how long to try, such as 24h'));
  }
  return findings;
}

/** The warning about a time of zero for which something would wait. */
export function noTime(path: string, message: string, hint: string): Finding {
  return { severity: 'warning', code: 'no-time', path, message, hint };
}

function written(section: DeliverySection, key: string): string {
  const { retry = {} } = section;
  switch (key) {
    case 'retry/first':
      return retry.first ?? '';
    case 'retry/max':
      return retry.max ?? '';
    default:
      return section.timeout ?? '';
  }
}
