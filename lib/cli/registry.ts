// The commands that there are, in the order in which help shows them.
import { checkCommand } from './check.ts';
import type { Command, CommandGroup } from './command.ts';
import { deliveriesCommand } from './deliveries.ts';
import { demoCommand } from './demo.ts';
import { explainCommand } from './explain.ts';
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
} as const satisfies Record<string, Command | CommandGroup>;
