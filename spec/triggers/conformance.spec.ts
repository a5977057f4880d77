// Holds every kind to the promises of the port: those that create objects on a fake API server,
// requests on a fake receiver, commands with real processes.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Trigger } from '../../lib/core/ports/trigger.ts';
import type { HttpRequest } from '../../lib/net/http-client.ts';
import { brigadeKind } from '../../lib/triggers/brigade.ts';
import { execKind } from '../../lib/triggers/exec.ts';
import type { HttpSection } from '../../lib/triggers/http/section.ts';
import { kubernetesKind } from '../../lib/triggers/kubernetes.ts';
import type { TriggerParts } from '../../lib/triggers/trigger-kind.ts';
import { describeTrigger, type TriggerBench, type TriggerBenches } from '../conformance/trigger.ts';
import { failingClock } from '../support/doubles/clock.ts';
import { failingObserve } from '../support/doubles/observe.ts';
import {
  aFailure as aFailedRequest,
  anAnswer as anAnswered,
  FakeReceiver,
} from './http/support/fake-receiver.ts';
import { aFailure, anAnswer, aStatus, FakeApi, type Script } from './support/fake-api.ts';
import { JOB, someParts } from './support/parts.ts';

const SECRET = 'hunter2-hunter2';

// Promise 1: an attempt neither sleeps nor reports anything itself.
const SILENT = { clock: failingClock(), observe: failingObserve };

type Make = (parts: TriggerParts) => Trigger;

function apiBench(make: Make, configure: (api: FakeApi) => void = () => undefined): TriggerBench {
  const api = new FakeApi();
  configure(api);
  return {
    trigger: make(someParts({ api, environment: { TOKEN: SECRET }, ...SILENT })),
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

function httpBench(
  section: Partial<HttpSection>,
  configure: (receiver: FakeReceiver) => void = () => undefined,
): TriggerBench {
  const receiver = new FakeReceiver();
  configure(receiver);
  const credentials = { auth: { bearer: { tokenEnv: 'TOKEN' } }, headers: { 'X-Key': SECRET } };
  const trigger = receiver.trigger(
    { ...credentials, ...section },
    { environment: { TOKEN: SECRET }, ...SILENT },
  );
  const keys = (): unknown[] => receiver.sent.map(({ headers }) => headers['idempotency-key']);
  return {
    trigger,
    attempts: () => receiver.sent.length,
    // Counted by a receiver that drops repetitions, or by one that cannot recognize them.
    started: () => (section.receiver === 'deduplicates' ? new Set(keys()).size : keys().length),
  };
}

function httpBenches(section: Partial<HttpSection>): TriggerBenches {
  const answering =
    (status: number, headers = {}) =>
    () =>
      httpBench(section, (receiver) => {
        receiver.script = (request) => anAnswered({ status, headers, excerpt: echoOf(request) });
      });
  const failing = (failed: Parameters<typeof aFailedRequest>[0]) => () =>
    httpBench(section, (receiver) => {
      receiver.script = () => aFailedRequest({ detail: `failed with ${SECRET}`, ...failed });
    });
  return {
    working: answering(200),
    silent: () =>
      httpBench(section, (receiver) => {
        receiver.silent = true;
      }),
    failing: {
      'a refused connection': failing({ reached: 'never', failure: 'refused' }),
      'a cut connection': failing({ failure: 'reset' }),
      'a timeout': failing({ failure: 'timeout' }),
      throttling: answering(429, { 'retry-after': '1' }),
      'a redirect': answering(302, {
        location: `https://me:${SECRET}@other.example.test/${SECRET}`,
      }),
      'a token that is not taken': answering(401),
      'a bad request': answering(400),
      'a receiver that is gone': answering(410),
      'an error of the receiver': answering(500),
      'a secret that is not there': () =>
        httpBench({ ...section, auth: { bearer: { tokenEnv: 'NO' } } }),
      'a receiver that was not asked': () => httpBench({ ...section, handshake: { origin: 'me' } }),
    },
    secret: SECRET,
    idempotent: section.receiver === 'deduplicates' ? 'by id' : 'never',
    batched: section.batch !== undefined,
  };
}

/** Everything that was sent to a receiver, which it may repeat in an answer. */
function echoOf({ url, headers, body }: HttpRequest): string {
  return JSON.stringify({ url: url.href, headers, body: body?.toString() });
}

// Every key that contains a secret or changes the request.
const FOREIGN: Partial<HttpSection> = {
  url: 'https://ci.example.test/${secret:KEY}?k=${secret:KEY}',
  secrets: { KEY: { env: 'TOKEN' } },
  headers: { Authorization: 'Key ${secret:KEY}' },
  auth: { header: { name: 'X-Api-Key', valueEnv: 'TOKEN' } },
  body: { key: '${secret:KEY}', reason: '${event.reason}' },
  expect: { status: [200] },
};

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
  describeTrigger('http, keyless', httpBenches({}));
  describeTrigger(
    'http, with a receiver that deduplicates',
    httpBenches({ receiver: 'deduplicates' }),
  );
  describeTrigger('http, with a body of its own and named secrets', httpBenches(FOREIGN));
  describeTrigger('http, compressed', httpBenches({ compression: 'gzip' }));
  describeTrigger('http, in batches', httpBenches({ batch: {}, format: 'cloudevents' }));
  describeTrigger(
    'exec',
    execBenches(() => folder),
  );
});
