#!/usr/bin/env node
// The executable: finds a Node.js that is new enough, then hands the command line to lib/cli. From a
// checkout it runs the TypeScript sources, from a package the compiled ones. A Node.js that is too
// old hands over to the one that the checkout brought along, or says what is missing in words that
// an old one can run. With node-needed.js it is all that ends the process. It hears every wish to stop from its
// first moment on: loading lib takes longer than some supervisors wait.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { isNewEnough, whatIsNeeded } from './node-needed.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'];
/** Set for the process that another one handed over to, and for no process that this one starts. */
const HANDED_OVER = 'SLUICE_HANDED_OVER';

const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
const source = new URL('../lib/cli/main.ts', import.meta.url);

if (isNewEnough()) {
  const listen = hearStopRequests();
  // A gateway holds little for long: garbage is collected once it is as much as that, not a multiple.
  // At half as much it cost a quarter more processor time; at this, none that could be seen. It can
  // still be said here, while the process runs; what is young can not, see Dockerfile.
  setFlagsFromString('--heap-growing-percent=100');
  const { main } = existsSync(source)
    ? await import('../lib/cli/main.ts')
    : await import('../dist/lib/cli/main.js');
  process.exit(await main(process.argv.slice(2), listen));
} else if (existsSync(own) && realpathSync(own) !== realpathSync(process.execPath)) {
  handOver();
} else {
  process.stderr.write(`sluice: ${whatIsNeeded()}\n`);
  process.exit(1);
}

/** Hears signals and the end of a parent that handed over; answers how to listen, also to early ones. */
function hearStopRequests() {
  const early = [];
  let hear = (request) => early.push(request);
  const heard = { direct: {}, passedOn: {} };
  // A terminal signals parent and child, so the same signal may come twice: directly and passed on.
  const note = (way, signal) => {
    const other = way === 'direct' ? 'passedOn' : 'direct';
    const count = (heard[way][signal] ?? 0) + 1;
    heard[way][signal] = count;
    if (count > (heard[other][signal] ?? 0)) hear(signal);
  };
  for (const signal of SIGNALS) process.on(signal, () => note('direct', signal));
  if (HANDED_OVER in process.env) {
    delete process.env[HANDED_OVER];
    process.on('message', (signal) => note('passedOn', signal));
    process.on('disconnect', () => hear('orphaned'));
  }
  return (listener) => {
    hear = listener;
    for (const request of early) listener(request);
  };
}

/**
 * Runs the same command line under the checkout's own Node.js, as if it had been called itself.
 * Signals go over a channel, in which they wait until the child listens; when this process is
 * killed, the channel ends, and the child stops.
 */
function handOver() {
  const child = spawn(own, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [HANDED_OVER]: '1' },
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (child.connected) child.send(signal);
    });
  }
  child.on('error', (error) => {
    // As on a Linux without glibc, for which that one is not made.
    process.stderr.write(`sluice: start ${own}: ${error.message}; ${whatIsNeeded()}\n`);
    process.exit(1);
  });
  // As a shell tells that a signal ended a program.
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
