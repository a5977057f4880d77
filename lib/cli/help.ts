// `sluice help`: the usage of all commands, of a group or of one command. Also the search for a command
// by its words, which help and main share.

import { nearestName } from '../kit/text/nearest.ts';
import { printable } from '../kit/text/printable.ts';
import type { Command, CommandGroup, CommandTable } from './command.ts';
import { renderFlags, usage } from './flags.ts';

/** Makes the command `help`; it reads the table when it runs, because the table contains it. */
export function helpCommand(table: () => CommandTable): Command {
  return {
    name: 'help',
    summary: 'shows the usage of a command, or all commands',
    synopsis: '[COMMAND]',
    arguments: 2,
    argumentsAre: 'commands',
    flags: {},
    run: async (given, { stdout }) => {
      stdout.write(helpFor(given.positionals, table()));
      return 0;
    },
  };
}

/** Renders the help for the words of a command; without words for all commands. **Errors**: `usage`. */
export function helpFor([name, word]: readonly string[], table: CommandTable): string {
  if (name === undefined) return renderHelp(table);
  const command = commandNamed(name, table);
  if (!('commands' in command)) {
    if (word === undefined) return renderUsage(command);
    throw usage(`command ${name} has no commands, such as "${printable(word, 40)}"`);
  }
  return word === undefined
    ? renderGroup(command)
    : renderUsage(commandNamed(word, command.commands));
}

/** Finds the entry of a table by its name. **Errors**: `usage`, with the nearest name. */
export function commandNamed<One>(name: string, table: Readonly<Record<string, One>>): One {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found !== undefined) return found;
  const near = nearestName(name, Object.keys(table));
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  throw usage(`command "${printable(name, 40)}" is not known${hint}`);
}

function renderHelp(table: CommandTable): string {
  return (
    'sluice: starts a build for each Kubernetes Event that a filter accepts, once.\n\n' +
    `Usage: sluice [command] [flags]; the default command is run.\n\n${renderNames(table)}\n` +
    'For details: sluice help <command>\n'
  );
}

/** Renders the usage of a group. */
export function renderGroup({ name, summary, commands, notes = '' }: CommandGroup): string {
  return (
    `Usage: sluice ${name} <command> [flags]\n\n${summary}\n\n${renderNames(commands)}\n` +
    `${notes === '' ? '' : `${notes}\n`}For details: sluice help ${name} <command>\n\n`
  );
}

/** Renders the usage of a command. */
export function renderUsage(command: Command): string {
  const notes = command.notes === undefined ? '' : `\n${command.notes}\n`;
  const flags = renderFlags(command.flags);
  return (
    `Usage: sluice ${command.name}${command.synopsis === '' ? '' : ` ${command.synopsis}`}\n\n` +
    `${command.summary}\n${flags === '' ? '' : `\n${flags}`}${notes}\n`
  );
}

function renderNames(table: CommandTable): string {
  const width = Math.max(...Object.keys(table).map((name) => name.length));
  return Object.entries(table)
    .map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
    .join('');
}
