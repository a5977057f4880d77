// A stand-in for a container runtime: the tree as read-only root, one writable folder, process 1 of its own
// namespace, user 1000. Memory, processor and network are not limited.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** A container. */
export interface ContainerRequest {
  /** Folder with the tree. */
  readonly root: string;
  /** Folder of this machine that becomes /var/lib/sluice. */
  readonly data: string;
  /** Further folders, by their path in the image; they are read-only. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** Variables of the image. */
  readonly environment: Readonly<Record<string, string>>;
  /** The program and its arguments. */
  readonly command: readonly string[];
}

// The kernel ignores `ro` in the first call that binds.
const SCRIPT = `
set -eu
root=$1 data=$2
shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$data" "$root/var/lib/sluice"
while [ "$1" != -- ]; do
  mount --bind "$2" "$root$1"
  mount -o remount,bind,ro "$root$1"
  shift 2
done
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot --userspec=1000:1000 --groups= "$root" "$@"
`;

/** Folders of programs that every Debian has. */
export const SYSTEM_FOLDERS = '/usr/sbin:/usr/bin:/sbin:/bin';

/** A running container. Disposing kills it. */
export class Container implements AsyncDisposable {
  out = '';
  err = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor({ root, data, mounts = {}, environment, command }: ContainerRequest) {
    const namespaces = ['--mount', '--pid', '--fork'];
    const folders = [root, data, ...Object.entries(mounts).flat(), '--'];
    const args = [...namespaces, '/bin/sh', '-c', SCRIPT, 'sh', ...folders, ...command];
    // Folders with mount and chroot come last, and the image has none of them.
    const env = {
      ...environment,
      PATH: `${environment['PATH'] ?? ''}:${SYSTEM_FOLDERS}`,
    };
    this.#child = spawn('unshare', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.#ended = once(this.#child, 'close');
  }

  /** Resolves to the exit code. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  /** Sends a signal to process 1 of the container, as a runtime does. */
  signal(name: NodeJS.Signals): void {
    const { pid } = this.#child;
    const children = readFileSync(`/proc/${pid ?? 0}/task/${pid ?? 0}/children`, 'utf8').trim();
    if (children !== '') process.kill(Number(children), name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The end of unshare would not end it, because the user changed.
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal('SIGKILL');
    await this.#ended;
  }
}
