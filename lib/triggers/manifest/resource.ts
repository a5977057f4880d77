// From apiVersion and kind to the resource that paths and Roles name, without asking a server:
// permissions are rendered before there is a cluster, and the Role must name what the POST uses.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris;
// k8s.io/apimachinery pkg/api/meta (UnsafeGuessKindToResource) for the plural.

/** A resource of an API server. */
export interface ApiResource {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural, as paths and Roles spell it. */
  readonly plural: string;
}

/** The resource of a manifest; `plural` where it is none of the customary ones. */
export function resourceOf(apiVersion: string, kind: string, plural?: string): ApiResource {
  const [first = '', second] = apiVersion.split('/');
  const [group, version] = second === undefined ? ['', first] : [first, second];
  return { group, version, plural: plural ?? pluralOf(kind) };
}

function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  if (singular.endsWith('s')) return `${singular}es`;
  if (singular.endsWith('y')) return `${singular.slice(0, -1)}ies`;
  return `${singular}s`;
}
