// `sluice playback` over HTTPS: certificate and key from files, and messages about unusable ones.

import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { Authority } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import { runLine, specMachine } from './process-context.ts';

const PLAYBACK = ['playback', 'samples/demo.ndjson', '--listen', '127.0.0.1:0'];

describe('sluice playback over HTTPS', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-https-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('refuses --tls with the openssl command whose files it serves', async () => {
    const { code, err } = await runLine([...PLAYBACK, '--tls']);
    expect(code).to.equal(2);
    expect(err).to.include('flag --tls was removed').and.to.include('--tls-cert and --tls-key');
    execFileSync('sh', ['-c', /`(openssl req .*)`/.exec(err)?.[1] ?? 'exit 1'], {
      cwd: folder,
      stdio: 'pipe',
    });
    const cert = join(folder, 'playback.crt');
    const machine = specMachine();
    const files = ['--tls-cert', cert, '--tls-key', join(folder, 'playback.key')];
    const running = runCommandLine([...PLAYBACK, ...files], machine);
    await until(() => machine.out().includes('https://'), 'the playback to serve');
    const url = /https:\S+/.exec(machine.out())?.[0] ?? '';
    const response = await answerOf(`${url}/version`, await readFile(cert));
    expect(response.statusCode).to.equal(200);
    machine.stopping.abort();
    expect(await running, machine.err()).to.equal(0);
  });

  const refused: readonly (readonly [what: string, flags: readonly string[], message: string])[] = [
    ['a certificate without a key', ['--tls-cert', 'crt'], '--tls-cert and --tls-key go together'],
    ['a key without a certificate', ['--tls-key', 'key'], '--tls-cert and --tls-key go together'],
    ['a missing file', ['--tls-cert', 'none', '--tls-key', 'key'], 'none: '],
    ['a file that is no PEM', ['--tls-cert', 'text', '--tls-key', 'key'], 'both PEM'],
    ['the key of another certificate', ['--tls-cert', 'crt', '--tls-key', 'other'], 'both PEM'],
  ];
  for (const [what, flags, message] of refused) {
    it(`refuses ${what}`, async () => {
      using authority = new Authority();
      const [one, other] = [authority.sign('one'), authority.sign('other')];
      const files = { crt: one.cert, key: one.key, other: other.key, text: 'no certificate' };
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
      const given = flags.map((flag) => (flag.startsWith('--') ? flag : join(folder, flag)));
      const { code, err } = await runLine([...PLAYBACK, ...given]);
      expect(code).to.equal(2);
      expect(err).to.include(message);
    });
  }
});

function answerOf(url: string, ca: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { ca }, (response) => resolve(response.resume())).on('error', reject);
  });
}
