// Who is asked about deliveries: a running gateway, or the store's file with none running. What was
// named is asked and nothing else; where nothing was, the gateway of this machine, and the file where
// nothing listens. Which one answered is said on standard error.

import { once } from 'node:events';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { TOKEN_FILE } from '../../api/api-token.ts';
import { SluiceError } from '../../core/errors.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { isThere } from '../../kit/file-trouble.ts';
import { namespacesOf } from '../cluster-flags.ts';
import type { ProcessContext } from '../command.ts';
import { CONFIG_FLAGS, findConfiguration } from '../configuration.ts';
import { type DataFolder, findStore, STORE_FLAGS, type StorePlace } from '../data-folder.ts';
import type { FlagTable, GivenFlags } from '../flags.ts';
import { ApiClient, type GatewayAddress, shownUrl } from './api-client.ts';
import type { Asker } from './delivery-client.ts';
import { shellWord } from './delivery-text.ts';
import { openFile } from './store-client.ts';

/** The flags that say who is asked. */
export const DESK_FLAGS = {
  url: {
    type: 'string',
    takes: 'URL',
    help: 'the running gateway to ask; default http://127.0.0.1:8081, and the file where nothing listens',
  },
  'token-file': {
    type: 'string',
    takes: 'FILE',
    help: 'the file with that gateway’s token; default: sluice.token beside the store, in SLUICE_DATA or ~/.local/state/sluice',
  },
  ...STORE_FLAGS,
  config: {
    ...CONFIG_FLAGS.config,
    help: 'the configuration whose store: says where the file is; default: GATEWAY_CONFIG',
  },
} as const satisfies FlagTable;

/** Who answers. */
export interface Target extends AsyncDisposable {
  readonly asker: Asker;
  readonly from: 'gateway' | 'file';
  /** The command line that asks the same one for something else: `sluice deliveries show … --store x`. */
  readonly command: (words: string) => string;
}

const URL_DEFAULT = 'http://127.0.0.1:8081';
// On this machine a port answers at once or not at all.
const CONNECT_MS = 1_000;

/**
 * Finds who answers.
 *
 * **Errors**: `usage`, `gateway-unusable`, `store-unusable`.
 */
export async function openDesk(given: GivenFlags, surroundings: ProcessContext): Promise<Target> {
  const url = given.text('url');
  if (url !== undefined && given.isSet('store')) {
    throw new SluiceError('usage', 'flags --url and --store: name a gateway or a file, not both');
  }
  if (url !== undefined) {
    return gatewayDesk(await addressOf(url, given, surroundings), surroundings, given);
  }
  if (given.isSet('store')) {
    return fileDesk(await storeIn(given, surroundings), surroundings, given);
  }
  return nearestDesk(given, surroundings);
}

/** A store, and the folder in which a relative path of its section begins. */
interface FoundStore {
  readonly place: StorePlace;
  readonly dataFolder: DataFolder;
}

/** The gateway of this machine, else the file. */
async function nearestDesk(given: GivenFlags, surroundings: ProcessContext): Promise<Target> {
  const { stderr } = surroundings;
  const address = await addressOf(URL_DEFAULT, given, surroundings);
  if (await isListening(address.url, surroundings)) {
    stderr.write(`(from the gateway at ${shownUrl(address.url)})\n`);
    return gatewayDesk(address, surroundings, given);
  }
  const store = await storeIn(given, surroundings);
  const { place } = store;
  const nobody = `nothing listens on ${shownUrl(address.url)}`;
  if (place.at === '' || !(await isThere(place.at))) {
    const none = place.at === '' ? 'the store is no file' : `there is no store ${place.at}`;
    throw new SluiceError('gateway-unusable', `find a gateway: ${nobody}, and ${none}`);
  }
  const desk = await fileDesk(store, surroundings, given);
  stderr.write(`(from the file ${place.at}: ${nobody})\n`);
  return desk;
}

function gatewayDesk(
  address: GatewayAddress,
  surroundings: ProcessContext,
  given: GivenFlags,
): Target {
  const asker = new ApiClient(address, surroundings);
  return deskOf('gateway', asker, { given, program: surroundings.program });
}

async function fileDesk(
  { place, dataFolder }: FoundStore,
  surroundings: ProcessContext,
  given: GivenFlags,
): Promise<Target> {
  const folder = dataFolder.path;
  const asker = await openFile(place, { clock: surroundings.clock, folder });
  return deskOf('file', asker, { given, program: surroundings.program });
}

function deskOf(
  from: Target['from'],
  asker: Asker,
  { given, program }: { readonly given: GivenFlags; readonly program: string },
): Target {
  const again = ['url', 'token-file', 'store', 'config'].flatMap((name) => {
    const value = given.text(name);
    return value === undefined ? [] : [` --${name} ${shellWord(value)}`];
  });
  return {
    asker,
    from,
    command: (words) => `${program} deliveries ${words}${again.join('')}`,
    [Symbol.asyncDispose]: () => asker[Symbol.asyncDispose](),
  };
}

async function addressOf(
  text: string,
  given: GivenFlags,
  surroundings: ProcessContext,
): Promise<GatewayAddress> {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new SluiceError('usage', `flag --url takes a URL such as ${URL_DEFAULT}, not "${text}"`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new SluiceError(
      'usage',
      'flag --url takes no credentials: name a file with --token-file',
    );
  }
  const named = given.text('token-file');
  const { dataFolder } = await findStore({ flag: undefined, section: null }, surroundings);
  return {
    url,
    namedTokenFile: named === undefined ? null : resolve(surroundings.folder, named),
    ownTokenFile: join(dataFolder.path, TOKEN_FILE),
  };
}

/** A configuration is read only where it could say something. */
async function storeIn(given: GivenFlags, surroundings: ProcessContext): Promise<FoundStore> {
  const flag = given.text('store');
  const { environment } = surroundings;
  const isSaid = flag !== undefined || (environment['SLUICE_STORE'] ?? '') !== '';
  const hasFile = given.isSet('config') || (environment['GATEWAY_CONFIG'] ?? '') !== '';
  if (isSaid || !hasFile) return findStore({ flag, section: null }, surroundings);
  const context = { ...namespacesOf(given, environment), exec: 'allowed' as const };
  const { store } = await findConfiguration(given, surroundings, context);
  return findStore({ flag, section: store }, surroundings);
}

async function isListening(url: URL, { clock, stop }: ProcessContext): Promise<boolean> {
  using deadline = openDeadline(clock, CONNECT_MS, stop);
  const socket = connect(Number(url.port), url.hostname);
  try {
    await once(socket, 'connect', { signal: deadline.signal });
    return true;
  } catch {
    stop.throwIfAborted();
    // Refused, or silent: either way no gateway of this machine.
    return false;
  } finally {
    socket.destroy();
  }
}
