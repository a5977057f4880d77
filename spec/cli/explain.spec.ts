// `sluice explain`: one decision an Event, in both forms, from every form of input.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { anEvent } from '../support/builders.ts';
import { runCommandLine } from '../../lib/cli/main.ts';
import { runLine, specMachine } from './surroundings.ts';

const CONFIG = `
filters:
  - name: nodes
    kind: Node
    action: reject
  - kind: Pod
    not: { type: Normal }
    reasons: [BackOff, /^Failed/]
    action: accept
triggers:
  build: { brigade: { project: org/repo } }
`;

describe('sluice explain', () => {
  let folder = '';
  let config = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-explain-'));
    config = join(folder, 'sluice.yaml');
    await writeFile(config, CONFIG);
  });
  after(() => rm(folder, { recursive: true }));

  const explain = async (text: string, ...more: readonly string[]) =>
    runLine(['explain', '--config', config, ...more], { stdin: Readable.from([text]) });

  it('prints an accepted Event with the trail of the rules before it', async () => {
    const { code, out } = await explain(JSON.stringify(anEvent()), '--format', 'json');
    expect(code).to.equal(0);
    expect(JSON.parse(out)).to.deep.equal({
      event: {
        namespace: 'shop',
        name: 'web-1.17f1e2d3c4b5a697',
        uid: '6f3c1a52-0d4e-4c1b-9b55-3a1f0e9d8c7b',
      },
      action: 'accept',
      rule: { index: 1, name: null },
      triggers: ['build'],
      trail: [{ index: 0, name: 'nodes', field: 'kind', wanted: 'Node', found: 'Pod' }],
    });
  });

  it('prints a default rejection with every rule, the block of a not, and no rule', async () => {
    const { out } = await explain(JSON.stringify(anEvent({ type: 'Normal' })), '--format', 'json');
    const { action, rule, triggers, trail } = JSON.parse(out) as Record<string, unknown>;
    expect({ action, rule, triggers }).to.deep.equal({
      action: 'reject',
      rule: null,
      triggers: [],
    });
    expect(trail).to.deep.include({
      index: 1,
      name: null,
      field: 'not',
      wanted: { type: 'Normal' },
      found: { type: 'Normal' },
    });
  });

  it('gives missing fields as empty strings', async () => {
    const { out } = await explain('{"kind":"Event"}', '--format', 'json');
    expect(JSON.parse(out)).to.have.deep.property('event', { namespace: '', name: '', uid: '' });
  });

  const one = anEvent();
  const inputs: readonly (readonly [string, string, number])[] = [
    ['one Event', JSON.stringify(one, null, 2), 1],
    ['JSON lines', `${JSON.stringify(one)}\n${JSON.stringify(one)}\n`, 2],
    ['a List', JSON.stringify({ kind: 'List', items: [one, one] }), 2],
    ['an EventList', JSON.stringify({ kind: 'EventList', items: [one] }), 1],
    [
      'a recording',
      ['ADDED', 'MODIFIED', 'DELETED']
        .map((type) => JSON.stringify({ at: '2026-01-31T12:00:00Z', type, object: one }))
        .join('\n'),
      2,
    ],
    ['YAML', 'kind: Event\nreason: BackOff\n---\nkind: Event\n', 2],
    ['nothing', '', 0],
  ];
  for (const [what, text, count] of inputs) {
    it(`reads ${what}`, async () => {
      const { code, out, err } = await explain(text, '--format', 'json');
      expect(code, err).to.equal(0);
      expect(out.split('\n').filter((line) => line !== '')).to.have.length(count);
    });
  }

  it('says for people why each rule was passed over', async () => {
    const { out } = await explain(JSON.stringify(anEvent()));
    expect(out).to.equal(
      'shop/web-1.17f1e2d3c4b5a697: Warning Pod shop/web-1 BackOff ×3\n' +
        '  rule 0 nodes: kind: "Pod" does not match "Node"\n' +
        '  accept by rule 1 → build\n',
    );
  });

  it('prints no control character of an Event', async () => {
    const reason = '\u001b[31mred\u0007\u2028\u202e';
    const { out } = await explain(JSON.stringify(anEvent({ reason })));
    // Everything but line feeds and printable characters is escaped.
    expect(out.replaceAll('\n', '')).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(out).to.include('red');
  });

  it('can be left while it waits for standard input', async () => {
    const machine = specMachine({ stdin: new Readable({ read: () => undefined }) });
    const running = runCommandLine(['explain', '--config', config], machine);
    machine.stopping.abort();
    expect(await running).to.equal(0);
    expect(machine.err()).to.equal('');
  });

  it('refuses a source that is not configured', async () => {
    const { code, err } = await explain('', '--source', 'nope');
    expect(code).to.equal(2);
    expect(err).to.include('"nope" is not configured (there are events)');
  });

  it('refuses what are no Events, naming the line', async () => {
    const { code, err } = await explain(`${JSON.stringify(one)}\n{"kind":`);
    expect(code).to.equal(2);
    expect(err).to.include('line 2');
    expect(err).not.to.match(/\n\s+at /);
  });
});
