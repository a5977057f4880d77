// GNU binutils for the architecture of the image: strips programs, and reads which libraries they load.
// They come from a package, because those of this machine may not know the other architecture.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Architecture, DebianArchive, DebianPackage } from './debian.ts';
import { output } from './programs.ts';

/** Names of an architecture in paths and package names. */
export interface Platform {
  /** GNU triplet, as in `/lib/x86_64-linux-gnu`. */
  readonly triplet: string;
  /** As `process.arch` and the npm packages of Node.js have it. */
  readonly node: 'x64' | 'arm64';
}

/** Every architecture for which there is an image. */
export const PLATFORMS: Readonly<Record<Architecture, Platform>> = {
  amd64: { triplet: 'x86_64-linux-gnu', node: 'x64' },
  arm64: { triplet: 'aarch64-linux-gnu', node: 'arm64' },
};

/** What a program or a library asks of the dynamic linker. */
export interface Linking {
  /** Path of the dynamic linker; a library has none. */
  readonly interpreter: string | undefined;
  /** File names of libraries. */
  readonly needed: readonly string[];
}

/** strip and readelf. */
export class Binutils {
  readonly #prefix: string;
  readonly #libraries: string;

  /** Fetches the tools from the archive of this machine's own architecture. */
  constructor(archive: DebianArchive, { triplet }: Platform) {
    const name = `binutils-${triplet.replaceAll('_', '-')}`;
    const packages = archive.closure(name);
    const own = packages.find((one) => one.name === name)?.folder ?? '';
    this.#prefix = join(own, 'usr/bin', `${triplet}-`);
    this.#libraries = libraryPath(packages);
  }

  /** Removes symbols that only a debugger needs. */
  strip(from: string, to: string): void {
    this.#run('strip', ['--strip-all', '-o', to, from]);
  }

  linkingOf(file: string): Linking {
    const text = this.#run('readelf', ['--wide', '--program-headers', '--dynamic', file]);
    return {
      interpreter: /\[Requesting program interpreter: ([^\]]+)\]/.exec(text)?.[1],
      needed: [...text.matchAll(/\(NEEDED\).*\[([^\]]+)\]/g)].map(([, name = '']) => name),
    };
  }

  #run(tool: string, args: readonly string[]): string {
    const env = { LC_ALL: 'C', LD_LIBRARY_PATH: this.#libraries };
    return output({ file: `${this.#prefix}${tool}`, args, env });
  }
}

/**
 * Folders of libraries of unpacked packages, for a program among them that runs on this machine.
 * The C library and its dynamic linker belong together, and the linker is that of the machine.
 */
export function libraryPath(packages: readonly DebianPackage[]): string {
  return packages
    .filter(({ name }) => name !== 'libc6')
    .flatMap(({ folder }) =>
      Object.values(PLATFORMS).flatMap(({ triplet }) =>
        ['lib', 'usr/lib'].map((lib) => join(folder, lib, triplet)),
      ),
    )
    .join(':');
}

/** Writes a script that runs a program of unpacked packages with the libraries beside it. */
export function writeLauncher(
  file: string,
  { program, packages }: { readonly program: string; readonly packages: readonly DebianPackage[] },
): void {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [
    '#!/bin/sh',
    `export LD_LIBRARY_PATH=${quoted(libraryPath(packages))}`,
    `exec ${quoted(program)} "$@"`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o755 });
}
