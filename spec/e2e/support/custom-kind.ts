// Kinds that a cluster gets from a CustomResourceDefinition.

import type { JsonObject } from '../../../lib/core/json-object.ts';
import type { KubeObject } from '../../controlplane/admin-client.ts';

/** The definition of a namespaced kind whose objects have this schema. */
export function customKind(apiVersion: string, kind: string, schema: JsonObject): KubeObject {
  const [group = '', version = ''] = apiVersion.split('/');
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } },
      ],
    },
  };
}
