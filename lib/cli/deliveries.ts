// `sluice deliveries`: what waits, what failed and what became of everything, asked of a running
// gateway or, with none running, of its store's file. The commands are in deliveries/.

import type { CommandGroup } from './command.ts';
import { actCommand } from './deliveries/action-commands.ts';
import { exportCommand, listCommand } from './deliveries/list-commands.ts';
import { showCommand } from './deliveries/show-view.ts';

/** Deliveries, for people. */
export const deliveriesCommand: CommandGroup = {
  name: 'deliveries',
  summary: 'lists deliveries, shows one, and does what people do with them',
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
    'They ask the gateway on http://127.0.0.1:8081, or the one of --url. With the gateway stopped they\n' +
    'open its store: that of --store, SLUICE_STORE or the configuration, else sluice.db in\n' +
    'SLUICE_DATA or, without that, in ~/.local/state/sluice.\n',
};
