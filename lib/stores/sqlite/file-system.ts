// Which file systems are no place for a store, by the number that statfs answers: across a network
// locks are advice and a written page may be lost, so two gateways could both believe they are alone.
// Numbers from statfs(2) and linux/magic.h.

/** File systems across a network, or that hide one. */
export const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x65735546: 'FUSE',
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

const UNSIGNED = 0x1_0000_0000;

/** The name of a network file system; null where it is none that is known. */
export function networkFileSystem(type: number): string | null {
  // Some platforms answer the number with a sign.
  return NETWORK_FILE_SYSTEMS[((type % UNSIGNED) + UNSIGNED) % UNSIGNED] ?? null;
}
