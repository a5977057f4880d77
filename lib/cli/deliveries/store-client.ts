// Asks the file of a store whose gateway is stopped. It opens the store as a gateway would, so one that
// a gateway holds is refused, and never makes one that is not there.

import { access } from 'node:fs/promises';
import {
  askDeliveries,
  type DeliveryAnswer,
  type DeliveryQuestion,
} from '../../api/documents/ask-deliveries.ts';
import type { Clock } from '../../core/clock.ts';
import { SluiceError } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';
import { act } from '../../delivery/actions.ts';
import { fileTrouble } from '../../kit/file-trouble.ts';
import { planStore } from '../../plan/plan-store.ts';
import type { StorePlace } from '../data-folder.ts';
import type { Asker } from './delivery-client.ts';

/**
 * Opens the store at a place.
 *
 * **Errors**: `store-unusable`, where there is none, or a gateway holds it.
 */
export async function openFile(
  { kind, at, section }: StorePlace,
  { clock, folder }: { readonly clock: Clock; readonly folder: string },
): Promise<Asker> {
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

class StoreClient implements Asker {
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
    return askDeliveries(parts, question);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }
}

function unusable(message: string, cause?: unknown): SluiceError {
  return new SluiceError('store-unusable', message, cause === undefined ? {} : { cause });
}
