// The proxies of the environment as `sluice run` and `sluice check` treat them: a variable that a
// trigger needs and that cannot be used, one that nothing needs, and where requests go.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import { until } from '../support/until.ts';
import { listen } from '../triggers/http/support/real-receiver.ts';
import { aConfiguration } from './configured.ts';
import { aPlayedCluster } from './played-cluster.ts';
import { runLine, specMachine } from './process-context.ts';

const CONFIGURATION = `version: 1
filters: [{ reasons: BackOff, action: accept, triggers: [hook, own, other] }]
sources: { all: { events: { namespaces: ["*"], firstStart: all } } }
triggers:
  hook: { http: { url: "http://ci.example.test/hook" } }
  own: { http: { url: "http://127.0.0.1:1/own" } }
  other: { http: { url: "http://ci.example.invalid/other", proxy: none } }
`;
const BROKEN = 'socks5://me:s3cret@127.0.0.1:1';

describe('a proxy variable that cannot be used', () => {
  const at = aConfiguration(CONFIGURATION);

  const check = async (environment: Record<string, string>) => {
    const { code, out } = await runLine(['check', at.file, '--format', 'json'], { environment });
    expect(out).to.not.include('s3cret');
    const { problems } = JSON.parse(out) as { problems: Record<string, string>[] };
    return {
      code,
      problems: problems.map(({ severity, code: kind, path }) => [severity, kind, path].join(' ')),
      messages: problems.map(({ message }) => message),
    };
  };

  it('keeps run from starting if a trigger needs it; the message has its name, not its value', async () => {
    const environment = { SLUICE_DATA: at.folder, HTTP_PROXY: BROKEN };
    const line = ['run', '--config', at.file, '--master', 'http://127.0.0.1:9', '--strict'];
    const off = ['--probes', 'off', '--api', 'off'];
    const { code, out, err } = await runLine([...line, ...off], { environment });
    expect(code).to.equal(3);
    expect(out).to.equal('');
    expect(err).to.include(
      'error proxy-unusable: trigger hook needs the variable HTTP_PROXY: found no http',
    );
    expect(err).to.include('1 error').and.not.include('s3cret');
  });

  it('is a warning of check, once for each trigger that needs it', async () => {
    const { code, problems, messages } = await check({ http_proxy: BROKEN });
    expect(code).to.equal(0);
    expect(problems).to.deep.equal(['warning proxy-unusable /triggers/hook/http']);
    expect(messages[0]).to.include('variable http_proxy: ');
  });

  const others: readonly (readonly [what: string, environment: Record<string, string>])[] = [
    ['no trigger needs', { HTTPS_PROXY: BROKEN }],
    ['NO_PROXY excepts every place from', { HTTP_PROXY: BROKEN, NO_PROXY: '.test' }],
    ['is NO_PROXY', { NO_PROXY: 'a.test, 10.0.0.0/33' }],
  ];
  for (const [what, environment] of others) {
    it(`is a warning of check if ${what}`, async () => {
      const { code, problems } = await check(environment);
      expect(code).to.equal(0);
      expect(problems).to.deep.equal(['warning proxy-unusable ']);
    });
  }

  it('is no problem of check if it is usable', async () => {
    expect((await check({ HTTP_PROXY: 'proxy.test:3128', NO_PROXY: '*' })).problems).to.deep.equal(
      [],
    );
  });
});

describe('sluice run with the proxy variables', () => {
  const cluster = aPlayedCluster();

  it('sends requests of triggers through the proxy, logs that, and connects to loopback directly', async () => {
    await using proxy = await listen();
    const file = join(cluster().folder, 'config.yaml');
    writeFileSync(file, CONFIGURATION);
    const environment = {
      SLUICE_DATA: cluster().folder,
      HTTP_PROXY: proxy.origin.replace('//', '//me:s3cret@'),
      NO_PROXY: 'nothing.test, 10.0.0.0/33',
    };
    const machine = specMachine({ environment });
    const line = ['run', '--config', file, '--master', cluster().playback.url];
    const flags = ['--log-format', 'text', '--probes', 'off', '--api', 'off'];
    const ended = runCommandLine([...line, ...flags], machine);
    try {
      await until(() => proxy.arrived.length > 0, 'the request at the proxy', 20_000);
    } finally {
      machine.stopping.abort(new Error('SIGTERM'));
    }
    expect(await ended).to.equal(0);
    expect(new Set(proxy.arrived.map(({ target }) => target))).to.deep.equal(
      new Set(['http://ci.example.test/hook']),
    );
    const said = `the receiver of trigger hook is reached through the proxy ${proxy.origin} (HTTP_PROXY)`;
    const lines = machine.out().split('\n');
    expect(lines.filter((one) => one.includes('through the proxy'))).to.have.length(1);
    expect(machine.out()).to.include(said);
    expect(machine.out()).to.include('variable NO_PROXY: found no host in entry 2');
    expect(machine.out() + machine.err()).to.not.include('s3cret');
  }).timeout(30_000);
});
