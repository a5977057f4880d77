#!/usr/bin/env node
// The executable: finds a Node.js that is new enough, then hands the command line to lib/cli. From a
// checkout it runs the TypeScript sources, from a package the compiled ones. A Node.js that is too
// old hands over to the one that the checkout brought along, or says what is missing in words that
// an old one can run. It is the only file that ends the process.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
const compiled = new URL('../dist/lib/cli/main.js', import.meta.url);
const source = new URL('../lib/cli/main.ts', import.meta.url);

if (isNewEnough(process.versions.node)) {
  // A gateway holds little for long: garbage is collected once it is as much as that, not a multiple.
  // At half as much it cost a quarter more processor time; at this, none that could be seen. It can
  // still be said here, while the process runs; what is young can not, see Dockerfile.
  setFlagsFromString('--heap-growing-percent=100');
  const { main } = await import((existsSync(source) ? source : compiled).href);
  process.exit(await main(process.argv.slice(2)));
} else if (existsSync(own) && realpathSync(own) !== realpathSync(process.execPath)) {
  handOver();
} else {
  process.stderr.write(
    `sluice: needs Node.js 24.15 or newer, this is ${process.versions.node}. ` +
      'In a checkout, `make run` and `make test` bring the right one along.\n',
  );
  process.exit(1);
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 15);
}

/** Runs the same command line under the checkout's own Node.js, as if it had been called itself. */
function handOver() {
  const child = spawn(own, process.argv.slice(1), { stdio: 'inherit' });
  // A terminal sends its signals to both, and a second one would not wait; others are passed on.
  for (const signal of ['SIGINT', 'SIGHUP']) {
    process.on(signal, () => process.stdin.isTTY || child.kill(signal));
  }
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => {
    process.stderr.write(`sluice: start ${own}: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code) => process.exit(code ?? 1));
}
