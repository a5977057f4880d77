// Which file systems are no place for a store, by the number that statfs answers: across a network
// locks are advice and a written page may be lost, so two gateways could both believe they are alone.
// Numbers from statfs(2) and linux/magic.h, lines of mounts from proc_pid_mountinfo(5).

/** File systems across a network, or that hide one. */
export const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x6b414653: 'kAFS',
  0x73757245: 'Coda',
  0x564c: 'NCP',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
  0x7461636f: 'OCFS2',
  0x01161970: 'GFS2',
  0x013111a8: 'IBRIX',
  0xa501fcf5: 'VxFS',
  0x20030528: 'OrangeFS',
  0x19830326: 'BeeGFS',
};

/** A program behind a file system: which one, only the list of mounts tells. */
const FUSE = 0x65735546;

/** What of it is a disk of this machine. */
const LOCAL_FUSE: ReadonlySet<string> = new Set([
  'fuseblk',
  'virtiofs',
  'fuse.fuse-overlayfs',
  'fuse.gocryptfs',
  'fuse.mergerfs',
  'fuse.ntfs-3g',
]);

const UNSIGNED = 0x1_0000_0000;

/** What is known of where a file lies. */
export interface FilePlace {
  /** Of the file system, as statfs answers it. */
  readonly type: number;
  /** As stat answers it. */
  readonly device: number;
  /** The text of /proc/self/mountinfo; '' where there is none. */
  readonly mounts: string;
}

/** The name of a network file system, or of one that may hide one; null where it is local. */
export function networkFileSystem({ type, device, mounts }: FilePlace): string | null {
  // Some platforms answer the number with a sign.
  const unsigned = ((type % UNSIGNED) + UNSIGNED) % UNSIGNED;
  if (unsigned !== FUSE) return NETWORK_FILE_SYSTEMS[unsigned] ?? null;
  const mounted = mountedType(mounts, device);
  return mounted !== null && LOCAL_FUSE.has(mounted) ? null : (mounted ?? 'FUSE');
}

/** `36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw`: device third, type behind ` - `. */
function mountedType(mounts: string, device: number): string | null {
  // As makedev(3) packs them; Numbers hold more bits than their shifts do, devices have no more.
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  const line = mounts
    .split('\n')
    .find((one) => one.split(' ', 3)[2] === `${major}:${minor}` && one.includes(' - '));
  return line?.split(' - ')[1]?.split(' ')[0] ?? null;
}
