// `check --cluster` and the start of `run` against a scripted API server: what is missing is named.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { JsonObject } from '../../lib/core/json-object.ts';
import {
  discoveryServer,
  group,
  type ModelGroup,
  type,
} from '../kubernetes/discovery/documents.ts';
import { FakeClock } from '../support/fake-clock.ts';
import type { ParkedRequest } from '../support/parked-request.ts';
import { ScriptedApiServer } from '../support/scripted-api-server.ts';
import { until } from '../support/until.ts';
import { runLine } from './process-context.ts';

const CONFIGURATION = `
version: 1
filters: [{ kind: Pod, action: accept }]
triggers:
  diagnose:
    kubernetes:
      manifest: { apiVersion: batch/v1, kind: Job, metadata: { namespace: ci }, spec: { geheim: geheim } }
`;

const JOBS = [group('batch', { v1: [type('jobs', 'Job')] })];

interface Asked {
  readonly spec?: { readonly resourceAttributes?: { readonly verb: string; resource: string } };
}

/** An API server with its own rules and types; everything else is forbidden. */
interface Rules {
  readonly allows: (verb: string, resource: string) => boolean;
  readonly dryRun?: (request: ParkedRequest) => void;
  /** Null: discovery is forbidden. */
  readonly types?: readonly ModelGroup[] | null;
}

