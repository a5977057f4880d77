// Client certificates for specs, made with the openssl command line: Node reads certificates but
// cannot make them, and Debian has openssl wherever it has TLS. Server certificates are not made
// here; kube-apiserver makes its own.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A certificate and its key, as PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

/** Whose certificate: the user name and the groups that kube-apiserver reads from it. */
export interface CertificateSubject {
  readonly commonName: string;
  readonly groups?: readonly string[];
  readonly validDays?: number;
}

const run = promisify(execFile);
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority for client certificates, kept in one folder. */
export class ClientAuthority {
  readonly certificateFile: string;
  readonly #directory: string;
  #issued = 0;

  private constructor(directory: string) {
    this.#directory = directory;
    this.certificateFile = join(directory, 'client-ca.crt');
  }

  /** Makes an authority, or answers `undefined` where openssl is not installed. */
  static async create(directory: string): Promise<ClientAuthority | undefined> {
    const authority = new ClientAuthority(directory);
    const key = join(directory, 'client-ca.key');
    const out = ['-keyout', key, '-out', authority.certificateFile];
    try {
      await run('openssl', ['req', '-x509', ...newKey, ...out, '-subj', '/CN=spec', '-days', '2']);
      return authority;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Issues a certificate that kube-apiserver takes for this user. */
  async issue(subject: CertificateSubject): Promise<CertificatePair> {
    const { commonName, groups = [], validDays = 1 } = subject;
    this.#issued += 1;
    const base = join(this.#directory, `client-${this.#issued}`);
    const files = { key: `${base}.key`, request: `${base}.csr`, certificate: `${base}.crt` };
    const names = [
      ...groups.map((group) => `/O=${escapeName(group)}`),
      `/CN=${escapeName(commonName)}`,
    ];
    const asked = ['-keyout', files.key, '-out', files.request, '-subj', names.join('')];
    await run('openssl', ['req', '-new', ...newKey, ...asked]);
    const authority = [
      '-CA',
      this.certificateFile,
      '-CAkey',
      join(this.#directory, 'client-ca.key'),
    ];
    const serial = ['-set_serial', String(this.#issued + 1), '-days', String(validDays)];
    const signed = ['-in', files.request, '-out', files.certificate];
    await run('openssl', ['x509', '-req', ...authority, ...serial, ...signed]);
    const [certificate, key] = await Promise.all([
      readFile(files.certificate, 'utf8'),
      readFile(files.key, 'utf8'),
    ]);
    return { certificate, key };
  }
}

function escapeName(name: string): string {
  return name.replaceAll(/[\\/+]/g, (character) => `\\${character}`);
}
