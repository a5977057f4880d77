// Settings that a fault spec passes to its gateway (failing-gateway.ts), shared by both sides.

import { fileURLToPath } from 'node:url';
import type { Bend } from './bent-clock.ts';
import type { BreakageName } from './breakages.ts';
import type { Failpoint } from './failpoints.ts';

/** The variable with the faults, as JSON. */
export const FAULTS_VARIABLE = 'SLUICE_SPEC_FAULTS';

/** Faults of one run of a gateway. */
export interface GatewayFaults {
  readonly failpoint?: Failpoint;
  readonly bend?: Bend;
  /** A broken promise, to prove that the harness finds it. */
  readonly breakage?: BreakageName;
}

/** Entry point of a gateway with faults, instead of bin/sluice.js. */
export const FAILING_GATEWAY = fileURLToPath(new URL('failing-gateway.ts', import.meta.url));
