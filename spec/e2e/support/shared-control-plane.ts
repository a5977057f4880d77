// One control plane for all end-to-end specs of a run, since starting one costs seconds: started by
// the first spec that asks, disposed after the last. Import it at the top of a spec file, so that
// the disposal is a hook of the whole run. Specs keep apart by namespace (`createNamespace`).

import { type ControlPlane, startControlPlane } from '../../controlplane/control-plane.ts';

/** How long a hook that may be the first to ask should be allowed to take. */
export const sharedStartMs = 180_000;

let shared: Promise<ControlPlane> | undefined;

/** The control plane of this run; nodes are for the specs to add. */
export async function sharedControlPlane(): Promise<ControlPlane> {
  shared ??= startControlPlane();
  return shared;
}

after(async function () {
  this.timeout(60_000);
  const plane = await shared?.catch(() => undefined);
  shared = undefined;
  await plane?.[Symbol.asyncDispose]();
});
