// The fields of pods, claims and volumes that the stand-in for the kubelet reads and writes.

import type { KubeObject } from '../../controlplane/admin-client.ts';

/** A key of a ConfigMap or a Secret. */
export interface KeyReference {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean;
}

/** A variable of a container. */
export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string };
    readonly secretKeyRef?: KeyReference;
    readonly configMapKeyRef?: KeyReference;
  };
}

/** Chosen keys of a ConfigMap or Secret, and the files that they become. */
export type Items = readonly { readonly key: string; readonly path: string }[];

/** A part of a projected volume. */
export interface Projection {
  readonly configMap?: Named;
  readonly secret?: Named;
  readonly downwardAPI?: {
    readonly items: readonly {
      readonly path: string;
      readonly fieldRef: { readonly fieldPath: string };
    }[];
  };
  readonly serviceAccountToken?: { readonly path: string; readonly expirationSeconds?: number };
}

/** A ConfigMap or Secret whose keys become files. */
export interface Named {
  readonly name: string;
  readonly items?: Items;
  readonly optional?: boolean;
}

/** A volume of a pod. */
export interface Volume {
  readonly name: string;
  readonly configMap?: Named;
  readonly secret?: Omit<Named, 'name'> & { readonly secretName: string };
  readonly emptyDir?: object;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: { readonly sources: readonly Projection[] };
}

/** A container of a pod. */
export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly readinessProbe?: { readonly httpGet?: { readonly path: string } };
}

/** A pod. */
export interface Pod extends KubeObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName: string;
    readonly restartPolicy: 'Always' | 'Never' | 'OnFailure';
    readonly containers: readonly [PodContainer];
    readonly volumes?: readonly Volume[];
  };
}

/** The value at a path of the downward API. **Errors**: a path that it does not know. */
export function fieldOf({ metadata, spec }: Pod, fieldPath: string): string {
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace;
    case 'metadata.uid':
      return metadata.uid;
    case 'spec.serviceAccountName':
      return spec.serviceAccountName;
    default:
      throw new Error(`the stand-in for the kubelet knows no ${fieldPath}`);
  }
}
