// Holds all three kinds to the promises of the port, the two that create objects on a fake API
// server, commands with real processes.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Trigger } from '../../lib/core/trigger.ts';
import { brigadeKind } from '../../lib/triggers/brigade.ts';
import { execKind } from '../../lib/triggers/exec.ts';
import { kubernetesKind } from '../../lib/triggers/kubernetes.ts';
import type { TriggerParts } from '../../lib/triggers/parts.ts';
import type { TriggerBench, TriggerBenches } from '../conformance/trigger.ts';
import { describeTrigger } from '../conformance/trigger.ts';
import type { Script } from './support/fake-api.ts';
import { aFailure, anAnswer, aStatus, FakeApi } from './support/fake-api.ts';
import { JOB, someParts } from './support/parts.ts';

const SECRET = 'hunter2-hunter2';

type Make = (parts: TriggerParts) => Trigger;

function apiBench(make: Make, configure: (api: FakeApi) => void = () => undefined): TriggerBench {
  const api = new FakeApi();
  configure(api);
  return {
    trigger: make(someParts({ api, environment: { TOKEN: SECRET } })),
    attempts: () => api.created.length,
    started: () => api.objects.size,
  };
}

function apiBenches(make: Make): TriggerBenches {
  const scripted = (script: Script) => () =>
    apiBench(make, (api) => {
      api.script = script;
    });
  return {
    working: () => apiBench(make),
    silent: () =>
      apiBench(make, (api) => {
        api.silent = true;
      }),
    failing: {
      'a refused connection': scripted(() => aFailure('never', 'ECONNREFUSED')),
      'a cut connection': scripted(() => aFailure('perhaps', 'ECONNRESET')),
      'a timeout': scripted(() => aFailure('perhaps', 'timeout')),
      throttling: scripted(() => aStatus(429, 'TooManyRequests')),
      'a missing permission': scripted(() => aStatus(403, 'Forbidden')),
      'an invalid object': scripted(() => aStatus(422, 'Invalid')),
      'a name that is taken': scripted(({ method }) =>
        method === 'POST' ? aStatus(409, 'AlreadyExists') : anAnswer({ metadata: {} }),
      ),
      'an error of the server': scripted(() => aStatus(500, 'InternalError')),
      'a page of a proxy': scripted(() => anAnswer('<html>', 502)),
    },
    secret: SECRET,
    idempotent: 'by id',
  };
}

function execBenches(folder: () => string): TriggerBenches {
  let benches = 0;
  const bench = (command: (log: string) => readonly [string, ...string[]]): TriggerBench => {
    benches += 1;
    const log = join(folder(), `starts-${benches}`);
    const section = { command: command(log), env: { PASSWORD: SECRET } };
    const starts = (): number => (existsSync(log) ? readFileSync(log, 'utf8').length : 0);
    const parts = someParts({ environment: { TOKEN: SECRET } });
    return { trigger: execKind.create(section, parts), attempts: starts, started: starts };
  };
  const running = (program: string) => () =>
    bench((log) => [
      process.execPath,
      '-e',
      `require('node:fs').appendFileSync(${JSON.stringify(log)}, '.'); ${program}`,
      SECRET,
    ]);
  return {
    working: running(''),
    silent: running('setInterval(() => {}, 1000)'),
    failing: {
      'a program that is not there': () => bench(() => ['/does/not/exist', SECRET]),
      'an exit code': running('process.exit(3)'),
      'a request for another attempt': running('process.exit(75)'),
      'a signal': running("process.kill(process.pid, 'SIGTERM')"),
      'an exception': running('throw new Error(process.env.PASSWORD)'),
    },
    secret: SECRET,
    idempotent: 'never',
  };
}

describe('the promises of a trigger', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  describeTrigger(
    'kubernetes',
    apiBenches((parts) => kubernetesKind.create(JOB, parts)),
  );
  describeTrigger(
    'brigade',
    apiBenches((parts) => brigadeKind.create({ project: 'org/repo', script: SECRET }, parts)),
  );
  describeTrigger(
    'exec',
    execBenches(() => folder),
  );
});