describe('the cluster', () => {
  let folder = '';
  let file = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-access-'));
    file = join(folder, 'sluice.yaml');
    writeFileSync(file, CONFIGURATION);
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  async function serverWith(rules: Rules): Promise<ScriptedApiServer> {
    const { allows, dryRun, types = JOBS } = rules;
    const server = await ScriptedApiServer.start();
    const discovered = discoveryServer(types ?? [], 'v2');
    server.answerBy((request) => {
      const { path, method } = request;
      const { accept = '' } = request.headers;
      const found = method === 'GET' && types !== null ? discovered({ path, accept }) : undefined;
      if (found?.ok) request.answer(found.status, found.body);
      else if (request.path.startsWith('/apis/authorization.k8s.io/')) {
        const { verb = '', resource = '' } =
          (JSON.parse(request.body) as Asked).spec?.resourceAttributes ?? {};
        request.answer(201, { status: { allowed: allows(verb, resource) } });
      } else if (request.query.get('dryRun') === 'All' && dryRun !== undefined) dryRun(request);
      else request.refuse(403);
      return true;
    });
    return server;
  }

  /** Runs a command on a clock that the spec moves until the command ends. */
  async function runOn(
    server: Pick<ScriptedApiServer, 'url'>,
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
    const clock = new FakeClock();
    const environment = { SLUICE_DATA: folder };
    const running = runLine([...args, '--master', server.url], { clock, environment });
    const ended = running.then((result) => ({ result }));
    const { result } = await until(async () => {
      await clock.advance(100);
      return Promise.race([ended, Promise.resolve(null)]);
    }, 'the end of the command');
    return result;
  }

  const check = (server: Pick<ScriptedApiServer, 'url'>, ...args: readonly string[]) =>
    runOn(server, 'check', file, '--cluster', ...args);

  it('has nothing to say about a configuration that it permits', async () => {
    await using server = await serverWith({
      allows: () => true,
      dryRun: (request) => request.answer(201, {}),
    });
    const { code, out } = await check(server, '--format', 'json');
    expect(code).to.equal(0);
    expect((JSON.parse(out) as JsonObject)['problems']).to.deep.equal([]);
  });

  it('names each missing permission, and each mistake in a manifest, to check', async () => {
    await using server = await serverWith({
      allows: (verb, resource) => verb !== 'watch' && resource !== 'jobs',
      dryRun: (request) => {
        if (request.query.get('fieldValidation') === 'Ignore') request.answer(201, {});
        else {
          const message = 'strict decoding error: unknown field "spec.geheim"';
          request.answer(400, { kind: 'Status', reason: 'BadRequest', message });
        }
      },
    });
    const { code, out } = await check(server, '--format', 'json', '--namespace', 'gateway');
    expect(code).to.equal(0);
    const { problems } = JSON.parse(out) as { problems: readonly JsonObject[] };
    expect(
      problems.map(({ severity, code: found, path, message }) => [
        ...[severity, found, path, message],
      ]),
    ).to.have.deep.members([
      [
        'warning',
        'permission-missing',
        '',
        'this account may not create on jobs.batch in ci (trigger diagnose creates its objects, and reads an existing one to compare its delivery id)',
      ],
      [
        'warning',
        'permission-missing',
        '',
        'this account may not get on jobs.batch in ci (trigger diagnose creates its objects, and reads an existing one to compare its delivery id)',
      ],
      [
        'warning',
        'permission-missing',
        '',
        'this account may not watch on events in gateway (source events reads Events)',
      ],
      [
        'warning',
        'manifest-refused',
        '/triggers/diagnose/kubernetes',
        'the API server refuses what trigger diagnose creates, unknown-field: spec.geheim',
      ],
    ]);
    const strict = await check(server, '--strict', '--namespace', 'gateway');
    expect(strict.code).to.equal(3);
    expect(strict.out).to.include('sluice rbac');
  });

  const problemsOf = async (rules: Rules): Promise<readonly JsonObject[]> => {
    await using server = await serverWith(rules);
    const { code, out } = await check(server, '--format', 'json');
    expect(code).to.equal(0);
    return (JSON.parse(out) as { problems: readonly JsonObject[] }).problems;
  };

  it('names a kind that it does not serve, although the account may not create it', async () => {
    const types = [
      group('batch', { v1: [type('cronjobs', 'CronJob')], v2: [type('jobs', 'Job')] }),
    ];
    const problems = await problemsOf({ allows: (_, resource) => resource !== 'jobs', types });
    const [refused, ...more] = problems.filter(({ code }) => code === 'manifest-refused');
    expect(more).to.deep.equal([]);
    expect(refused).to.include({
      severity: 'warning',
      path: '/triggers/diagnose/kubernetes',
      message:
        'the API server refuses what trigger diagnose creates: the cluster serves no kind Job in batch/v1',
      hint: 'write apiVersion: batch/v2',
    });
  });

  it('names a missing kind once, although the dry run finds it, too', async () => {
    const problems = await problemsOf({
      allows: () => true,
      dryRun: (request) => request.refuse(404, { reason: 'NotFound' }),
      types: [group('batch', { v1: [type('jobs', 'Jop')] })],
    });
    expect(problems.map(({ code, hint }) => [code, hint])).to.deep.equal([
      ['manifest-refused', 'write kind: Jop'],
    ]);
  });

  it('keeps what the dry run finds in a manifest whose kind it serves', async () => {
    const problems = await problemsOf({
      allows: () => true,
      dryRun: (request) =>
        request.refuse(404, { reason: 'NotFound', details: { kind: 'namespaces' } }),
    });
    expect(problems.map(({ code, message }) => [code, message])).to.deep.equal([
      [
        'manifest-refused',
        'the API server refuses what trigger diagnose creates, no-such-namespace: no namespace ci',
      ],
    ]);
  });

  it('names a plural that is not the one of requests and Roles', async () => {
    const types = [group('batch', { v1: [type('jobz', 'Job')] })];
    const problems = await problemsOf({ allows: () => true, types });
    expect(problems.map(({ code, hint }) => [code, hint])).to.deep.equal([
      ['manifest-refused', 'write resource: jobz'],
    ]);
  });

  it('is a warning for check if its types cannot be read', async () => {
    const problems = await problemsOf({ allows: () => true, types: null });
    expect(problems.map(({ code, message }) => [code, message])).to.deep.equal([
      ['cluster-unchecked', 'the types of the cluster could not be read: GET /api: status 403'],
    ]);
  });

  it('is only a warning for check if it denies everything', async () => {
    await using server = await serverWith({ allows: () => false });
    expect((await check(server)).code).to.equal(0);
  });

  it('is a warning for check if it does not answer', async () => {
    const server = await ScriptedApiServer.start();
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const { code, out } = await check({ url }, '--format', 'json');
    expect(code).to.equal(0);
    const { problems } = JSON.parse(out) as { problems: readonly JsonObject[] };
    expect(problems.map(({ code: found }) => found)).to.deep.equal(['cluster-unchecked']);
  });

  it('is not asked without --cluster', async () => {
    await using server = await serverWith({ allows: () => true });
    const { code, err } = await runOn(server, 'check', file);
    expect([code, server.log.length]).to.deep.equal([2, 0]);
    expect(err).to.include('flag --master needs --cluster');
  });

  const LISTENERS = ['--probes', 'off', '--api', 'off', '--store', 'memory'];

  it('ends a start with exit code 4 if it denies every source, and says why', async () => {
    await using server = await serverWith({ allows: () => false });
    const args = ['--config', file, '--namespace', 'gateway', '--log-format', 'json'];
    const { code, out, err } = await runOn(server, 'run', ...args, ...LISTENERS);
    expect(code).to.equal(4);
    expect(err).to.include('read Events in gateway: forbidden').and.include('sluice rbac');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonObject);
    const missing = lines.filter(({ kind }) => kind === 'permission');
    expect(
      missing.map(({ level, verb, group, resource, namespace }) => [
        ...[level, verb, group, resource, namespace],
      ]),
    ).to.have.deep.members([
      ['error', 'list', '', 'events', 'gateway'],
      ['error', 'watch', '', 'events', 'gateway'],
      ['error', 'get', '', 'namespaces', 'gateway'],
      ['error', 'create', 'batch', 'jobs', 'ci'],
      ['error', 'get', 'batch', 'jobs', 'ci'],
    ]);
  });
});
