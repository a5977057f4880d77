// Secrets that a configuration names: `run` does not start without them, `check` warns.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { aConfiguration } from './configured.ts';
import { runLine } from './process-context.ts';

const CONFIGURATION = `version: 1
filters: [{ action: accept, triggers: [hook] }]
triggers:
  hook:
    http:
      url: https://ci.example.test/hooks
      auth: { bearer: { tokenFile: token } }
      signing: { secretEnv: SIGNING }
`;

describe('secrets that a configuration names', () => {
  const at = aConfiguration(CONFIGURATION);

  const environment = { SIGNING: 'hunter2' };

  it('keep run from starting if they are unusable, each with its place', async () => {
    const args = [
      'run',
      '--config',
      at.file,
      '--master',
      'http://127.0.0.1:9',
      '--probes',
      'off',
      '--api',
      'off',
    ];
    const { code, out, err } = await runLine(args, { environment });
    expect(code).to.equal(3);
    expect(out).to.equal('');
    expect(err).to.include(
      `${at.file}:7:36: error secret-unreadable: found file "token": no such file`,
    );
    expect(err).to.include(
      `${at.file}:8:29: error secret-unreadable: found variable "SIGNING": holds no`,
    );
    expect(err).to.include('2 errors');
    expect(err).not.to.include('hunter2');
  });

  it('are warnings of check, which fail only a strict one', async () => {
    const lenient = await runLine(['check', at.file, '--format', 'json'], { environment });
    expect(lenient.code).to.equal(0);
    const { problems } = JSON.parse(lenient.out) as { problems: Record<string, unknown>[] };
    expect(problems.map(({ severity, code, path }) => [severity, code, path])).to.deep.equal([
      ['warning', 'secret-unreadable', '/triggers/hook/http/auth/bearer/tokenFile'],
      ['warning', 'secret-unreadable', '/triggers/hook/http/signing/secretEnv'],
    ]);
    expect((await runLine(['check', at.file, '--strict'], { environment })).code).to.equal(3);
  });

  it('are no problem if they exist', async () => {
    writeFileSync(join(at.folder, 'token'), 'a-token\n');
    const SIGNING = `whsec_${Buffer.alloc(32).toString('base64')}`;
    const { code, out } = await runLine(['check', at.file, '--strict'], {
      environment: { SIGNING },
    });
    expect(out).to.include('no problems');
    expect(code).to.equal(0);
  });
});
