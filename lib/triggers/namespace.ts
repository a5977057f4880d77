// The namespace in which objects are created, checked before anything is created there.
// Source: RFC 1123 labels, which namespace names are.

import type { Finding } from '../core/problem.ts';

/** What is wrong with the name of a namespace; `path` is where it is written. */
export function namespaceFindings(namespace: string, path: string): readonly Finding[] {
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)) return [];
  const empty = namespace === '';
  return [
    {
      severity: 'error',
      code: empty ? 'missing-key' : 'wrong-value',
      path: empty ? '' : path,
      message: empty
        ? 'found no namespace to create objects in (expected one here or a build namespace)'
        : `found the namespace ${JSON.stringify(namespace)} (expected at most 63 small letters, digits and -)`,
      hint: empty
        ? `write ${path.slice(1).replaceAll('/', '.')}, or pass --build-namespace`
        : 'write the name of one namespace',
    },
  ];
}
