// The command line: the chosen command, its output and exit codes.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { commands } from '../../lib/cli/registry.ts';
import { messageOf } from '../../lib/core/errors.ts';
import { childEnvironment } from '../controlplane/environment.ts';
import { Authority } from '../support/certificates.ts';
import { leaveOut } from '../support/left-out.ts';
import { ScriptedApiServer } from '../support/scripted-api-server.ts';
import { until } from '../support/until.ts';
import { runLine } from './process-context.ts';

const executable = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

describe('the command line', () => {
  it('lists every command in its help', async () => {
    const { code, out } = await runLine(['--help']);
    expect(code).to.equal(0);
    for (const name of Object.keys(commands)) expect(out).to.match(new RegExp(`^  ${name} `, 'm'));
  });

  for (const name of Object.keys(commands)) {
    it(`shows the usage of ${name} without running it`, async () => {
      const { code, out, err } = await runLine([name, '--help']);
      expect(code).to.equal(0);
      expect(out).to.match(new RegExp(`^Usage: sluice ${name}`));
      expect(err).to.equal('');
    });
  }

  const shown: readonly (readonly [args: readonly string[], usage: string])[] = [
    [['help'], 'sluice [command] [flags]'],
    [['help', 'check'], 'sluice check FILE'],
    [['help', 'deliveries'], 'sluice deliveries <command> [flags]'],
    [['help', 'deliveries', 'list'], 'sluice deliveries list [--state STATE]'],
    [['help', 'help'], 'sluice help [COMMAND]'],
    [['deliveries', 'help'], 'sluice deliveries <command> [flags]'],
    [['deliveries', 'help', 'list'], 'sluice deliveries list [--state STATE]'],
  ];
  for (const [args, usage] of shown) {
    it(`shows the usage for sluice ${args.join(' ')}`, async () => {
      const { code, out, err } = await runLine(args);
      expect([code, err]).to.deep.equal([0, '']);
      expect(out).to.include(`Usage: ${usage}`);
    });
  }

  it('ends only after a slow reader of a pipe has read everything', async () => {
    const child = spawn(process.execPath, [executable, 'schema'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'close');
    // The reader starts after far more was written than fits into a pipe.
    await once(child.stdout, 'readable');
    let text = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) text += String(chunk);
    expect(JSON.parse(text)).to.have.property('title', 'Configuration');
    expect((await ended)[0]).to.equal(0);
  });

  it('fails with a message if the disk of its output is full', async function () {
    const full = await open('/dev/full', 'w').catch((error: unknown) =>
      leaveOut(this, 'the spec of a full disk', messageOf(error)),
    );
    const child = spawn(process.execPath, [executable, 'schema'], {
      stdio: ['ignore', full.fd, 'pipe'],
    });
    const ended = once(child, 'close');
    let err = '';
    for await (const chunk of child.stderr?.setEncoding('utf8') ?? []) err += String(chunk);
    await full.close();
    expect((await ended)[0]).to.equal(1);
    expect(err).to.match(/^sluice: write to standard output: the disk is full\n {2}next step: /);
  });

  it('succeeds if the reader of a pipe closes it', async () => {
    const child = spawn(process.execPath, [executable, 'schema'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'close');
    child.stdout.destroy();
    let err = '';
    for await (const chunk of child.stderr.setEncoding('utf8')) err += String(chunk);
    expect([(await ended)[0], err]).to.deep.equal([0, '']);
  });

  it('succeeds if the reader of its messages closes the pipe', async () => {
    const child = spawn(process.execPath, [executable, 'chek'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(child, 'close');
    child.stderr.destroy();
    expect((await ended)[0]).to.equal(2);
  });

  it('ends soon after a signal although its reader reads nothing', async () => {
    // Its output is larger than a pipe.
    const args = ['--config', 'samples/config.yaml', '--events', 'samples/demo.ndjson'];
    const child = spawn(process.execPath, [executable, 'explain', ...args, '--format', 'json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'readable');
    child.kill('SIGTERM');
    expect(await ended).to.deep.equal([0, null]);
    child.stdout.destroy();
  });

  for (const [what, variable] of [
    ['an API server', null],
    ['a proxy', 'HTTPS_PROXY'],
  ] as const) {
    it(`verifies the certificate of ${what} whatever the environment says, and reports that`, async () => {
      using authority = new Authority();
      await using server = await ScriptedApiServer.start(authority.sign('server'));
      const greeted: unknown[] = [];
      server.onSecure((socket) => socket.on('data', (chunk) => greeted.push(chunk)));
      const master = variable === null ? server.url : 'https://api.example.invalid';
      const child = spawn(process.execPath, [executable, 'record', '--master', master], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: childEnvironment({
          NODE_TLS_REJECT_UNAUTHORIZED: '0',
          ...(variable !== null && { [variable]: server.url }),
        }),
      });
      let err = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      await until(() => err.includes('cannot list'), 'the refusal', 10_000);
      child.kill('SIGTERM');
      await once(child, 'close');
      expect(err).to.match(/^sluice: NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect: /);
      expect(err).to.not.include('Warning');
      expect(greeted).to.deep.equal([]);
    });
  }

  const helps: readonly (readonly [args: readonly string[], words: string])[] = [
    [['chek'], 'sluice --help'],
    [['check'], 'sluice check --help'],
    [['-x'], 'sluice run --help'],
    [['deliveries', 'retri'], 'sluice deliveries --help'],
    [['deliveries', 'retry'], 'sluice deliveries retry --help'],
  ];
  for (const [args, words] of helps) {
    it(`points from ${args.join(' ')} to ${words}`, async () => {
      expect((await runLine(args)).err).to.match(new RegExp(`\n {2}next step: see ${words}\n$`));
    });
  }

  const refused: readonly (readonly [readonly string[], number, string])[] = [
    [['chek'], 2, 'command "chek" is not known (did you mean check?)'],
    [['check', '-x'], 2, 'flag --x is not known'],
    [['-x'], 2, 'flag --x is not known'],
    [['help', 'chek'], 2, 'command "chek" is not known (did you mean check?)'],
    [['help', 'deliveries', 'lst'], 2, 'command "lst" is not known (did you mean list?)'],
    [['help', 'check', 'list'], 2, 'command check has no commands, such as "list"'],
    [['completion'], 2, 'completion takes bash, zsh, fish, not nothing'],
    [['completion', 'csh'], 2, 'completion takes bash, zsh, fish, not "csh"'],
    [['check'], 2, 'check needs the configuration FILE'],
    [['explain', '--format', 'yaml'], 2, 'flag --format takes text or json, not "yaml"'],
    [['run', 'a'], 2, 'argument "a" is one too many'],
    [['playback'], 2, 'playback needs the recording FILE'],
    [['playback', 'x', '--speed', '0'], 2, 'flag --speed takes a number above 0 or full'],
    [['playback', 'x', '--listen', 'here'], 2, 'flag --listen takes HOST:PORT or PORT, not "here"'],
    [['record', '--for', 'long'], 2, 'flag --for takes a duration such as 5m, not "long"'],
    [['run', '--log-format', 'xml'], 2, 'flag --log-format takes one of auto, text, json, brigade'],
    [['run', '--log-level', 'loud'], 2, 'flag --log-level takes one of error, warn, info, debug'],
    [['run', '--log-decisions', ''], 2, 'flag --log-decisions takes one of changes, all, accepted'],
    [['run', '--log-event', 'half'], 2, 'flag --log-event takes one of line, full, not "half"'],
    [['run', '--probes', 'here'], 2, 'flag --probes takes HOST:PORT or PORT, not "here"'],
    [['run', '--api', 'here'], 2, 'flag --api takes HOST:PORT or PORT, not "here"'],
    [['run', '--drain', 'soon'], 2, 'flag --drain takes a duration such as 25s, not "soon"'],
    [['run', '--config', 'none.yaml'], 3, 'configuration none.yaml is refused'],
    [['--config', 'none.yaml'], 3, 'configuration none.yaml is refused'],
    [['check', '--config', 'none.yaml'], 3, ''],
    [['run', '--kubeconfig', 'none.yaml'], 4, 'none.yaml'],
  ];
  for (const [args, code, message] of refused) {
    it(`answers ${args.join(' ')} with ${code}`, async () => {
      const result = await runLine(args);
      expect(result.code, result.err).to.equal(code);
      expect(result.err).to.include(message);
      expect(result.err).not.to.match(/\n\s+at /);
    });
  }

  it('uses variables of its environment for absent flags', async () => {
    const { code, err } = await runLine([], { environment: { GATEWAY_CONFIG: 'from-env.json' } });
    expect(code).to.equal(3);
    expect(err).to.include('from-env.json');
  });

  it('exits with the code of the command', async () => {
    const child = spawn(process.execPath, [executable, 'chek'], { stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).to.equal(2);
  });
});
