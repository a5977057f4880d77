// The control plane of the fault specs, separate from that of the others, because it is restarted
// and compacted. It has no controllers, so only the specs write Events.

import { type ControlPlane, startControlPlane } from '../../../controlplane/control-plane.ts';

/** Timeout of a hook that may be the first to start it. */
export const onceStartMs = 120_000;

let shared: Promise<ControlPlane> | undefined;

/** The control plane of the fault specs; it compacts only on request. */
export async function onceControlPlane(): Promise<ControlPlane> {
  shared ??= startControlPlane({ controllers: false, kwok: false, compactionInterval: '0s' });
  return shared;
}

after(async function () {
  this.timeout(60_000);
  const plane = await shared?.catch(() => undefined);
  shared = undefined;
  await plane?.[Symbol.asyncDispose]();
});
