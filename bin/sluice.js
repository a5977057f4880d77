#!/usr/bin/env node
// The executable: refuses a Node.js that is too old in words an old one can run, then hands the
// command line to lib/cli. From a checkout it runs the TypeScript sources, from a package the
// compiled ones. It is the only file that ends the process.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `sluice: needs Node.js 24.15 or newer, this is ${process.versions.node}. ` +
      'In a checkout, `make run` and `make test` bring the right one along.\n',
  );
  process.exit(1);
}

const compiled = new URL('../dist/lib/cli/main.js', import.meta.url);
const source = new URL('../lib/cli/main.ts', import.meta.url);
const { main } = await import((existsSync(source) ? source : compiled).href);
process.exit(await main(process.argv.slice(2)));
