#!/usr/bin/env node
// The executable: passes the command line to lib/cli, to the TypeScript sources in a checkout, to the
// compiled ones in a package. An old Node.js starts the one of the checkout, or prints which is needed.
// Only this file and node-needed.js end the process. It listens for requests to stop before it loads
// lib, because that takes longer than some supervisors wait.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { isNewEnough, whatIsNeeded } from './node-needed.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'];
/** Variable that is set only for the child that continues this process under another Node.js. */
const HANDED_OVER = 'SLUICE_HANDED_OVER';

const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));
const source = new URL('../lib/cli/main.ts', import.meta.url);

if (isNewEnough()) {
  const listen = hearStopRequests();
  // A gateway keeps little memory for long, so V8 collects garbage as soon as the heap has doubled.
  // Measured: no more processor time; at a growth of 50 % it was a quarter more. This flag still works in a
  // running process; the size of the young generation does not, see tools/image.
  setFlagsFromString('--heap-growing-percent=100');
  // The HTTP parser of undici is WebAssembly. Its optimized code costs 10 MB; with V8's own budget a quiet
  // watch pays that within a second. With this one it was first made after 50,000 requests, each of which
  // costs 7 µs more until then.
  setFlagsFromString('--wasm-tiering-budget=60000000');
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

/** Listens for signals and the end of the parent; returns how to subscribe, also to earlier ones. */
function hearStopRequests() {
  const early = [];
  let hear = (request) => early.push(request);
  const heard = { direct: {}, passedOn: {} };
  // A terminal signals parent and child, so a signal may arrive twice: directly and from the parent.
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
 * Runs the same command line under the Node.js of the checkout. Signals go over a channel that buffers
 * them until the child listens. If this process is killed, the channel closes and the child stops.
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
    // For instance on a Linux without glibc, which that Node.js needs.
    process.stderr.write(`sluice: start ${own}: ${error.message}; ${whatIsNeeded()}\n`);
    process.exit(1);
  });
  // The exit code of a shell for a program that a signal ended.
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
