// `sluice demo`: a first look without a cluster. It serves a recording as an API server on loopback and
// runs the gateway on it over HTTP, as on any cluster. A script takes the place of the pipeline.

import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseYaml } from '../config/parse-yaml.ts';
import { readConfigFile } from '../config/read-file.ts';
import type { Clock } from '../core/clock.ts';
import type { Disposition } from '../core/decision.ts';
import type { Observation } from '../core/observation.ts';
import type { Problem } from '../core/problem.ts';
import { connect } from '../kubernetes/client/connection.ts';
import { loadPlan } from '../plan/load-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { planStore } from '../plan/plan-store.ts';
import { type Playback, startPlayback } from '../playback/playback.ts';
import { openRecording } from '../playback/recording.ts';
import type { Command, ProcessContext } from './command.ts';
import { refused } from './configuration.ts';
import { givenFolder } from './data-folder.ts';
import { filterWords } from './deliveries/delivery-flags.ts';
import { increase, listed } from './explanation-text.ts';
import { givenTexts, switchFlag, textFlag } from './flags.ts';
import { mustBeRecording, speedOf } from './playback.ts';
import { type RunRequest, runPlan } from './run-plan.ts';

/** At this speed the recording of some minutes takes about ten seconds and is still readable. */
const SPEED = '20';
const DRAIN_MS = 10_000;
/** Listens on any free port on loopback, where reads need no token. */
const DEMO_HTTP = {
  probes: null,
  probePaths: { live: null, ready: null, health: null, metrics: '/metrics' },
  heartbeat: null,
  api: { host: '127.0.0.1', port: 0 },
  requireToken: false,
  tokenFile: null,
  hosts: [],
} as const;
/** Deliveries of a demo need not survive it. */
const DEMO_STORE = planStore({ memory: {} });
/** Namespace of the demo's gateway; the recording has nothing in it. */
const OWN_NAMESPACE = 'sluice';

/** Runs the gateway on a recording. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'shows the gateway without a cluster: on a recording, with a sample pipeline',
  synopsis: '[--config FILE] [--recording FILE] [--speed N|full] [--stay]',
  flags: {
    config: textFlag('FILE', 'other filters; default samples/config.yaml'),
    recording: textFlag('FILE', 'another recording; see sluice record'),
    speed: textFlag('N|full', `times as fast as recorded; default ${SPEED}`),
    stay: switchFlag('keep running after the recording, until Ctrl-C'),
  },
  run: async (given, context) => {
    const { folder, program } = context;
    const file = given.text('config') ?? packaged('samples/config.yaml', folder);
    const recording = given.text('recording') ?? packaged('samples/demo.ndjson', folder);
    const speed = given.text('speed') ?? SPEED;
    await mustBeRecording(recording);
    const { plan, problems } = await planOf(file, context);
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
      context,
    );
    const flags = filterWords(givenTexts(given, ['config', 'recording', 'speed']));
    const again = given.isSet('stay') ? '' : `${program} demo${flags} --stay`;
    context.stdout.write(opening({ recording, file, speed, url: playback.url, again }));
    const summary = new DemoSummary();
    const lasting = given.isSet('stay') ? 'until stopped' : 'until over';
    await using own = await mkdtempDisposable(join(tmpdir(), 'sluice-demo-'));
    await play({ plan, problems, file, playback, summary, lasting, own: own.path }, context);
    context.stdout.write(summary.render({ file, recording, program, again }));
    return 0;
  },
};

interface Playing {
  readonly plan: Plan;
  readonly problems: readonly Problem[];
  readonly file: string;
  readonly playback: Playback;
  readonly summary: DemoSummary;
  readonly lasting: 'until stopped' | 'until over';
  /** Folder for the token of the API; it is removed at the end. */
  readonly own: string;
}

/** Runs the gateway until all Events are decided and all builds have ended, or until a stop. */
async function play(playing: Playing, context: ProcessContext): Promise<void> {
  const { plan, problems, file, playback, summary, lasting, own } = playing;
  const { clock, environment, stdout, program } = context;
  const over = new AbortController();
  let ways = '';
  void playback.done.then(
    async () => {
      await summary.quiet(clock, over.signal);
      if (lasting === 'until over') over.abort(new Error('all was played'));
      else stdout.write(`\nThe recording is over; it runs until Ctrl-C. Try:\n${ways}\n`);
    },
    (error: unknown) => over.abort(error),
  );
  const stop = AbortSignal.any([context.stop, over.signal]);
  const request: RunRequest = {
    plan,
    configuration: {
      file,
      folder: dirname(resolve(context.folder, file)),
      form: plan.form,
      problems,
      text: null,
    },
    kept: null,
    namespace: OWN_NAMESPACE,
    drainMs: DRAIN_MS,
    dataFolder: givenFolder(own),
    storeAt: '',
    cluster: 'recording',
    connect: (observe) =>
      connect(
        { master: playback.url },
        { environment: withoutProxy(environment), clock, observe, parseYaml },
      ),
    alsoObserve: (observation) => {
      summary.observe(observation);
      if (observation.kind !== 'listening' || lasting === 'until over') return;
      ways = waysToAsk(observation, program);
      stdout.write(`\nTry in another terminal, until Ctrl-C:\n${ways}\n`);
    },
  };
  await runPlan(request, context, stop);
  // A recording that failed also ended the run; that is an error.
  if (!context.stop.aborted) await playback.done;
}

