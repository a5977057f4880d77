// The signal of calls that a spec does not stop.

/** A signal that never aborts. */
export const NEVER = new AbortController().signal;
