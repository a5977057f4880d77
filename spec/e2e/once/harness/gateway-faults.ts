// What a fault spec tells the gateway that it starts (failing-gateway.ts), as both sides spell it.

import { fileURLToPath } from 'node:url';
import type { Bend } from './bent-clock.ts';
import type { BreakageName } from './breakages.ts';
import type { Failpoint } from './failpoints.ts';

/** The variable in which it stands, as JSON. */
export const FAULTS_VARIABLE = 'SLUICE_SPEC_FAULTS';

/** What is wrong with one life of a gateway. */
export interface GatewayFaults {
  readonly failpoint?: Failpoint;
  readonly bend?: Bend;
  /** To prove that the harness would see it. */
  readonly breakage?: BreakageName;
}

/** What a gateway with faults runs instead of bin/sluice.js. */
export const FAILING_GATEWAY = fileURLToPath(new URL('failing-gateway.ts', import.meta.url));
