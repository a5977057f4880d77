// Certificates for specs, made by openssl at the moment they are needed, so that none can expire in
// the tree: an authority, a server for 127.0.0.1, clients.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key, as PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs for servers on 127.0.0.1 and for clients. */
export class Authority implements Disposable {
  readonly cert: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-ca-'));

  constructor(name = 'spec-ca') {
    const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes', '-x509'];
    this.#openssl('req', ...NEW_KEY, 'ca.key', '-out', 'ca.crt', ...subject);
    this.cert = this.#read('ca.crt');
  }

  /**
   * Signs a certificate with this common name, valid for 127.0.0.1 and these names; below 0 days it
   * has expired.
   */
  sign(commonName: string, days = 2, names: readonly string[] = []): Pair {
    const subject = ['-subj', `/CN=${commonName}`, '-nodes'];
    this.#openssl('req', ...NEW_KEY, 'one.key', '-out', 'one.csr', ...subject);
    const subjects = ['IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)];
    writeFileSync(join(this.#folder, 'ext'), `subjectAltName=${subjects.join(',')}\n`);
    const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext'];
    this.#openssl(
      'x509',
      '-req',
      '-in',
      'one.csr',
      ...signer,
      '-days',
      String(days),
      '-out',
      'one.crt',
    );
    return { cert: this.#read('one.crt'), key: this.#read('one.key') };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout'] as const;
