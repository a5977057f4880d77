// Builds one Go program into a cache outside the work tree, by the ordinary go client and nothing
// else. What is cached is named by everything it was made of, so it never goes stale; two builds
// at once are safe, since each builds aside and renames.

import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment, readSpecEnvironment } from './environment.ts';

/** One program: a folder with a Go module, the package to build and the linker's flags. */
export interface GoProgram {
  readonly name: string;
  readonly directory: string;
  readonly pkg: string;
  readonly ldflags: string;
  /** How long the first build takes, in words, for the one who waits. */
  readonly takes: string;
}

/** Where a program is, or why there is none. */
export type GoBuild =
  | { readonly kind: 'built'; readonly file: string }
  | { readonly kind: 'no go'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

const run = promisify(execFile);

/** Builds a program unless the cache has it. Progress goes to standard error. */
export async function buildGoProgram(program: GoProgram): Promise<GoBuild> {
  const version = await goVersion(program.directory);
  if (version === undefined) {
    return { kind: 'no go', reason: 'no Go toolchain on PATH (`go version` does not run)' };
  }
  const directory = join(readSpecEnvironment().cacheDirectory, await keyOf(program, version));
  const file = join(directory, program.name);
  if (await exists(file)) return { kind: 'built', file };
  say(`building ${program.name} with ${version}; ${program.takes}, once`);
  const started = performance.now();
  await mkdir(directory, { recursive: true });
  const aside = await mkdtemp(join(directory, 'building-'));
  try {
    const target = join(aside, program.name);
    const code = await goBuild(program, target);
    if (code !== 0) return { kind: 'failed', reason: `go build ended with ${code}, see above` };
    await rename(target, file);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  say(`built ${program.name} in ${Math.round((performance.now() - started) / 1000)} s: ${file}`);
  return { kind: 'built', file };
}

async function goVersion(directory: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION', 'GOOS', 'GOARCH'], { cwd: directory });
    return stdout.trim().replaceAll('\n', ' ');
  } catch {
    return undefined; // not installed, or not runnable: the same to us
  }
}

async function keyOf(program: GoProgram, version: string): Promise<string> {
  const hash = createHash('sha256');
  hash.update([version, program.pkg, program.ldflags].join('\n'));
  const names = (await readdir(program.directory)).sort();
  for (const name of names.filter((one) => /\.(go|mod|sum)$/.test(one))) {
    hash.update(`\n${name}\n`).update(await readFile(join(program.directory, name)));
  }
  return hash.digest('hex');
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function goBuild(program: GoProgram, target: string): Promise<number> {
  const args = ['build', '-mod=readonly', '-trimpath', '-buildvcs=false'];
  const child = spawn('go', [...args, '-ldflags', program.ldflags, '-o', target, program.pkg], {
    cwd: program.directory,
    env: childEnvironment({ GOWORK: 'off' }),
    stdio: ['ignore', 2, 2],
  });
  const stop = (): void => void child.kill('SIGTERM');
  process.once('exit', stop);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once('error', reject);
  child.once('close', (code) => resolve(code ?? 1));
  return promise.finally(() => process.off('exit', stop));
}

function say(line: string): void {
  process.stderr.write(`controlplane: ${line}\n`);
}
