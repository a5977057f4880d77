// The commands that there are, in the order in which help shows them.

import { checkCommand } from './check.ts';
import type { CommandTable } from './command.ts';
import { completionCommand } from './completion.ts';
import { deliveriesCommand } from './deliveries.ts';
import { demoCommand } from './demo.ts';
import { explainCommand } from './explain.ts';
import { helpCommand } from './help.ts';
import { playbackCommand } from './playback.ts';
import { recordCommand } from './record.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';

/** Every command by its name. */
export const commands = {
  run: runCommand,
  check: checkCommand,
  explain: explainCommand,
  deliveries: deliveriesCommand,
  record: recordCommand,
  playback: playbackCommand,
  demo: demoCommand,
  schema: schemaCommand,
  completion: completionCommand(all),
  help: helpCommand(all),
} as const satisfies CommandTable;

function all(): CommandTable {
  return commands;
}
