// Loaded by Node before bin/sluice.js, for specs of a process's first moments. It writes the id of
// each process. `older` makes the first one an older Node.js that hands over, `mac` makes all of
// them processes of a Mac, and `slow` delays the loading of lib until a file exists. Its own URL
// has these words and the folder of its files.

import { existsSync, realpathSync, writeFileSync, writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

const wanted = new URL(import.meta.url).searchParams;
const folder = wanted.get('folder') ?? '';
const isFirst = isFirstIn(folder);

if (wanted.has('mac')) Object.defineProperty(process, 'platform', { value: 'darwin' });
if (wanted.has('older') && isFirst) {
  Object.defineProperty(process.versions, 'node', { value: '20.0.0' });
  // Any other file than the Node.js that the checkout brings along.
  process.execPath = realpathSync('/bin/sh');
} else if (wanted.has('slow')) {
  const word = new Int32Array(new SharedArrayBuffer(4));
  registerHooks({
    load: (url, context, next) => {
      if (url.endsWith('/lib/cli/main.ts')) {
        writeSync(2, 'loading\n');
        while (!existsSync(join(folder, 'go'))) Atomics.wait(word, 0, 0, 10);
      }
      return next(url, context);
    },
  });
}
writeSync(2, `${isFirst ? 'first' : 'second'} process ${process.pid}\n`);

/** Noted in a file outside the process, so that no bug of the program makes an endless chain. */
function isFirstIn(place: string): boolean {
  const marker = join(place, 'first');
  if (existsSync(marker)) return false;
  writeFileSync(marker, '');
  return true;
}
