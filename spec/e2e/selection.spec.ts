// Selected and shaped Events on a real API server: it selects by the fields that Sluice offers, as
// Sluice says; a changed selection loses nothing that is written while the gateway is down; and what a
// source prunes or redacts is in no output.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { isJsonObject, type JsonObject, listOf, stringAt } from '../../lib/core/json-object.ts';
import { parseFieldSelector } from '../../lib/kubernetes/client/field-selector.ts';
import { isSelectable, meetsTerms } from '../../lib/sources/event-selection.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { until } from '../support/until.ts';
import { GatewayProcess } from './support/gateway-process.ts';
import * as once from './support/once.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const SECRET = 'geheim-4711';

describe('the selection of Events', function () {
  this.timeout(120_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
  });

  it('is that of the API server, by every field that is offered', async () => {
    const namespace = await plane.createNamespace('shop');
    const path = `/api/v1/namespaces/${namespace}/events`;
    const writer = new once.EventWriter(plane.admin);
    const about = { apiVersion: 'v1', kind: 'Pod', namespace, uid: 'uid-1', resourceVersion: '7' };
    for (const more of [
      {},
      { type: 'Normal', reason: 'a,b=c\\d' },
      { source: {}, reportingComponent: 'scheduler', reportingInstance: 'scheduler-1' },
      { source: { component: 'kubelet' }, reportingComponent: 'other' },
      { involvedObject: { ...about, name: 'db', fieldPath: 'spec.containers{db}' } },
      { type: '', reason: '' },
    ]) {
      await writer.write(namespace, more);
    }
    const listed: unknown = (await plane.admin.send({ method: 'GET', path })).body;
    const events = listOf(isJsonObject(listed) ? listed['items'] : []).filter(isJsonObject);
    const selectors = [
      'type=Warning',
      'type!=Warning',
      'type=',
      'reason=',
      'reason!=',
      'reason=a\\,b\\=c\\\\d',
      'source=scheduler',
      'source=kubelet',
      'source!=kubelet',
      'reportingComponent=other',
      'reportingComponent=',
      'metadata.name=event-1',
      `metadata.namespace=${namespace}`,
      'metadata.namespace=other',
      'involvedObject.kind=Pod',
      `involvedObject.namespace!=${namespace}`,
      'involvedObject.name=db',
      'involvedObject.uid=uid-1',
      'involvedObject.apiVersion!=v1',
      'involvedObject.resourceVersion=7',
      'involvedObject.fieldPath=spec.containers{db}',
      'type=Warning,source!=scheduler,involvedObject.name!=db',
    ];
    for (const selector of selectors) {
      const parsed = parseFieldSelector(selector);
      const terms = parsed.ok ? parsed.terms : [];
      expect(
        terms.every(({ field }) => isSelectable(field)),
        selector,
      ).to.equal(true);
      const found = await plane.admin.list(`${path}?fieldSelector=${encodeURIComponent(selector)}`);
      const expected = events.filter((event) => meetsTerms(terms, event)).map(nameOf);
      expect(
        found.map(({ metadata }) => metadata?.name),
        selector,
      ).to.deep.equal(expected);
    }
    for (const field of ['message', 'count', 'involvedObject.labels', 'source.component', 'kind']) {
      expect(isSelectable(field), field).to.equal(false);
      const { status } = await plane.admin.send({
        method: 'GET',
        path: `${path}?fieldSelector=${field}%3Dx`,
      });
      expect(status, field).to.equal(400);
    }
  });

  it('may change over a restart: nothing that is written meanwhile is lost or started twice, and nothing redacted is in any output', async () => {
    const places = await once.createPlaces(plane, 1);
    const [shop = ''] = places.watched;
    const kubeconfig = await plane.kubeconfigFor(once.rulesFor(places));
    const dataFolder = await mkdtemp(join(tmpdir(), 'sluice-selection-'));
    const common = once.configMapPerSeries(places);
    const events = {
      namespaces: places.watched,
      shape: { prune: ['metadata.annotations', 'source.host'] },
      redact: ['/geheim-[0-9]+/'],
    };
    const runWith = (more: JsonObject, filters: readonly JsonObject[]): Promise<GatewayProcess> =>
      GatewayProcess.startReady({
        kubeconfig,
        configuration: {
          ...common,
          sources: { spec: { events: { ...events, ...more } } },
          filters,
          logging: { format: 'json', decisions: 'accepted', level: 'debug' },
        },
        namespace: places.builds,
        dataFolder,
      });
    const secrets = {
      message: `token ${SECRET}`,
      action: SECRET,
      source: { component: 'kubelet', host: SECRET },
    };
    const writer = new once.EventWriter(plane.admin);
    const write = async (type: string): Promise<void> => {
      await writer.write(shop, { ...secrets, type });
    };
    const outputs: string[] = [];
    const warnings = [{ name: 'spec', type: 'Warning', action: 'accept' }];
    {
      await using gateway = await runWith({ select: 'derived' }, warnings);
      for (const type of ['Warning', 'Normal', 'Warning']) await write(type);
      await until(() => gateway.of('decision').length >= 2, 'both Warnings', 30_000);
      const paths = gateway.of('watch-opened').map((line) => String(line['path']));
      expect(
        paths.every((path) => path.endsWith('?fieldSelector=type=Warning')),
        paths.join(' '),
      ).to.equal(true);
      outputs.push(gateway.output, gateway.errors);
    }
    const normalBefore = writer.written[1] ?? '';
    for (const type of ['Warning', 'Normal']) await write(type);
    {
      await using gateway = await runWith({ fieldSelector: 'reason=Spec' }, [
        { name: 'spec', reasons: ['Spec'], action: 'accept' },
      ]);
      await write('Normal');
      await until(() => gateway.of('decision').length >= 3, 'what was written meanwhile', 30_000);
      await until(
        async () => (await once.buildsIn(plane.admin, places.builds)).length >= 5,
        'the builds',
        30_000,
      );
      const gaps = gateway.of('gap').map(({ loss, why }) => [loss, why]);
      expect(gaps.map(([loss]) => loss)).to.deep.equal(['none']);
      expect(String(gaps[0]?.[1])).to.include('from type=Warning to reason=Spec');
      expect(gateway.of('list-ended')).to.deep.equal([]);
      const { text } = await gateway.probe('/metrics');
      outputs.push(gateway.output, gateway.errors, text);
    }
    const built = await once.buildsIn(plane.admin, places.builds);
    const expected = writer.written.filter((key) => key !== normalBefore);
    expect(once.compare(expected, built)).to.deep.equal(once.none);
    const objects = await plane.admin.list(`/api/v1/namespaces/${places.builds}/configmaps`);
    outputs.push(JSON.stringify(objects));
    for (const file of await readdir(dataFolder, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) outputs.push(await readFile(join(file.parentPath, file.name), 'latin1'));
    }
    expect(outputs.length).to.be.above(6);
    expect(outputs.filter((output) => output.includes(SECRET))).to.deep.equal([]);
    expect(outputs.some((output) => output.includes('[redacted]'))).to.equal(true);
    await rm(dataFolder, { recursive: true });
  });
});

function nameOf(event: JsonObject): string {
  return stringAt(event, 'metadata', 'name');
}
