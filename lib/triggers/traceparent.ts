// The trace context of a delivery, the same at each attempt, so that a pipeline's spans hang
// together however often it was started. Nothing here records spans.
// Source: W3C Trace Context, §3.2 (version 00, sampled).

import { idBits } from '../core/delivery.ts';

const SPAN_DIGITS = 16;

/** `00-<the id's 128 bits>-<its last 64 bits>-01`, in hexadecimal. */
export function traceparent(id: string): string {
  const bits = idBits(id);
  return `00-${bits}-${bits.slice(-SPAN_DIGITS)}-01`;
}
