// buildah for the specs: that of PATH, else Debian's package, unpacked into the cache and run from there. Images
// lie in a folder of the spec.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemEnvironment } from '../../lib/kit/system.ts';
import { writeLauncher } from '../../tools/image/binutils.ts';
import { DebianArchive } from '../../tools/image/debian.ts';
import { missingPrograms } from '../../tools/image/programs.ts';
import { childEnvironment } from '../controlplane/environment.ts';
import { cache, own } from './trees.ts';

/** An image, as `buildah inspect` describes it. */
export interface InspectedImage {
  readonly OCIv1: {
    readonly architecture: string;
    readonly config: {
      readonly User: string;
      readonly Entrypoint: readonly string[];
      readonly Cmd: readonly string[];
      readonly Env: readonly string[];
      readonly Labels: Readonly<Record<string, string>>;
      readonly WorkingDir: string;
      readonly ExposedPorts: Readonly<Record<string, unknown>>;
    };
    readonly rootfs: { readonly diff_ids: readonly string[] };
  };
}

/** buildah with images of its own. */
export class Buildah {
  /** The program. */
  readonly file: string;
  /** Variables under which it needs neither a daemon nor settings of the machine. */
  readonly environment: NodeJS.ProcessEnv;

  constructor(folder: string) {
    const { PATH = '' } = systemEnvironment();
    const isInstalled = missingPrograms(['buildah'], PATH).length === 0;
    this.file = isInstalled ? 'buildah' : unpacked(folder);
    const settings = join(folder, 'home/.config/containers');
    mkdirSync(settings, { recursive: true });
    const policy = { default: [{ type: 'insecureAcceptAnything' }] };
    writeFileSync(join(settings, 'policy.json'), JSON.stringify(policy));
    const storage = [
      'driver = "vfs"',
      `graphroot = "${folder}/graph"`,
      `runroot = "${folder}/run"`,
    ];
    writeFileSync(join(folder, 'storage.conf'), `[storage]\n${storage.join('\n')}\n`);
    this.environment = childEnvironment({
      HOME: join(folder, 'home'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
      CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
      STORAGE_DRIVER: 'vfs',
      BUILDAH_ISOLATION: 'chroot',
    });
  }

  /** Runs a command of buildah and returns its standard output. */
  run(...args: readonly string[]): string {
    const options = { env: this.environment, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync(this.file, args, options).trim();
  }

  /** Inspects an image. */
  inspect(name: string): InspectedImage {
    return JSON.parse(this.run('inspect', '--type', 'image', name)) as InspectedImage;
  }
}

function unpacked(folder: string): string {
  const archive = new DebianArchive(join(cache, 'debian'), own);
  archive.update();
  const packages = archive.closure('buildah');
  const program = packages.find(({ name }) => name === 'buildah')?.folder ?? '';
  mkdirSync(join(folder, 'bin'));
  const launcher = join(folder, 'bin/buildah');
  writeLauncher(launcher, { program: join(program, 'usr/bin/buildah'), packages });
  return launcher;
}
