// The original gateway's way of deciding, written again in its own shape and sharing nothing with
// lib/filters: typed fields, a loop, `continue`. What the chain is compared with.

/** One filter, decoded. */
export interface NaiveFilter {
  readonly namespace: string;
  readonly kind: string;
  readonly reasons: readonly string[];
  readonly action: string;
}

/** What the original looked at in an Event. */
export interface NaiveEvent {
  readonly namespace: string;
  readonly kind: string;
  readonly reason: string;
}

/** What it decided, by which filter (-1: none), and what it logged. */
export interface NaiveAnswer {
  readonly accepted: boolean;
  readonly by: number;
  readonly lines: readonly string[];
}

/** Decides as the original did. */
export function acceptEvent(filters: readonly NaiveFilter[], event: NaiveEvent): NaiveAnswer {
  const lines: string[] = [];
  for (const [i, f] of filters.entries()) {
    const pass = f.action === 'accept';
    if (f.namespace !== '' && event.namespace !== f.namespace) {
      lines.push(`rule ${i}: namespace mismatch`);
      continue;
    }
    if (f.kind !== '' && event.kind !== f.kind) {
      lines.push(`rule ${i}: kind mismatch`);
      continue;
    }
    if (f.reasons.length === 0) {
      lines.push(`rule ${i}: matched all conditions of rule`);
      return { accepted: pass, by: i, lines };
    }
    for (const [ii, reason] of f.reasons.entries()) {
      if (reason === event.reason) {
        lines.push(`rule ${i}: pass filter ${ii} ${JSON.stringify(reason)}`);
        return { accepted: pass, by: i, lines };
      }
      lines.push(`rule ${i}: failed filter ${ii} ${JSON.stringify(reason)}`);
    }
  }
  lines.push('default rejection');
  return { accepted: false, by: -1, lines };
}
