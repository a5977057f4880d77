// JSON Pointers, by which findings name a value of the configuration. Source: RFC 6901.

/** Escapes one step. */
export function pointerStep(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Joins steps to a pointer; without steps it is '', the whole document. */
export function toPointer(steps: readonly string[]): string {
  return steps.map((step) => `/${pointerStep(step)}`).join('');
}

/** Splits a pointer into its steps, unescaped. */
export function pointerSteps(pointer: string): readonly string[] {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
