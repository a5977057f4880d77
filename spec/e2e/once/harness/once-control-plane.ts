// One control plane for the fault specs, apart from that of the others, since it is restarted and
// compacted. No controllers: nothing but the specs writes Events.

import { type ControlPlane, startControlPlane } from '../../../controlplane/control-plane.ts';

/** How long a hook that may be the first to ask should be allowed to take. */
export const onceStartMs = 120_000;

let shared: Promise<ControlPlane> | undefined;

/** The control plane of the fault specs; it compacts only when it is asked to. */
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
