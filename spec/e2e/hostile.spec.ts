// Hostile Events, written to a real API server and read by the real gateway: each starts its
// builds, and nothing of it reaches a terminal, a label or a shell as more than text. What no API
// server sends, frames and pages beyond every bound, comes from a scripted one over real HTTP.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import type { ParkedRequest } from '../support/parked-request.ts';
import { ScriptedApiServer } from '../support/scripted-api-server.ts';
import { until } from '../support/until.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import * as once from './support/once.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const MIB = 1024 * 1024;
/** Control characters and invalid text: a log may contain none of them but the newline. */
const UNPRINTABLE = /[^\n\P{Cc}]|[\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Cs}/u;

interface Hostile {
  readonly what: string;
  readonly event: (folder: string) => Readonly<Record<string, unknown>>;
}

/** Every Event here is one that kube-apiserver stores. */
const HOSTILE: readonly Hostile[] = [
  { what: 'no kind', event: () => ({ involvedObject: 'kind' }) },
  { what: 'no name', event: () => ({ involvedObject: 'name' }) },
  { what: 'no involved object but its namespace', event: () => ({ involvedObject: 'all' }) },
  { what: 'no reason', event: () => ({ reason: '' }) },
  { what: 'no type', event: () => ({ type: '' }) },
  { what: 'no message', event: () => ({ message: '' }) },
  { what: 'a message of 10 kB', event: () => ({ message: 'long '.repeat(2_000) }) },
  { what: 'line separators', event: () => ({ message: 'a\u2028b\u2029c\r\nd\u0085e' }) },
  { what: 'NUL', event: () => ({ message: 'a\u0000b', reason: 'Nul\u0000' }) },
  { what: 'ANSI escapes', event: () => ({ message: '\u001b[2J\u001b]0;owned\u0007\u009b31m' }) },
  {
    what: 'a reason of ANSI escapes',
    event: () => ({ reason: '\u001b[31mRed', type: '\u001b[0m' }),
  },
  { what: 'lone surrogates', event: () => ({ message: 'a\ud800b\udc00c', reason: '\udfff' }) },
  { what: 'bidi overrides', event: () => ({ message: 'user \u202etxt.exe\u202c \u2066x\u2069' }) },
  { what: 'a template', event: () => ({ message: '${event.reason} $${HOME} $(SLUICE_ID)' }) },
  {
    what: 'shell syntax',
    event: (folder) => ({
      message: `$(touch ${folder}/owned) \`touch ${folder}/owned\`"; touch ${folder}/owned; '`,
      reason: `;touch ${folder}/owned`,
    }),
  },
  { what: 'option syntax', event: () => ({ message: '--help -rf /', reason: '-n' }) },
  { what: 'prototype names', event: () => ({ reason: '__proto__', type: 'constructor' }) },
  { what: 'a message of nearly 1 MiB', event: () => ({ message: 'é'.repeat(500_000) }) },
];

describe('hostile Events', function () {
  this.timeout(90_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
  });

  for (const format of ['text', 'json', 'brigade'] as const) {
    it(`each start their builds and stay text everywhere, logged as ${format}`, async () => {
      await using folder = await temporaryFolder();
      const places = await once.createPlaces(plane, 1);
      const [shop = ''] = places.watched;
      await using gateway = await GatewayProcess.startReady({
        kubeconfig: await plane.kubeconfigFor(once.rulesFor(places)),
        configuration: {
          ...configuration(places, folder.path),
          logging: { format, decisions: 'all', level: 'debug', event: 'full' },
        },
        namespace: places.builds,
        args: ['--allow-exec'],
      });
      const stored: KubeObject[] = [];
      for (const [index, hostile] of HOSTILE.entries()) {
        const body = toEvent({ namespace: shop, name: `hostile-${index}` }, hostile, folder.path);
        stored.push(await plane.request('POST', `/api/v1/namespaces/${shop}/events`, body));
      }
      const names = stored.map(({ metadata }) => `${shop}/${metadata?.name ?? ''}`);
      const built = (): Promise<readonly string[]> => once.buildsIn(plane.admin, places.builds);
      await plane.waitFor(async () => (await built()).length >= names.length, 30_000, 'every Job');
      await plane.waitFor(
        async () => (await toldTo(folder.path)).size >= names.length,
        30_000,
        'every command',
      );
      expect(once.compare(names, await built())).to.deep.equal(once.none);

      const told = await toldTo(folder.path);
      for (const event of stored) {
        const name = stringAt(asJson(event), 'metadata', 'name');
        expect(wholeOf(told.get(name) ?? '', event)).to.equal(messageOf(event));
      }
      expect(await readdir(folder.path), 'a command that the message named').to.not.include(
        'owned',
      );
      await gateway.stop();
      expect(gateway.output.length).to.be.greaterThan(HOSTILE.length * 100);
      expect(UNPRINTABLE.exec(gateway.output + gateway.errors)).to.equal(null);
      for (const line of gateway.output.split('\n')) expect(line.length).to.be.below(2 * MIB);
    });
  }
});

