// Both implementations of `Deliveries` keep the same promises: over an open store, and over a real listener
// of the API on loopback.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gatewayDeliveries } from '../../lib/cli/deliveries/gateway-deliveries.ts';
import { act } from '../../lib/delivery/actions.ts';
import { systemClock } from '../../lib/kit/system.ts';
import { storedDeliveries } from '../../lib/views/deliveries.ts';
import { ApiBench, TOKEN, TRAIL } from '../api/api-bench.ts';
import { describeDeliveries } from '../conformance/deliveries.ts';
import { aCommit } from '../support/builders.ts';
import { FailingStore } from '../support/doubles/store.ts';
import { NEVER } from '../support/never.ts';

describeDeliveries('over a store', async () => {
  const failing = new FailingStore();
  const { store } = failing;
  return {
    deliveries: storedDeliveries({
      store,
      clock: systemClock,
      act: (name, id) => act(name, id, { ...store, now: systemClock.now() }),
      facts: () => ({}),
    }),
    commit: async (deliveries) => {
      const decisions = deliveries.map(({ id }) => ({ id, at: systemClock.now(), trail: TRAIL }));
      await store.journal.commit(aCommit({ deliveries, decisions }));
    },
    fill: () => failing.fill(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
});

describeDeliveries('over the API', async () => {
  const bench = await ApiBench.open();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-port-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, TOKEN);
  const url = new URL(`http://127.0.0.1:${bench.port}`);
  const address = { url, namedTokenFile: tokenFile, ownTokenFile: tokenFile };
  const deliveries = gatewayDeliveries(address, { clock: systemClock, stop: NEVER });
  return {
    deliveries,
    commit: (deliveries) => bench.commit(deliveries),
    fill: () => bench.failing.fill(),
    [Symbol.asyncDispose]: async () => {
      await deliveries[Symbol.asyncDispose]();
      await bench[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
});
