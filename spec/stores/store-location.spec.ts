// Promises of `networkFileSystem`: the whole table of network file systems, and FUSE.

import { expect } from 'chai';
import { NETWORK_FILE_SYSTEMS, networkFileSystem } from '../../lib/stores/store-location.ts';

const FUSE = 0x65735546;

describe('the table of network file systems', () => {
  const named = (type: number): string | null => networkFileSystem({ type, device: 0, mounts: '' });

  for (const [type, name] of Object.entries(NETWORK_FILE_SYSTEMS)) {
    it(`recognizes ${name} as a signed and as an unsigned number`, () => {
      expect(named(Number(type))).to.equal(name);
      expect(named(Number(type) | 0)).to.equal(name);
    });
  }

  const DISKS = { ext4: 0xef53, xfs: 0x58465342, btrfs: 0x9123683e, tmpfs: 0x01021994 };
  for (const [name, type] of Object.entries({ ...DISKS, overlay: 0x794c7630, zfs: 0x2fc12fc1 })) {
    it(`accepts ${name}`, () => {
      expect(named(type)).to.equal(null);
    });
  }
});

describe('a FUSE file system', () => {
  const mounts = (type: string): string =>
    `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
98 22 0:52 / /data rw,nosuid shared:9 master:1 - ${type} what - ever rw
99 22 0:300 / /other rw - fuse.other other rw
`;
  const ROWS: readonly [string, string | null][] = [
    ['fuse.sshfs', 'fuse.sshfs'],
    ['fuse.s3fs', 'fuse.s3fs'],
    ['fuse.glusterfs', 'fuse.glusterfs'],
    ['fuse', 'fuse'],
    ['virtiofs', null],
    ['fuseblk', null],
  ];
  for (const [type, expected] of ROWS) {
    it(`is ${expected === null ? 'accepted' : 'refused'} if it is ${type}`, () => {
      const place = { type: FUSE, device: 52, mounts: mounts(type) };
      expect(networkFileSystem(place)).to.equal(expected);
    });
  }

  it('is found by a device number above 255', () => {
    const device = (300 & 0xff) | ((300 & 0xfff00) << 12);
    const place = { type: FUSE, device, mounts: mounts('virtiofs') };
    expect(networkFileSystem(place)).to.equal('fuse.other');
  });

  it('is refused if its type is unknown', () => {
    expect(networkFileSystem({ type: FUSE, device: 7, mounts: '' })).to.equal('FUSE');
  });
});
