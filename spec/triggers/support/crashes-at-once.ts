// A process that runs a command and crashes in the middle of it, without an ordered stop. It prints
// the pids that the command printed.

import process from 'node:process';
import { execKind } from '../../../lib/triggers/exec.ts';
import { aDelivery } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { someParts } from './parts.ts';
import { WITH_CHILD } from './programs.ts';

const program = `${WITH_CHILD} setInterval(() => {}, 1000);`;
const trigger = execKind.create(
  { command: [process.execPath, '-e', program] },
  someParts({
    observe: (observation) => {
      if (observation.kind !== 'command-output') return;
      process.stdout.write(observation.line, () => {
        throw new Error('a crash');
      });
    },
  }),
);
await trigger.fire([aDelivery()], NEVER);
