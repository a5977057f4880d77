// The gateway's StatefulSet in a rendering, with the parts that chart specs look at.

import type { KubeObject } from '../controlplane/admin-client.ts';
import { theOnly } from './helm.ts';

/** A volume mount. */
export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

/** An environment variable. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** A container. */
export interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly args: readonly string[];
  readonly env?: readonly Variable[];
  readonly envFrom?: unknown;
  readonly ports?: readonly object[];
  readonly resources?: object;
  readonly startupProbe?: object;
  readonly livenessProbe?: object;
  readonly readinessProbe?: object;
  readonly securityContext?: object;
  readonly volumeMounts?: readonly Mount[];
}

/** A pod's spec. */
export interface Pod {
  readonly containers: readonly Container[];
  readonly securityContext?: object;
  readonly terminationGracePeriodSeconds: number;
  readonly volumes?: readonly { readonly name: string }[];
}

/** A pod template. */
export interface Template {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: Pod;
}

/** The spec of the StatefulSet. */
export interface Workload {
  readonly replicas: number;
  readonly serviceName: string;
  readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly template: Template;
  readonly volumeClaimTemplates?: readonly KubeObject[];
  readonly persistentVolumeClaimRetentionPolicy?: object;
}

/** The StatefulSet's spec. */
export function workloadOf(objects: readonly KubeObject[]): Workload {
  return theOnly(objects, 'StatefulSet')['spec'] as Workload;
}

/** Its pod's spec. */
export function podOf(objects: readonly KubeObject[]): Pod {
  return workloadOf(objects).template.spec;
}

/** The only container of a pod. */
export function containerOf({ containers }: Pod): Container {
  const [only] = containers;
  if (only === undefined || containers.length > 1) throw new Error('expected one container');
  return only;
}

/** The variables of the gateway, by name. */
export function environmentOf(objects: readonly KubeObject[]): Readonly<Record<string, unknown>> {
  const { env = [] } = containerOf(podOf(objects));
  return Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
}
