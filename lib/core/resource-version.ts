// resourceVersions of built-in resources are growing decimal integers of up to 64 bits, so they are
// compared as text: the shorter is smaller, equal lengths lexically. Never as Number: 2^53 is near.
// Source: KEP 5504 (comparable resource versions).

/** Below zero where a is older than b, above where it is newer, zero where they are the same. */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
