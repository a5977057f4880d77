// Who is asked about deliveries: a running gateway, or the store's file with none running. What was
// named is asked and nothing else; where nothing was, the gateway of this machine, and the file where
// nothing listens. Which one answered is said on standard error.

import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { TOKEN_FILE } from '../../api/api-token.ts';
import {
  answerFromStore,
  type DeliveryAnswer,
  type DeliveryQuestion,
} from '../../api/documents/delivery-routes.ts';
import type { Clock } from '../../core/clock.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import { act } from '../../delivery/actions.ts';
import { openDeadline } from '../../kit/async/abort.ts';
import { fileTrouble, isThere } from '../../kit/file-trouble.ts';
import { planStore } from '../../plan/plan-store.ts';
import { namespacesOf } from '../cluster-flags.ts';
import type { ProcessContext } from '../command.ts';
import { CONFIG_FLAGS, findConfiguration } from '../configuration.ts';
import { type DataFolder, findStore, STORE_FLAGS, type StorePlace } from '../data-folder.ts';
import type { FlagTable, GivenFlags } from '../flags.ts';
import { ApiClient, type GatewayAddress, shownUrl } from './api-client.ts';
import type { DeliveryClient } from './delivery-client.ts';
import { shellWord } from './delivery-text.ts';

/** The flags that say who is asked. */
export const TARGET_FLAGS = {
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
  readonly client: DeliveryClient;
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
export async function openTarget(given: GivenFlags, context: ProcessContext): Promise<Target> {
  const url = given.text('url');
  if (url !== undefined && given.isSet('store')) {
    throw new SluiceError('usage', 'flags --url and --store: name a gateway or a file, not both');
  }
  if (url !== undefined) {
    return gatewayTarget(await addressOf(url, given, context), context, given);
  }
  if (given.isSet('store')) {
    return storeTarget(await storeIn(given, context), context, given);
  }
  return nearestTarget(given, context);
}

/** A store, and the folder in which a relative path of its section begins. */
interface LocatedStore {
  readonly place: StorePlace;
  readonly dataFolder: DataFolder;
}

/** The gateway of this machine, else the file. */
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
    const none = place.at === '' ? 'the store is no file' : `there is no store ${place.at}`;
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
  const client = new ApiClient(address, context);
  return targetOf('gateway', client, { given, program: context.program });
}

async function storeTarget(
  { place, dataFolder }: LocatedStore,
  context: ProcessContext,
  given: GivenFlags,
): Promise<Target> {
  const folder = dataFolder.path;
  const client = await openStoreClient(place, { clock: context.clock, folder });
  return targetOf('file', client, { given, program: context.program });
}

function targetOf(
  from: Target['from'],
  client: DeliveryClient,
  { given, program }: { readonly given: GivenFlags; readonly program: string },
): Target {
  const again = ['url', 'token-file', 'store', 'config'].flatMap((name) => {
    const value = given.text(name);
    return value === undefined ? [] : [` --${name} ${shellWord(value)}`];
  });
  return {
    client,
    from,
    command: (words) => `${program} deliveries ${words}${again.join('')}`,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

async function addressOf(
  text: string,
  given: GivenFlags,
  context: ProcessContext,
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
  const { dataFolder } = await findStore({ flag: undefined, section: null }, context);
  return {
    url,
    namedTokenFile: named === undefined ? null : resolve(context.folder, named),
    ownTokenFile: join(dataFolder.path, TOKEN_FILE),
  };
}

/** A configuration is read only where it could say something. */
async function storeIn(given: GivenFlags, context: ProcessContext): Promise<LocatedStore> {
  const flag = given.text('store');
  const { environment } = context;
  const isSaid = flag !== undefined || (environment['SLUICE_STORE'] ?? '') !== '';
  const hasFile = given.isSet('config') || (environment['GATEWAY_CONFIG'] ?? '') !== '';
  if (isSaid || !hasFile) return findStore({ flag, section: null }, context);
  const planContext = { ...namespacesOf(given, environment), exec: 'allowed' as const };
  const { store } = await findConfiguration(given, context, planContext);
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
    // Refused, or silent: either way no gateway of this machine.
    return false;
  } finally {
    socket.destroy();
  }
}

// Asks the file of a store whose gateway is stopped. It opens the store as a gateway would, so one that
// a gateway holds is refused, and never makes one that is not there.

/**
 * Opens the store at a place.
 *
 * **Errors**: `store-unusable`, where there is none, or a gateway holds it.
 */
export async function openStoreClient(
  { kind, at, section }: StorePlace,
  { clock, folder }: { readonly clock: Clock; readonly folder: string },
): Promise<DeliveryClient> {
  if (at === '') {
    throw unusable(`the store is of the kind ${kind}, which is in its gateway alone: ask that`);
  }
  try {
    await access(at);
  } catch (cause) {
    throw unusable(`open the store ${at}: ${fileTrouble(cause)}`, cause);
  }
  return new StoreClient(await planStore(section).create({ folder }).open(), clock);
}

class StoreClient implements DeliveryClient {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  ask(question: DeliveryQuestion): Promise<DeliveryAnswer> {
    const { archive, journal, outbox } = this.#store;
    const parts = {
      store: { archive },
      clock: this.#clock,
      act: (name: Parameters<typeof act>[0], id: string) =>
        act(name, id, { archive, journal, outbox, now: this.#clock.now() }),
    };
    return answerFromStore(parts, question);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}

function unusable(message: string, cause?: unknown): SluiceError {
  return new SluiceError('store-unusable', message, cause === undefined ? {} : { cause });
}
