// Configuration files of other programs, a row each as its documentation shows one.

import { expect } from 'chai';
import { findNested, recognizeForeign } from '../../lib/config/wrong-file.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/core/json-object.ts';

describe('recognizeForeign', () => {
  const rows: readonly (readonly [what: RegExp, document: JsonObject])[] = [
    [/a kubeconfig/, { clusters: [], contexts: [], users: [] }],
    [/Alertmanager/, { route: { receiver: 'team' }, receivers: [] }],
    [/kubernetes-event-exporter/, { route: { routes: [] }, receivers: [] }],
    [/kubernetes-event-exporter/, { logLevel: 'error', receivers: [] }],
    [/OpenTelemetry Collector/, { receivers: {}, exporters: {}, service: {} }],
    [/kubewatch/, { handler: { slack: {} }, resource: { pod: true } }],
    [/Watch-Proxy/, { clusterName: 'a', resources: [], remoteEndpoints: [] }],
    [/Vector/, { sources: {}, transforms: {}, sinks: {} }],
    [/Fluent Bit/, { service: {}, pipeline: { inputs: [] } }],
    [/Robusta/, { clusterName: 'a', sinksConfig: [] }],
    [/Prometheus/, { global: {}, scrape_configs: [] }],
    [/Docker Compose/, { version: '3', services: {} }],
    [/GitHub Actions/, { name: 'ci', on: { push: {} }, jobs: {} }],
    [/JSON Schema/, { $schema: 'https://json-schema.org/x', properties: {} }],
    [/OpenAPI/, { openapi: '3.1.0', info: {}, paths: {} }],
    [/sluice check/, { file: 'a.yaml', problems: [] }],
    [/package\.json/, { name: 'a', version: '1.0.0', scripts: {} }],
    [/Chart\.yaml/, { apiVersion: 'v2', name: 'a', version: '1.0.0' }],
    [/Helm values/, { image: {}, replicaCount: 1 }],
  ];
  for (const [what, document] of rows) {
    it(`says ${what.source} for the keys ${Object.keys(document).join(', ')}`, () => {
      const found = recognizeForeign(document);
      expect(found?.message).to.match(what);
      expect(found?.hint).to.have.length.above(10);
    });
  }

  for (const document of [{}, { image: {} }, { name: 'a', version: 1 }, { route: {} }]) {
    it(`says nothing about ${JSON.stringify(document)}`, () => {
      expect(recognizeForeign(document)).to.equal(undefined);
    });
  }
});

describe('findNested', () => {
  const isMeant = (value: Json): boolean => isJsonObject(value) && value['it'] === true;
  const it_ = { it: true };
  const rows: readonly (readonly [document: JsonObject, path: readonly string[] | undefined])[] = [
    [{ a: it_ }, ['a']],
    [{ a: { b: it_ }, c: it_ }, ['c']],
    [{ a: 1, b: { c: { d: it_ } } }, ['b', 'c', 'd']],
    [{ a: { b: { c: { d: it_ } } } }, undefined],
    [{ a: [it_] }, undefined],
    [{}, undefined],
  ];
  for (const [document, path] of rows) {
    it(`finds ${path?.join('.') ?? 'nothing'} in ${JSON.stringify(document)}`, () => {
      expect(findNested(document, isMeant)).to.deep.equal(path);
    });
  }
});
