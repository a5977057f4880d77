// A recipe for a receiver while it runs: a playback of one Event of the demo's recording, the real
// gateway, and a stand-in that it sends to over sockets.

import { systemClock, systemRandom } from '../../lib/kit/system.ts';
import { startPlayback } from '../../lib/playback/playback.ts';
import { type Arrived, listen } from '../triggers/http/support/real-receiver.ts';
import { statesOfSeries } from './recorded-series.ts';
import { RunningGateway } from './running-gateway.ts';
import type { StandIn } from './stand-ins/answer.ts';

/** Options of running a recipe. */
export interface RecipeRun {
  /** The text of the page, perhaps changed as by a user. */
  readonly configuration: string;
  /** The receiver's origin on the page, which is replaced with the stand-in's. */
  readonly origin: string;
  /** The secrets, by variable; the origin is replaced in them too. */
  readonly environment: Readonly<Record<string, string>>;
  readonly standIn: StandIn;
}

/** A running gateway with its receiver. Disposing ends both. */
export interface RunningRecipe extends AsyncDisposable {
  readonly gateway: RunningGateway;
  /** Origin of the stand-in. */
  readonly origin: string;
  /** The requests so far. */
  readonly arrived: readonly Arrived[];
  /** The statuses of the answers so far. */
  readonly answered: readonly number[];
}

/** Runs a recipe. */
export async function startRecipe(run: RecipeRun): Promise<RunningRecipe> {
  await using opened = new AsyncDisposableStack();
  const answered: number[] = [];
  const receiver = opened.use(
    await listen((request, response) => {
      const { status, headers = {}, body } = run.standIn(request);
      answered.push(status);
      response.writeHead(status, headers).end(body);
    }),
  );
  const { origin, arrived } = receiver;
  const moved = (text: string): string => text.replaceAll(run.origin, origin);
  const variables = Object.entries(run.environment);
  const playing = { recording: await statesOfSeries(), speed: 'full', ...LOOPBACK } as const;
  const playback = opened.use(await startPlayback(playing, PARTS));
  const gateway = opened.use(
    await RunningGateway.start({
      configuration: moved(run.configuration),
      environment: Object.fromEntries(variables.map(([name, text]) => [name, moved(text)])),
      args: ['run', '--namespace', 'gateway', '--master', playback.url],
    }),
  );
  const kept = opened.move();
  const dispose = (): Promise<void> => kept[Symbol.asyncDispose]();
  return { gateway, origin, arrived, answered, [Symbol.asyncDispose]: dispose };
}

const LOOPBACK = { host: '127.0.0.1', port: 0 } as const;
const PARTS = { clock: systemClock, random: systemRandom };
