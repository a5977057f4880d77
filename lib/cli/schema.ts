// `sluice schema`: the JSON Schema of the configuration, for editors and for generators.

import { editorSchema } from '../plan/schema.ts';
import type { Command } from './command.ts';

/** Prints the JSON Schema of the configuration. */
export const schemaCommand: Command = {
  name: 'schema',
  summary: 'prints the JSON Schema of the configuration',
  synopsis: '',
  flags: {},
  run: async (_given, { stdout }) => {
    stdout.write(`${JSON.stringify(editorSchema(), null, 2)}\n`);
    return 0;
  },
};
