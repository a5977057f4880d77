// The reference to an object of Kubernetes, and the versions of its states.

/** The object that an occurrence is about. A part that is not known is the empty string. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  /** '' for an object without a namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** `<apiVersion>/<kind>/<namespace>/<name>`, by which lanes and limits distinguish objects. */
export function objectKeyOf({ apiVersion, kind, namespace, name }: ObjectReference): string {
  return `${apiVersion}/${kind}/${namespace}/${name}`;
}

/**
 * Compares two resourceVersions: negative if a is older than b, positive if it is newer, 0 if equal.
 * They are growing decimal integers of up to 64 bits, so the shorter text is the older one, and
 * equal lengths compare as text. A Number would lose digits above 2^53.
 *
 * **Source**: KEP 5504 (comparable resource versions).
 */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
