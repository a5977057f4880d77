// Playback in front of real clients: the official one and our own reader, over HTTP and HTTPS.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig, VersionApi, Watch } from '@kubernetes/client-node';
import { expect } from 'chai';
import { parseYaml } from '../../lib/config/parse-yaml.ts';
import { isJsonObject, stringAt } from '../../lib/core/json-object.ts';
import { systemClock, systemRandom } from '../../lib/kit/system.ts';
import { connect } from '../../lib/kubernetes/client/connection.ts';
import type { ApiClient } from '../../lib/kubernetes/client/kubernetes-api.ts';
import { findCluster } from '../../lib/kubernetes/cluster-id.ts';
import { readChanges } from '../../lib/kubernetes/watch/reflector.ts';
import { type Playback, renderKubeconfig } from '../../lib/playback/playback.ts';
import { Authority } from '../support/certificates.ts';
import { recordingObserve } from '../support/doubles/observe.ts';
import { until } from '../support/until.ts';
import { anEntry, aPlayback } from './support.ts';

const LIFE = [
  anEntry('shop/a'),
  anEntry('pay/b'),
  anEntry('shop/a', 'MODIFIED'),
  anEntry('shop/c'),
  anEntry('shop/a', 'DELETED'),
];

for (const scheme of ['HTTP', 'HTTPS']) {
  describe(`playback over ${scheme}`, () => {
    let playback: Playback;
    let kubeconfig: string;
    let authority: Authority | undefined;

    const start = async (afterWatches: number): Promise<void> => {
      const secure = authority === undefined ? {} : { tls: authority.sign('playback') };
      playback = await aPlayback(LIFE, { afterWatches, ...secure }, systemClock);
      const trust = authority === undefined ? {} : { cert: authority.cert };
      kubeconfig = renderKubeconfig({ url: playback.url, ...trust });
    };
    before(() => {
      if (scheme === 'HTTPS') authority = new Authority();
    });
    after(() => authority?.[Symbol.dispose]());
    afterEach(() => playback[Symbol.asyncDispose]());

    describe('for the official client', () => {
      const configured = (): KubeConfig => {
        const config = new KubeConfig();
        config.loadFromString(kubeconfig);
        return config;
      };

      it('lists typed Events page by page and reports its version', async () => {
        await start(0);
        await playback.done;
        const api = configured().makeApiClient(CoreV1Api);
        const first = await api.listEventForAllNamespaces({ limit: 1 });
        const token = first.metadata?._continue ?? '';
        const rest = await api.listEventForAllNamespaces({ limit: 1, _continue: token });
        const names = [...first.items, ...rest.items].map(({ metadata }) => metadata.name);
        expect(names).to.deep.equal(['b', 'c']);
        const version = await configured().makeApiClient(VersionApi).getCode();
        expect(version.major).to.equal('1');
        const namespace = await api.readNamespace({ name: 'kube-system' });
        expect(namespace.metadata?.uid).to.match(/^[0-9a-f-]{36}$/);
      });

      it('sends everything to a watch', async () => {
        await start(1);
        const received: string[] = [];
        const ended: unknown[] = [];
        const abort = await new Watch(configured()).watch(
          '/api/v1/namespaces/shop/events',
          { resourceVersion: '1000' },
          (phase, object: unknown) => {
            const name = isJsonObject(object) ? stringAt(object, 'metadata', 'name') : '?';
            received.push(`${phase} ${name}`);
          },
          (error: unknown) => void ended.push(error),
        );
        await until(() => received.length === 4, 'four frames');
        abort.abort();
        await until(() => ended.length > 0, 'the end of the watch');
        expect(received).to.deep.equal(['ADDED a', 'MODIFIED a', 'ADDED c', 'DELETED a']);
      });
    });

    describe('for our own reader', () => {
      let folder: string;
      let api: ApiClient;
      const abort = () => new AbortController();
      const { observe } = recordingObserve();

      const reach = async (): Promise<void> => {
        const path = join(folder, 'kubeconfig');
        await writeFile(path, kubeconfig);
        api = await connect(
          { kubeconfig: path },
          { clock: systemClock, observe, environment: {}, parseYaml },
        );
      };
      beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), 'sluice-'));
      });
      afterEach(async () => {
        await api[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      });

      const read = async (count: number): Promise<readonly string[]> => {
        const stop = abort();
        const seen: string[] = [];
        const changes = readChanges(
          {
            source: 'events',
            watched: { group: '', version: 'v1', resource: 'events', namespace: null },
            positions: new Map(),
            judgeFirst: () => true,
            keptForMs: null,
          },
          { api, clock: systemClock, random: systemRandom, observe },
          stop.signal,
        );
        for await (const batch of changes) {
          for (const { object } of batch.changes) {
            seen.push(
              `${stringAt(object, 'metadata', 'namespace')}/${stringAt(object, 'metadata', 'name')}`,
            );
          }
          for (const key of batch.gone) seen.push(`gone ${key}`);
          if (seen.length >= count) stop.abort();
        }
        return seen;
      };

      it('yields everything that was recorded, through LIST and WATCH', async () => {
        await start(1);
        await reach();
        expect(await read(5)).to.deep.equal(['shop/a', 'pay/b', 'shop/a', 'shop/c', 'gone shop/a']);
      });

      it('has a cluster id', async () => {
        await start(0);
        await reach();
        const common = { clock: systemClock, random: systemRandom, observe };
        const parts = { ...common, namespace: 'shop', needsSystemUid: true };
        const found = await findCluster(api, parts, abort().signal);
        expect(found).to.include({ from: 'kube-system' });
      });
    });
  });
}
