// The gateway as bin/sluice.js runs it, for the fault specs: its clock may be bent, its store may
// fail or kill it. SLUICE_SPEC_FAULTS has the faults; a message of the parent process sets the
// clock while it runs.

import { argv, cwd } from 'node:process';
import type { ProcessContext } from '../../../../lib/cli/command.ts';
import { listenForSignals, runCommandLine } from '../../../../lib/cli/main.ts';
import type { Store } from '../../../../lib/core/ports/store.ts';
import { systemEnvironment, systemRandom } from '../../../../lib/kit/system.ts';
import { createSectionValidators } from '../../../../lib/plan/native-form.ts';
import { bentClock } from './bent-clock.ts';
import { BREAKAGES } from './breakages.ts';
import { killingAt, wrapped } from './failpoints.ts';
import { FAULTS_VARIABLE, type GatewayFaults } from './gateway-faults.ts';

async function main(): Promise<number> {
  const signals = listenForSignals(process, (hear) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => hear(signal));
  });
  const environment = systemEnvironment();
  const text = environment[FAULTS_VARIABLE] ?? '{}';
  const { failpoint, bend, breakage } = JSON.parse(text) as GatewayFaults;
  const clock = bentClock(bend ?? { offsetMs: 0, speed: 1 });
  process.on('message', (message: { readonly jumpMs?: number }) => clock.jump(message.jumpMs ?? 0));
  // The channel to the parent must not keep a gateway alive that has ended.
  process.channel?.unref();
  const aroundStore = (store: Store): Store => {
    const broken = breakage === undefined ? store : BREAKAGES[breakage](store);
    return failpoint === undefined ? broken : wrapped(broken, killingAt(failpoint));
  };
  const surroundings: ProcessContext = {
    program: 'sluice',
    folder: cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment,
    clock,
    random: systemRandom,
    validators: createSectionValidators(),
    stop: signals.stop,
    aroundStore,
  };
  return await Promise.race([runCommandLine(argv.slice(2), surroundings), signals.atOnce]);
}

// Only bin/ exits, so anything left here would keep the process, and a spec would wait for it.
process.exitCode = await main();
if (process.connected) process.disconnect();
