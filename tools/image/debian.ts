// Packages of the distribution of this machine, for any architecture, unpacked into a cache. apt fetches and
// verifies them with lists of its own, so nothing is installed and no special user is needed.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { systemClock } from '../../lib/kit/system.ts';
import { LayoutError, output } from './programs.ts';

/** An architecture, as Debian and the OCI image specification call it. */
export type Architecture = 'amd64' | 'arm64';

/** One package, unpacked. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The source package, which security notices name. */
  readonly source: string;
  readonly homepage: string | undefined;
  /** The control file, as dpkg keeps it. */
  readonly control: string;
  /** SHA-256 of the package file. */
  readonly sha256: string;
  /** Folder with the contents. */
  readonly folder: string;
}

// Security updates appear some times a day, and reading the lists takes some seconds.
const LISTS_MS = 3_600_000;

/** The archive that the sources of apt on this machine name. */
export class DebianArchive {
  readonly #cache: string;
  readonly #architecture: Architecture;

  constructor(cache: string, architecture: Architecture) {
    this.#cache = join(cache, architecture);
    this.#architecture = architecture;
    for (const folder of ['state/lists/partial', 'cache/archives/partial', 'unpacked']) {
      mkdirSync(join(this.#cache, folder), { recursive: true });
    }
  }

  /** Reads the lists of packages, so that the latest security updates are known. */
  update(): void {
    const stamp = join(this.#cache, 'updated');
    const read = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (systemClock.now() - read < LISTS_MS) return;
    this.#apt(['update']);
    writeFileSync(stamp, '');
  }

  /** Fetches and unpacks exactly these packages. */
  packages(names: readonly string[]): readonly DebianPackage[] {
    return this.#unpacked(['download', ...names]);
  }

  /** Fetches and unpacks a program with everything that it needs. */
  closure(name: string): readonly DebianPackage[] {
    return this.#unpacked(['install', '--yes', '--no-install-recommends', name]);
  }

  #unpacked(request: readonly string[]): readonly DebianPackage[] {
    // A line for each file: 'URI' name size SHA256:…
    const list = this.#apt(['--print-uris', '--quiet=2', ...request]);
    const files = list.matchAll(/^'[^']+' (\S+) \d+ SHA256:([0-9a-f]{64})$/gm);
    const wanted = [...files].map(([, file = '', sha256 = '']) => ({ file, sha256 }));
    if (wanted.length === 0) throw new LayoutError(`apt has no files for ${request.join(' ')}`);
    const missing = wanted.filter((one) => !existsSync(this.#folderOf(one)));
    if (missing.length > 0) this.#fetch(missing);
    return wanted.map((one) => this.#described(one)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #fetch(missing: readonly PackageFile[]): void {
    const aside = mkdtempSync(join(this.#cache, 'unpacked', 'aside-'));
    try {
      // The exact versions of the list, also if the lists changed in between.
      const exact = missing.map(({ file }) => {
        const [name = '', version = ''] = file.split('_');
        return `${name}=${decodeURIComponent(version)}`;
      });
      this.#apt(['download', ...exact], aside);
      for (const one of missing) this.#unpack(one, aside);
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }

  #unpack(one: PackageFile, aside: string): void {
    const folder = join(aside, 'contents');
    output({ file: 'dpkg-deb', args: ['--raw-extract', join(aside, one.file), folder] });
    try {
      renameSync(folder, this.#folderOf(one));
    } catch (error) {
      // Another process may have been faster; both have the same contents.
      if (!existsSync(this.#folderOf(one))) throw error;
      rmSync(folder, { recursive: true });
    }
  }

  #described({ file, sha256 }: PackageFile): DebianPackage {
    const folder = this.#folderOf({ file, sha256 });
    const control = readFileSync(join(folder, 'DEBIAN/control'), 'utf8');
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: (.+)$`, 'm').exec(control)?.[1];
    const name = field('Package') ?? basename(file);
    return {
      name,
      version: field('Version') ?? '',
      architecture: field('Architecture') ?? '',
      source: (field('Source') ?? name).replace(/ .*/, ''),
      homepage: field('Homepage'),
      control,
      sha256,
      folder,
    };
  }

  #folderOf({ file, sha256 }: PackageFile): string {
    return join(this.#cache, 'unpacked', `${basename(file, '.deb')}-${sha256.slice(0, 16)}`);
  }

  #apt(args: readonly string[], cwd?: string): string {
    const options = {
      'Dir::State': join(this.#cache, 'state'),
      'Dir::State::status': '/dev/null',
      'Dir::Cache': join(this.#cache, 'cache'),
      'APT::Architecture': this.#architecture,
      'APT::Architectures': this.#architecture,
      'Acquire::Languages': 'none',
      'Acquire::ForceHash': 'sha256',
      'APT::Sandbox::User': '',
    };
    const given = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    // apt does not wait for another apt on the same lists.
    const lock = [join(this.#cache, 'lock'), 'apt-get', '--quiet', ...given, ...args];
    return output({ file: 'flock', args: lock, ...(cwd !== undefined && { cwd }) });
  }
}

interface PackageFile {
  readonly file: string;
  readonly sha256: string;
}
