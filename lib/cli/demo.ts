// `sluice demo`: what a newcomer runs first. A recording is served as an API server on loopback, the
// gateway runs on it over HTTP as on any cluster, and a script stands for the pipeline.
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPlan } from '../assembly/load.ts';
import type { Plan } from '../assembly/plan.ts';
import { readConfigFile } from '../config/read-file.ts';
import { parseYaml } from '../config/parse-yaml.ts';
import type { Observation } from '../core/observation.ts';
import type { Problem } from '../core/problem.ts';
import { connect } from '../kubernetes/connection.ts';
import { type Playback, startPlayback } from '../playback/playback.ts';
import { openRecording } from '../playback/recording.ts';
import type { Command, Surroundings } from './command.ts';
import { refused } from './configuration.ts';
import { DemoSummary } from './demo-summary.ts';
import { mustBeRecording, speedOf } from './playback.ts';
import { runPlan } from './run-plan.ts';

/** The recording spans minutes; so it is over in about ten seconds and can still be followed. */
const SPEED = '20';
const DRAIN_MS = 10_000;
/** Any free port on loopback, where reads need no token. */
const DEMO_HTTP = {
  probes: null,
  api: { host: '127.0.0.1', port: 0 },
  tokenFile: null,
  hosts: [],
} as const;
/** The namespace the demo takes for its own; nothing in the recording is in it. */
const OWN_NAMESPACE = 'sluice';

/** Shows the gateway at work on a recording. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'shows it all without a cluster: a recording, the gateway on it, a sample pipeline',
  synopsis: '[--config FILE] [--recording FILE] [--speed N|full]',
  flags: {
    config: { type: 'string', takes: 'FILE', help: 'other filters; default samples/config.yaml' },
    recording: { type: 'string', takes: 'FILE', help: 'another recording; see sluice record' },
    speed: { type: 'string', takes: 'N|full', help: `times as fast as recorded; default ${SPEED}` },
  },
  run: async (given, surroundings) => {
    const { folder, program } = surroundings;
    const file = given.text('config') ?? packaged('samples/config.yaml', folder);
    const recording = given.text('recording') ?? packaged('spec/data/demo.ndjson', folder);
    const speed = given.text('speed') ?? SPEED;
    await mustBeRecording(recording);
    const { plan, problems } = await planOf(file);
    const watches = plan.sources.length;
    await using playback = await startPlayback(
      {
        recording: openRecording(recording),
        speed: speedOf(speed),
        host: '127.0.0.1',
        port: 0,
        afterWatches: Math.min(1, watches),
        cluster: 'demo',
      },
      surroundings,
    );
    surroundings.stdout.write(opening({ recording, file, speed, url: playback.url }));
    const summary = new DemoSummary();
    await play({ plan, problems, file, playback, summary }, surroundings);
    surroundings.stdout.write(summary.render({ file, recording, program }));
    return 0;
  },
};

interface Playing {
  readonly plan: Plan;
  readonly problems: readonly Problem[];
  readonly file: string;
  readonly playback: Playback;
  readonly summary: DemoSummary;
}

/** Runs the gateway until everything was played and judged, and every build has ended. */
async function play(playing: Playing, surroundings: Surroundings): Promise<void> {
  const { plan, problems, file, playback, summary } = playing;
  const { clock, environment } = surroundings;
  const over = new AbortController();
  void playback.done.then(
    () => summary.quiet(clock, over.signal).then(() => over.abort(new Error('all was played'))),
    (error: unknown) => over.abort(error),
  );
  const stop = AbortSignal.any([surroundings.stop, over.signal]);
  const request = {
    plan,
    configuration: {
      file,
      folder: dirname(resolve(surroundings.folder, file)),
      form: plan.form,
      problems,
    },
    namespace: OWN_NAMESPACE,
    drainMs: DRAIN_MS,
    dataFolder: surroundings.folder,
    tokenFolder: null,
    connect: (observe: Parameters<typeof connect>[1]['observe']) =>
      connect(
        { master: playback.url },
        { environment: withoutProxy(environment), clock, observe, parseYaml },
      ),
    alsoObserve: (observation: Observation): void => {
      summary.observe(observation);
      if (observation.kind === 'listening') surroundings.stdout.write(asking(observation.address));
    },
  };
  await runPlan(request, surroundings, stop);
  // A recording that breaks off ended the run; that is not what was asked for.
  if (!surroundings.stop.aborted) await playback.done;
}

async function planOf(file: string): Promise<{ plan: Plan; problems: readonly Problem[] }> {
  const read = await readConfigFile(file);
  const context = {
    namespace: OWN_NAMESPACE,
    buildNamespace: OWN_NAMESPACE,
    exec: 'allowed' as const,
  };
  const { plan, problems } = read.ok
    ? loadPlan({ ...context, text: read.text })
    : { plan: null, problems: [read.problem] };
  if (plan === null) throw refused(problems, file);
  // The demo leaves the machine's own ports and files alone, and its log is for people.
  const logging = { ...plan.logging, format: 'text' as const };
  return { plan: { ...plan, http: DEMO_HTTP, logging }, problems };
}

/** The recording is served on loopback: a proxy could only be in the way. */
function withoutProxy(environment: Surroundings['environment']): Surroundings['environment'] {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((n) => [n, n.toLowerCase()]);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

function opening(shown: { recording: string; file: string; speed: string; url: string }): string {
  return (
    'This is Sluice on a recording of a real cluster, played at ' +
    `${shown.speed === 'full' ? 'full speed' : `${shown.speed} times its speed`}.\n` +
    `  recording      ${shown.recording}, served as an API server on ${shown.url}\n` +
    `  configuration  ${shown.file}\n` +
    '  Each line is an Event and what was decided; lines of the pipeline script follow the build.\n' +
    '  A further state of an Event that changes nothing has no line (logging.decisions: changes).\n' +
    '  On a real cluster: make run KUBECONFIG=~/.kube/config [CONFIG=my.yaml]\n\n'
  );
}

function asking(address: string): string {
  return (
    '\nWhile it runs, another terminal can ask it:\n' +
    `  curl http://${address}/api/v1/status\n` +
    `  curl -N http://${address}/api/v1/feed\n\n`
  );
}

/** A file of this package, wherever it lies, as short as it can be said from here. */
function packaged(path: string, folder: string): string {
  const root = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  const file = fileURLToPath(new URL(join(root, path), import.meta.url));
  const short = relative(folder, file);
  return short.startsWith('..') ? file : short;
}
