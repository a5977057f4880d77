// `sluice completion`: a script for a shell that completes commands, flags and their values. It is made
// of the table of commands; the three languages are in completion/.

import { SluiceError } from '../core/errors.ts';
import type { Command, CommandTable } from './command.ts';
import { completionsOf } from './completion/completions.ts';
import { bashScript, fishScript, zshScript } from './completion/scripts.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const SHELLS = Object.keys(SCRIPTS);

/** Prints the script of a shell; the table is asked when it runs, because it holds this command too. */
export function completionCommand(table: () => CommandTable): Command {
  return {
    name: 'completion',
    summary: 'prints a script with which a shell completes commands and flags',
    synopsis: SHELLS.join('|'),
    arguments: 1,
    argumentsAre: SHELLS,
    flags: {},
    notes:
      'bash:  source <(sluice completion bash)            # in ~/.bashrc\n' +
      'zsh:   source <(sluice completion zsh)             # in ~/.zshrc, after compinit\n' +
      'fish:  sluice completion fish | source             # in ~/.config/fish/config.fish\n' +
      "In a checkout, first: alias sluice='node /path/of/the/checkout/bin/sluice.js'",
    run: async (given, { stdout }) => {
      const [shell] = given.positionals;
      const found = Object.entries(SCRIPTS).find(([name]) => name === shell);
      if (found === undefined) {
        const got = shell === undefined ? 'nothing' : `"${shell}"`;
        throw new SluiceError('usage', `completion takes ${SHELLS.join(', ')}, not ${got}`);
      }
      const [, script] = found;
      stdout.write(script(completionsOf(table())));
      return 0;
    },
  };
}
