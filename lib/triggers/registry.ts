// The kinds of trigger, one line each. Schema, documents, permissions and metric labels follow from
// this list.

import { brigadeKind } from './brigade.ts';
import { execKind } from './exec.ts';
import { httpKind } from './http.ts';
import { kubernetesKind } from './kubernetes.ts';
import type { TriggerKind } from './trigger-kind.ts';

/** Every kind of trigger by its key in the configuration. */
export const triggerKinds = {
  brigade: brigadeKind,
  kubernetes: kubernetesKind,
  http: httpKind,
  exec: execKind,
} as const satisfies Readonly<Record<string, TriggerKind<never>>>;
