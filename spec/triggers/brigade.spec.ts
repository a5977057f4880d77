// The kind `brigade`: project ids, checks, and the labels and reads that it must avoid. golden.spec.ts
// pins its wire form.

import { expect } from 'chai';
import type { Outcome } from '../../lib/core/delivery.ts';
import { isJsonObject, type Json, jsonAt, stringAt } from '../../lib/core/json-object.ts';
import type { EventObject } from '../../lib/core/occurrence.ts';
import { brigadeKind } from '../../lib/triggers/brigade.ts';
import { type BrigadeSection, projectId } from '../../lib/triggers/brigade-secret.ts';
import { aDelivery, anEvent } from '../support/builders.ts';
import { NEVER } from '../support/never.ts';
import { aStatus, FakeApi } from './support/fake-api.ts';
import { CONTEXT, creationOf, someParts } from './support/parts.ts';

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
    { section: { project: 'org/repo', profile: 'v1.5', commit: 'a b', config: '{}' }, wanted: [] },
    {
      section: { project: 'org/repo', profile: 'v0.10', commit: 'b3cdb48', script: 'x' },
      wanted: [],
    },
    {
      section: { project: 'org/repo', profile: 'v0.10', commit: 'a b' },
      wanted: ['wrong-value /commit'],
    },
    {
      section: { project: 'org/repo', profile: 'v0.10', logLevel: 'LOG', config: '{}' },
      wanted: ['wrong-value /logLevel', 'wrong-value /config'],
    },
  ] as const satisfies readonly { section: BrigadeSection; wanted: readonly string[] }[];
  for (const { section, wanted } of sections) {
    it(`finds ${wanted.join(', ') || 'nothing'} in ${JSON.stringify(section)}`, () => {
      expect(codes(section)).to.deep.equal(wanted);
    });
  }

  for (const [section, namespace] of [
    [{ project: 'org/repo', namespace: 'brigade' }, 'brigade'],
    [{ project: 'org/repo' }, 'ci'],
  ] as const) {
    it(`creates in ${namespace}, and needs permission there, for ${JSON.stringify(section)}`, async () => {
      expect(await creationOf(brigadeKind, section)).to.deep.equal({
        permitted: [namespace],
        path: `/api/v1/namespaces/${namespace}/secrets`,
      });
    });
  }

  it('names its Secrets as Brigade does, whatever the trigger is called', () => {
    expect(brigadeKind.defaultPrefix('anything')).to.equal('brigade-worker');
  });

  it('never sets the label with which the controller skips a build', async () => {
    const api = new FakeApi();
    const trigger = brigadeKind.create({ project: 'org/repo' }, someParts({ api }));
    await trigger.fire([aDelivery()], NEVER);
    expect(stringAt(api.created[0], 'metadata', 'labels', 'status')).to.equal('');
  });

  it('counts a Secret that it may not read as its own, with a note', async () => {
    const api = new FakeApi();
    api.script = ({ method }) =>
      method === 'POST' ? aStatus(409, 'AlreadyExists') : aStatus(403, 'Forbidden');
    const trigger = brigadeKind.create({ project: 'org/repo' }, someParts({ api }));
    const [outcome] = await trigger.fire([aDelivery()], NEVER);
    expect(outcome).to.include({ outcome: 'delivered', note: 'existed, not verified' });
  });
});

describe('a Brigade build of a large Event', () => {
  const MIB = 1_024 * 1_024;
  const section = { project: 'org/repo', script: 's'.repeat(100_000) };

  async function fire(
    event: EventObject,
    more: Partial<BrigadeSection> = {},
  ): Promise<{ readonly outcome: Outcome | undefined; readonly secret: Json | undefined }> {
    const api = new FakeApi();
    const delivery = aDelivery({ event });
    const trigger = brigadeKind.create({ ...section, ...more }, someParts({ api }));
    const [outcome] = await trigger.fire([delivery], NEVER);
    return { outcome, secret: api.created[0] };
  }

  /** Bytes of the values of a Secret, as the API server counts them. */
  function bytesOf(secret: Json | undefined): number {
    const texts = ['data', 'stringData'].flatMap((key) => {
      const values = jsonAt(secret, key);
      return isJsonObject(values) ? Object.keys(values).map((name) => [key, name] as const) : [];
    });
    return texts
      .map(([key, name]) =>
        Buffer.from(stringAt(secret, key, name), key === 'data' ? 'base64' : 'utf8'),
      )
      .reduce((sum, { length }) => sum + length, 0);
  }

  function payloadOf(secret: Json | undefined): Json {
    const payload = Buffer.from(stringAt(secret, 'data', 'payload'), 'base64').toString('utf8');
    return JSON.parse(payload) as Json;
  }

  const messages = {
    'of 2 MiB': 'x'.repeat(2 * MIB),
    'of 1 MiB that JSON doubles': '"'.repeat(MIB),
    'of 1.4 MiB of characters that have several bytes': 'é😀'.repeat(240_000),
  };
  for (const [what, message] of Object.entries(messages)) {
    it(`starts with a message ${what}, truncated so that the payload is JSON in 1 MiB`, async () => {
      const event = anEvent({ message });
      const { outcome, secret } = await fire(event);
      expect(outcome).to.include({ outcome: 'delivered' });
      expect(bytesOf(secret)).to.be.within(0.9 * MIB, MIB);
      const payload = payloadOf(secret);
      expect(stringAt(payload, 'message')).to.match(/ \[truncated: \d+ of \d+ bytes left out\]$/);
      expect(stringAt(payload, 'reason')).to.equal(event['reason']);
    });
  }

  it('leaves a payload that fits as it is', async () => {
    const message = 'x'.repeat(900_000);
    const { secret } = await fire(anEvent({ message }));
    expect(stringAt(payloadOf(secret), 'message')).to.equal(message);
  });

  it('truncates a reason that is too large for a variable of the worker', async () => {
    const { outcome, secret } = await fire(anEvent({ reason: 'r'.repeat(200_000) }));
    expect(outcome).to.include({ outcome: 'delivered' });
    const type = stringAt(secret, 'stringData', 'event_type');
    expect(type).to.match(/^Pod:r+ \[truncated: \d+ of 200004 bytes left out\]$/);
    expect(type.length).to.be.below(128 * 1_024);
  });

  const refused = [
    { what: 'a message', event: anEvent({ message: messages['of 2 MiB'] }) },
    { what: 'a reason', event: anEvent({ reason: 'r'.repeat(200_000) }) },
  ];
  for (const { what, event } of refused) {
    it(`is refused for ${what} if the configuration says so`, async () => {
      const { outcome, secret } = await fire(event, { tooLarge: 'refuse' });
      expect(secret).to.equal(undefined);
      expect(outcome).to.include({ outcome: 'refused', reason: 'too-large' });
      expect(outcome)
        .to.have.property('detail')
        .that.matches(/the Event has \d{6,7} bytes/);
    });
  }

  it('is refused if no truncation helps, with its size', async () => {
    const labels = Object.fromEntries([...Array(100_000).keys()].map((key) => [`a${key}`, 'v']));
    const { outcome } = await fire(anEvent({ metadata: { labels } }));
    expect(outcome).to.include({ outcome: 'refused', reason: 'too-large' });
  });
});
