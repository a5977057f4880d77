// Programs of a package of Debian, unpacked into the cache that the specs of the image use too. Nothing is
// installed. Dependencies are not unpacked, so this is for programs that need the C library only.

import { join } from 'node:path';
import { messageOf } from '../../lib/core/errors.ts';
import { DebianArchive } from '../../tools/image/debian.ts';
import { cache, own } from '../image/trees.ts';
import { leaveOut } from './left-out.ts';

/** The folder of programs of a package; without the package the specs are skipped, in CI they fail. */
export function findPackage(name: string, context: Mocha.Context): string {
  try {
    return join(unpacked(name), 'usr/bin');
  } catch (error) {
    return leaveOut(context, `specs with ${name} of Debian`, messageOf(error));
  }
}

function unpacked(name: string): string {
  const archive = new DebianArchive(join(cache, 'debian'), own);
  archive.update();
  const [found] = archive.packages([name]);
  if (found === undefined) throw new Error(`apt has no package ${name}`);
  return found.folder;
}
