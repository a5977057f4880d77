// The kind `brigade` besides its wire form, which golden.spec.ts pins: project ids, checks,
// permissions, and the labels and reads that it must leave alone.
import { expect } from 'chai';
import { stringAt } from '../../lib/core/event.ts';
import type { BrigadeSection } from '../../lib/triggers/brigade-secret.ts';
import { projectId } from '../../lib/triggers/brigade-secret.ts';
import { brigadeKind } from '../../lib/triggers/brigade.ts';
import { aDelivery } from '../support/builders.ts';
import { aStatus, FakeApi } from './support/fake-api.ts';
import { CONTEXT, NEVER, someParts } from './support/parts.ts';

function codes(section: BrigadeSection): readonly string[] {
  const findings = brigadeKind.check?.(section, CONTEXT) ?? [];
  return findings.map(({ code, path }) => `${code} ${path}`);
}

describe('the kind brigade', () => {
  // printf org/repo | sha256sum | cut -c1-54
  const ID = 'brigade-57b681c5cf8efdc2c5db1795f7dcb43709dbf3466236d449a20875';
  const projects = [
    { project: 'org/repo', wanted: ID },
    { project: ID, wanted: ID },
    { project: 'brigade-custom', wanted: 'brigade-custom' },
  ];
  for (const { project, wanted } of projects) {
    it(`takes the project ${project} as ${wanted}`, () => {
      expect(projectId(project)).to.equal(wanted);
    });
  }

  const sections = [
    { section: { project: 'org/repo' }, wanted: [] },
    { section: { project: 'any name at all, hashed' }, wanted: [] },
    { section: { project: 'brigade-with/slash' }, wanted: ['wrong-value /project'] },
    { section: { project: `brigade-${'0'.repeat(56)}` }, wanted: ['wrong-value /project'] },
    { section: { project: 'org/repo', namespace: 'No Name' }, wanted: ['wrong-value /namespace'] },
  ];
  for (const { section, wanted } of sections) {
    it(`finds ${wanted.join(', ') || 'nothing'} wrong with ${JSON.stringify(section)}`, () => {
      expect(codes(section)).to.deep.equal(wanted);
    });
  }

  it('creates in its own namespace, else in the build namespace', () => {
    const at = (section: BrigadeSection) => brigadeKind.buildNamespaces(section, CONTEXT);
    expect(at({ project: 'org/repo', namespace: 'brigade' })).to.deep.equal(['brigade']);
    expect(at({ project: 'org/repo' })).to.deep.equal(['ci']);
  });

  it('needs to create Secrets and never to read them', () => {
    const [needed] = brigadeKind.permissions?.({ project: 'org/repo' }, CONTEXT) ?? [];
    expect(needed).to.include({ namespace: 'ci', group: '', resource: 'secrets' });
    expect(needed?.verbs).to.deep.equal(['create']);
  });

  it('names its Secrets as Brigade does, whatever the trigger is called', () => {
    expect(brigadeKind.defaultPrefix('anything')).to.equal('brigade-worker');
  });

  it('never sets the label that makes the controller pass a build over', async () => {
    const api = new FakeApi();
    const trigger = brigadeKind.create({ project: 'org/repo' }, someParts({ api }));
    await trigger.fire([aDelivery()], NEVER);
    expect(stringAt(api.created[0], 'metadata', 'labels', 'status')).to.equal('');
  });

  it('takes a Secret that it may not read for its own, and says so', async () => {
    const api = new FakeApi();
    api.script = ({ method }) =>
      method === 'POST' ? aStatus(409, 'AlreadyExists') : aStatus(403, 'Forbidden');
    const trigger = brigadeKind.create({ project: 'org/repo' }, someParts({ api }));
    const [outcome] = await trigger.fire([aDelivery()], NEVER);
    expect(outcome).to.include({ outcome: 'delivered', note: 'existed, not verified' });
  });
});
