// Reads the Dockerfile: the specs run the tree with exactly the environment of the image.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './trees.ts';

/** Variables that the Dockerfile sets. */
export function imageEnvironment(): Readonly<Record<string, string>> {
  const text = readFileSync(join(project, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
  const pairs = /^ENV (.*)$/m.exec(text)?.[1]?.matchAll(/(\w+)=(\S+)/g) ?? [];
  return Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value]));
}
