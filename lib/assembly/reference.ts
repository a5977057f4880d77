// docs/configuration.md as text: written parts around what the schema and the list of problem codes
// say. spec/house/generate.ts writes it; a spec compares.

import { renderReference } from '../config/reference.ts';
import { PROBLEM_CODES } from '../core/problem.ts';
import { PROBLEM_MEANINGS } from './problem-codes.ts';
import { BEFORE, ORIGINAL } from './reference-text.ts';
import { configurationSchema } from './schema.ts';

/** The whole document. */
export function configurationReference(): string {
  return [BEFORE, renderReference(configurationSchema()), ORIGINAL, problems()].join('\n');
}

function problems(): string {
  const rows = PROBLEM_CODES.map((code) => `| \`${code}\` | ${PROBLEM_MEANINGS[code]} |`);
  return `## Problems

What \`sluice check\` can say. An error refuses the configuration; a warning runs, and refuses only
with \`--strict\`.

| code | meaning |
| --- | --- |
${rows.join('\n')}
`;
}
