// All commands, in the order in which help shows them.

import { checkCommand } from './check.ts';
import type { CommandGroup, CommandTable } from './command.ts';
import { completionCommand } from './completion.ts';
import { actCommand } from './deliveries/action-commands.ts';
import { exportCommand, listCommand } from './deliveries/list-commands.ts';
import { showCommand } from './deliveries/show-view.ts';
import { demoCommand } from './demo.ts';
import { explainCommand } from './explain.ts';
import { helpCommand } from './help.ts';
import { playbackCommand } from './playback.ts';
import { probeCommand } from './probe.ts';
import { rbacCommand } from './rbac.ts';
import { recordCommand } from './record.ts';
import { runCommand } from './run.ts';
import { schemaCommand } from './schema.ts';

const deliveries: CommandGroup = {
  name: 'deliveries',
  summary: 'lists and shows deliveries; retries, reruns, releases, discards and exports them',
  commands: {
    list: listCommand,
    show: showCommand,
    retry: actCommand('retry'),
    rerun: actCommand('rerun'),
    release: actCommand('release'),
    discard: actCommand('discard'),
    export: exportCommand,
  },
  notes:
    'They ask the gateway at http://127.0.0.1:8081, or the one of --url. If no gateway runs there, they\n' +
    'open its store: that of --store, SLUICE_STORE or the configuration, else sluice.db in\n' +
    'SLUICE_DATA or, without that, in ~/.local/state/sluice.\n',
};

/** Every command by its name. */
export const commands = {
  run: runCommand,
  check: checkCommand,
  explain: explainCommand,
  rbac: rbacCommand,
  deliveries,
  record: recordCommand,
  playback: playbackCommand,
  demo: demoCommand,
  probe: probeCommand,
  schema: schemaCommand,
  completion: completionCommand(all),
  help: helpCommand(all),
} as const satisfies CommandTable;

function all(): CommandTable {
  return commands;
}
