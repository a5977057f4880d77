// The target of `sluice deliveries`: a running gateway, or the store of a stopped one. A target that
// flags name is the only one tried. Without one it is the gateway of this machine, or else its store;
// standard error then says which.

import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { TOKEN_FILE } from '../../api/api-token.ts';
import { SluiceError } from '../../core/errors.ts';
import { act } from '../../delivery/actions.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { fileTrouble, isThere } from '../../kit/file-trouble.ts';
import { planStore } from '../../plan/plan-store.ts';
import { type Deliveries, storedDeliveries } from '../../views/deliveries.ts';
import { namespacesOf } from '../cluster-flags.ts';
import type { ProcessContext } from '../command.ts';
import { CONFIG_FLAGS, findConfiguration } from '../configuration.ts';
import { type DataFolder, findStore, STORE_FLAGS, type StorePlace } from '../data-folder.ts';
import { type FlagTable, type GivenFlags, givenTexts, textFlag, usage } from '../flags.ts';
import { filterWords } from './delivery-flags.ts';
import { type GatewayAddress, gatewayDeliveries, shownUrl } from './gateway-deliveries.ts';

/** Flags that select the target. */
export const TARGET_FLAGS = {
  url: textFlag(
    'URL',
    'URL of the gateway; default http://127.0.0.1:8081, else the store if nothing listens there',
  ),
  'token-file': textFlag(
    'FILE',
    'file with the token of that gateway; default: sluice.token in SLUICE_DATA or ~/.local/state/sluice',
  ),
  ...STORE_FLAGS,
  config: {
    ...CONFIG_FLAGS.config,
    help: 'configuration that names the store; default: GATEWAY_CONFIG',
  },
} as const satisfies FlagTable;

/** A gateway or a store that answers. */
export interface Target extends AsyncDisposable {
  readonly deliveries: Deliveries;
  readonly from: 'gateway' | 'file';
  /** Renders a command line for the same target: `sluice deliveries show … --store x`. */
  readonly command: (words: string) => string;
}

const URL_DEFAULT = 'http://127.0.0.1:8081';
// On this machine a port answers immediately or not at all.
const CONNECT_MS = 1_000;

/**
 * Finds and opens the target.
 *
 * **Errors**: `usage`, `gateway-unusable`, `store-unusable`.
 */
export async function openTarget(given: GivenFlags, context: ProcessContext): Promise<Target> {
  const url = given.text('url');
  if (url !== undefined && given.isSet('store')) {
    throw usage('flags --url and --store: name a gateway or a file, not both');
  }
  if (url !== undefined) {
    return gatewayTarget(await addressOf(url, given, context), context, given);
  }
  if (given.isSet('store')) {
    return storeTarget(await storeIn(given, context), context, given);
  }
  return nearestTarget(given, context);
}

/** A store, and the folder for relative paths of its section. */
interface LocatedStore {
  readonly place: StorePlace;
  readonly dataFolder: DataFolder;
}

/** Opens the gateway of this machine, else its store. */
async function nearestTarget(given: GivenFlags, context: ProcessContext): Promise<Target> {
  const { stderr } = context;
  const address = await addressOf(URL_DEFAULT, given, context);
  if (await isListening(address.url, context)) {
    stderr.write(`(from the gateway at ${shownUrl(address.url)})\n`);
    return gatewayTarget(address, context, given);
  }
  const store = await storeIn(given, context);
  const { place } = store;
  const nobody = `nothing listens on ${shownUrl(address.url)}`;
  if (place.at === '' || !(await isThere(place.at))) {
    const none = place.at === '' ? 'the store is not a file' : `there is no store ${place.at}`;
    throw new SluiceError('gateway-unusable', `find a gateway: ${nobody}, and ${none}`);
  }
  const target = await storeTarget(store, context, given);
  stderr.write(`(from the file ${place.at}: ${nobody})\n`);
  return target;
}

function gatewayTarget(
  address: GatewayAddress,
  context: ProcessContext,
  given: GivenFlags,
): Target {
  const deliveries = gatewayDeliveries(address, context);
  return {
    deliveries,
    from: 'gateway',
    command: commandFor(given, context),
    [Symbol.asyncDispose]: () => deliveries[Symbol.asyncDispose](),
  };
}

function commandFor(given: GivenFlags, { program }: ProcessContext): Target['command'] {
  const again = filterWords(givenTexts(given, ['url', 'token-file', 'store', 'config']));
  return (words) => `${program} deliveries ${words}${again}`;
}

async function addressOf(
  text: string,
  given: GivenFlags,
  context: ProcessContext,
): Promise<GatewayAddress> {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw usage(`flag --url takes a URL such as ${URL_DEFAULT}, not "${text}"`);
  }
  if (url.username !== '' || url.password !== '') {
    throw usage('flag --url takes no credentials: name a file with --token-file');
  }
  const named = given.text('token-file');
  const { dataFolder } = await findStore({ flag: undefined, section: null }, context);
  return {
    url,
    namedTokenFile: named === undefined ? null : resolve(context.folder, named),
    ownTokenFile: join(dataFolder.path, TOKEN_FILE),
  };
}

/** Locates the store; a configuration is read only if neither flag nor variable names one. */
async function storeIn(given: GivenFlags, context: ProcessContext): Promise<LocatedStore> {
  const flag = given.text('store');
  const { environment } = context;
  const isSaid = flag !== undefined || (environment['SLUICE_STORE'] ?? '') !== '';
  const hasFile = given.isSet('config') || (environment['GATEWAY_CONFIG'] ?? '') !== '';
  if (isSaid || !hasFile) return findStore({ flag, section: null }, context);
  const settings = { ...namespacesOf(given, environment), exec: 'allowed' as const };
  const { store } = await findConfiguration(given, context, settings);
  return findStore({ flag, section: store }, context);
}

async function isListening(url: URL, { clock, stop }: ProcessContext): Promise<boolean> {
  using deadline = openDeadline(clock, CONNECT_MS, stop);
  const socket = connect(Number(url.port), url.hostname);
  try {
    await once(socket, 'connect', { signal: deadline.signal });
    return true;
  } catch {
    stop.throwIfAborted();
    // Refused or silent: no gateway runs on this machine.
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * Opens a store as a gateway would, so it fails while a gateway holds it. It never creates one.
 *
 * **Errors**: `store-unusable` if there is none, or a gateway holds it.
 */
async function storeTarget(
  { place: { kind, at, section }, dataFolder }: LocatedStore,
  context: ProcessContext,
  given: GivenFlags,
): Promise<Target> {
  if (at === '') {
    throw unusable(`a store of the kind ${kind} exists only in its gateway: ask the gateway`);
  }
  try {
    await access(at);
  } catch (cause) {
    throw unusable(`open the store ${at}: ${fileTrouble(cause)}`, cause);
  }
  const { clock } = context;
  const store = await planStore(section).create({ folder: dataFolder.path }).open();
  return {
    deliveries: storedDeliveries({
      store,
      clock,
      act: (name, id) => act(name, id, { ...store, now: clock.now() }),
      facts: () => ({}),
    }),
    from: 'file',
    command: commandFor(given, context),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function unusable(message: string, cause?: unknown): SluiceError {
  return new SluiceError('store-unusable', message, cause === undefined ? {} : { cause });
}
