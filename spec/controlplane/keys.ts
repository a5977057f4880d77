// The secrets of one control plane, written once before anything starts: the key that signs service
// account tokens and the admin's token. Certificates are certificates.ts's.

import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { type Layout, toFiles } from './flags.ts';

/** Writes the key files of a layout; the admin is in `system:masters`, which RBAC never refuses. */
export async function writeKeys(layout: Layout, adminToken: string): Promise<void> {
  const files = toFiles(layout);
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  await mkdir(files.certificates);
  await writeFile(files.serviceAccountKey, privateKey, { mode: 0o600 });
  await writeFile(files.tokens, `${adminToken},spec-admin,spec-admin,"system:masters"\n`, {
    mode: 0o600,
  });
}