async function planOf(
  file: string,
  { validators }: Pick<ProcessContext, 'validators'>,
): Promise<{ plan: Plan; problems: readonly Problem[] }> {
  const read = await readConfigFile(file);
  const settings = {
    namespace: OWN_NAMESPACE,
    buildNamespace: OWN_NAMESPACE,
    exec: 'allowed' as const,
    validators,
  };
  const { plan, problems } = read.ok
    ? loadPlan({ ...settings, text: read.text })
    : { plan: null, problems: [read.problem] };
  if (plan === null) throw refused(problems, file);
  // The demo must not use the usual ports and files of the machine, and its log is for people. The pod in
  // which it may run is not in the recording.
  const logging = { ...plan.logging, format: 'text' as const, file: null, podEvents: false };
  return { plan: { ...plan, http: DEMO_HTTP, logging, store: DEMO_STORE }, problems };
}

/** Removes the proxy variables: the recording is served on loopback, where a proxy would fail. */
function withoutProxy(environment: ProcessContext['environment']): ProcessContext['environment'] {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((n) => [n, n.toLowerCase()]);
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}

function opening({
  again,
  ...shown
}: Record<'recording' | 'file' | 'speed' | 'url' | 'again', string>): string {
  return (
    'This is Sluice on a recording of a real cluster, played at ' +
    `${shown.speed === 'full' ? 'full speed' : `${shown.speed} times its speed`}.\n` +
    `  recording      ${shown.recording}, served as an API server on ${shown.url}\n` +
    `  configuration  ${shown.file}\n` +
    '  Each line is an Event and what was decided; lines of the pipeline script follow the build.\n' +
    '  A further state of an Event that changes nothing has no line (logging.decisions: changes).\n' +
    '  On a real cluster: make run KUBECONFIG=~/.kube/config [CONFIG=my.yaml]\n' +
    (again === '' ? '\n' : `  To keep it running and ask it: ${again}\n\n`)
  );
}

type Listening = Extract<Observation, { kind: 'listening' }>;

function waysToAsk({ address, tokenFile: file }: Listening, program: string): string {
  const url = `http://${address}`;
  const wants = `  To retry or discard one, it also wants: --token-file ${file}\n`;
  const token = file === undefined ? '' : wants;
  return (
    `  ${program} deliveries list --url ${url}\n` +
    `  curl ${url}/api/v1/status\n` +
    `  curl -N ${url}/api/v1/feed\n${token}`
  );
}

/** Path of a file of this package, relative to the folder if that is shorter. */
function packaged(path: string, folder: string): string {
  const root = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  const file = fileURLToPath(new URL(join(root, path), import.meta.url));
  const short = relative(folder, file);
  return short.startsWith('..') ? file : short;
}

/** Without an observation for so long, all Events are decided and all builds have ended. */
const QUIET_MS = 750;

/** Counts observations for the summary at the end. */
class DemoSummary {
  readonly #byRule = new Map<string, number>();
  readonly #dispositions = new Map<Disposition, number>();
  readonly #outcomes = new Map<string, number>();
  #states = 0;
  readonly #series = new Set<string>();
  #running = 0;
  #happened = 0;

  /** Counts an observation; the function is bound to this object. */
  readonly observe = (observation: Observation): void => {
    this.#happened += 1;
    if (observation.kind === 'attempt-started') this.#running += 1;
    if (observation.kind === 'attempt-ended') {
      this.#running -= 1;
      increase(this.#outcomes, observation.outcome.outcome);
    }
    if (observation.kind !== 'decision') return;
    this.#states += 1;
    this.#series.add(JSON.stringify(observation.occurrence.identity));
    const { rule, action } = observation.decision;
    increase(this.#byRule, `${action} by ${rule === null ? 'default' : (rule.name ?? rule.index)}`);
    for (const { disposition } of observation.disposed) increase(this.#dispositions, disposition);
  };

  /** Resolves when no attempt runs and nothing was observed for `QUIET_MS`. */
  async quiet(clock: Clock, signal: AbortSignal): Promise<void> {
    let before: number;
    do {
      before = this.#happened;
      await clock.sleep(QUIET_MS, signal);
    } while (this.#running > 0 || this.#happened !== before);
  }

  /** Renders the last lines of a demo. */
  render({ again, ...shown }: Record<'file' | 'recording' | 'program' | 'again', string>): string {
    const started = this.#dispositions.get('queued') ?? 0;
    return (
      `\nThat was ${this.#states} states of ${this.#series.size} Events. ${started} builds were started, ` +
      'one for each Event that a rule accepted in some state.\n' +
      `  decisions     ${listed(this.#byRule) || 'none'}\n` +
      `  dispositions  ${listed(this.#dispositions) || 'none'}\n` +
      `  attempts      ${listed(this.#outcomes) || 'none'}\n` +
      `  Next: change ${shown.file} and run it again, or ask why an Event was decided so:\n` +
      `    ${shown.program} explain --config ${shown.file} --events ${shown.recording}\n` +
      (again === '' ? '' : `  To keep it running and ask it:\n    ${again}\n`)
    );
  }
}
