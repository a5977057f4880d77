// The descriptors of all kinds of trigger, and the trace context that all of them send.

import { expect } from 'chai';
import { traceparent } from '../../lib/core/delivery-id.ts';
import { isJsonObject } from '../../lib/core/json-object.ts';
import { triggerKinds } from '../../lib/triggers/registry.ts';

describe('the registry of triggers', () => {
  for (const [name, kind] of Object.entries(triggerKinds)) {
    it(`holds ${name} under its own name, with a summary`, () => {
      expect(kind.kind).to.equal(name);
      expect(kind.summary).to.be.a('string').and.not.equal('');
    });

    it(`describes every key of ${name} and closes the section`, () => {
      expect(kind.schema['additionalProperties']).to.equal(false);
      const properties = kind.schema['properties'];
      for (const [key, property] of Object.entries(isJsonObject(properties) ? properties : {})) {
        expect(isJsonObject(property) ? property['description'] : '', key).to.be.a('string');
      }
    });
  }

  it('has permissions for the kinds that use the cluster, and for no others', () => {
    for (const { kind, needsCluster, ...rest } of Object.values(triggerKinds)) {
      const grants = 'grants' in rest ? (rest.grants ?? []) : [];
      expect(grants.length > 0, kind).to.equal(needsCluster);
    }
  });

  it('knows which kinds use the cluster and which run commands', () => {
    const needs = Object.values(triggerKinds).map(
      ({ kind, needsCluster, needsExec }) => `${kind} ${needsCluster} ${needsExec}`,
    );
    expect(needs).to.deep.equal([
      ...['brigade true false', 'kubernetes true false', 'http false false', 'exec false true'],
    ]);
  });
});

describe('traceparent', () => {
  const cases = [
    {
      id: '00000000000000000000000000',
      wanted: '00-00000000000000000000000000000000-0000000000000000-01',
    },
    {
      id: '7zzzzzzzzzzzzzzzzzzzzzzzzz',
      wanted: '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01',
    },
    {
      id: '01hv3k8q5t9v2m4n6p8r0s1t2w',
      wanted: '00-018ec7345cba4ec54254d6460190e85c-4254d6460190e85c-01',
    },
  ];
  for (const { id, wanted } of cases) {
    it(`of ${id} is ${wanted}`, () => {
      expect(traceparent(id)).to.equal(wanted);
    });
  }
});