describe('frames and pages beyond every bound', function () {
  this.timeout(60_000);
  let server: ScriptedApiServer;
  let gateway: GatewayProcess;
  const opened = new AsyncDisposableStack();

  before(async () => {
    server = opened.use(await ScriptedApiServer.start());
    // Four items of 8.5 MiB side by side: above 32 MiB until they are asked for one by one.
    const items = [
      scriptedEvent('listed-1', '10'),
      ...[11, 12, 13, 14].map((at) => scriptedEvent(`listed-huge-${at}`, String(at), 8.5 * MIB)),
      ...[2, 3, 4].map((place) => scriptedEvent(`listed-${place}`, String(place * 10))),
    ];
    server.answerBy((request) => answer(request, items));
    const places = { watched: ['shop'], builds: 'builds' };
    const configuration = once.configMapPerSeries(places);
    const sources = { spec: { events: { namespaces: places.watched, firstStart: 'all' } } };
    gateway = opened.use(
      await GatewayProcess.start({
        configuration: { ...configuration, sources },
        namespace: 'builds',
        args: ['--master', server.url],
      }),
    );
  });

  after(() => opened.disposeAsync());

  /** The Events of the builds that were asked for so far. */
  const built = (): readonly string[] =>
    server.log
      .filter(({ method, path, query }) => {
        return method === 'POST' && path.endsWith('/configmaps') && !query.has('dryRun');
      })
      .map(({ body }) => once.eventOf(JSON.parse(body) as KubeObject));

  const skipped = async (): Promise<number> => {
    const { text } = await gateway.probe('/metrics');
    return Number(/^sluice_frames_skipped_total\{.*\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };

  it('of a list are read in smaller pages, and items that are too large are skipped and counted', async () => {
    const wanted = [1, 2, 3, 4].map((place) => `shop/listed-${place}`);
    await until(() => built().length >= wanted.length, 'the builds of the list', 20_000);
    expect([...built()].sort()).to.deep.equal(wanted);
    const limits = server.log
      .filter(({ kind }) => kind === 'list')
      .map(({ query }) => query.get('limit'));
    expect(limits.slice(0, 4)).to.deep.equal(['500', '50', '5', '1']);
    expect(await skipped()).to.equal(4);
  });

  it('of a watch are skipped and counted, and the next Event starts its build', async () => {
    const watch = await server.next('watch');
    watch
      .open()
      .send(
        { type: 'ADDED', object: scriptedEvent('huge', '9007199254740993', 9 * MIB) },
        { type: 'ADDED', object: scriptedEvent('next', '9007199254740995') },
      );
    await until(() => built().includes('shop/next'), 'the build of the next Event', 20_000);
    expect(built()).to.not.include('shop/huge');
    expect(await skipped()).to.equal(5);
  });

  it('do not prevent resuming exactly at a version above 2^53', async () => {
    const [watch] = server.log.filter(({ kind, isOver }) => kind === 'watch' && !isOver);
    watch?.end();
    const again = await server.next('watch');
    expect(again.query.get('resourceVersion')).to.equal('9007199254740995');
    again.open().send({ type: 'ADDED', object: scriptedEvent('later', '9007199254740996') });
    await until(() => built().includes('shop/later'), 'the build after 2^53');
    expect(once.twice(built())).to.deep.equal([]);
  });
});

/** Both triggers for whatever comes: a ConfigMap with labels of it, and a shell that prints it. */
function configuration(places: once.Places, folder: string): Record<string, unknown> {
  const labels = {
    message: '${event.message}',
    reason: '${event.reason}',
    type: '${event.type}',
    object: '${event.involvedObject.name}',
  };
  const script = [
    'printf %s "$SLUICE_MESSAGE" > "$FOLDER/$SLUICE_ID.message"',
    'printf "%s\\n" "$SLUICE_MESSAGE" "$SLUICE_REASON"',
    'cat > "$FOLDER/$SLUICE_ID.part" && mv "$FOLDER/$SLUICE_ID.part" "$FOLDER/$SLUICE_ID.json"',
  ];
  const shell = { command: ['sh', '-c', script.join('\n')], env: { FOLDER: folder } };
  return {
    ...once.configMapPerSeries(places),
    filters: [{ name: 'all', action: 'accept', triggers: ['build', 'run'] }],
    triggers: { ...once.configMapTrigger(places, labels), run: { exec: shell } },
  };
}

/** The Event of a row; `involvedObject` names the parts that are left out. */
function toEvent(
  at: { readonly namespace: string; readonly name: string },
  { event }: Hostile,
  folder: string,
): KubeObject {
  const { involvedObject: without, ...more } = event(folder);
  const { namespace } = at;
  const whole: Readonly<Record<string, string>> = { kind: 'Pod', name: at.name, namespace };
  const kept = Object.entries(whole).filter(
    ([key]) => key === 'namespace' || (without !== 'all' && key !== without),
  );
  return once.anEvent(at, { involvedObject: Object.fromEntries(kept), ...more });
}

/** Input of the commands, by the name of the Event. */
async function toldTo(folder: string): Promise<ReadonlyMap<string, string>> {
  const told = new Map<string, string>();
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.json')) continue;
    const document: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'));
    const { occurrences } = document as { occurrences: readonly { event: JsonObject }[] };
    const name = stringAt(occurrences[0]?.event, 'metadata', 'name');
    told.set(name, await readFile(join(folder, file.replace(/json$/, 'message')), 'utf8'));
  }
  return told;
}

/** A stored message in the form of a variable. */
function messageOf(event: KubeObject): string {
  return stringAt(asJson(event), 'message').replaceAll('\0', '').toWellFormed();
}

/** A variable with what its mark says is left out; it has at most 32 KiB. */
function wholeOf(variable: string, event: KubeObject): string {
  expect(Buffer.byteLength(variable)).to.be.at.most(32 * 1024);
  const [mark = '', left] = / \[truncated: (\d+) of \d+ bytes left out\]$/.exec(variable) ?? [];
  if (mark === '') return variable;
  const rest = Buffer.from(messageOf(event)).subarray(-Number(left)).toString();
  return `${variable.slice(0, -mark.length)}${rest}`;
}

function asJson(object: KubeObject): JsonObject {
  return object as JsonObject;
}

function scriptedEvent(name: string, resourceVersion: string, messageBytes = 0): JsonObject {
  const event = once.anEvent({ namespace: 'shop', name }, { message: 'x'.repeat(messageBytes) });
  return asJson({ ...event, metadata: { ...event.metadata, resourceVersion } });
}

/** Answers everything but watches: lists in pages, creations, and whose cluster it is. */
function answer(request: ParkedRequest, items: readonly JsonObject[]): boolean {
  if (request.kind === 'watch') return false;
  if (request.kind === 'list') {
    const from = Number(request.query.get('continue') ?? 0);
    const to = from + Number(request.query.get('limit') ?? items.length);
    const page = { resourceVersion: '100', items: items.slice(from, to) };
    request.list(to < items.length ? { ...page, continue: String(to) } : page);
    return true;
  }
  if (request.method === 'POST') request.answer(201, JSON.parse(request.body) as JsonObject);
  else
    request.answer(200, { kind: 'Namespace', metadata: { name: 'kube-system', uid: 'scripted' } });
  return true;
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-hostile-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
