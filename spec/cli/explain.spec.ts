// `sluice explain`: one decision for each Event, in both formats; sources, guards, and summaries of
// many Events. Inputs are explain-input.spec.ts, rendered requests explain-render.spec.ts.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import type { EventObject } from '../../lib/core/occurrence.ts';
import { anEvent } from '../support/builders.ts';
import { runLine, specMachine } from './process-context.ts';

const CONFIG = `
sources:
  cluster: { events: { namespaces: ["*"] } }
filters:
  - name: nodes
    kind: Node
    action: reject
  - kind: Pod
    not: { type: Normal }
    reasons: [BackOff, /^Failed/]
    action: accept
triggers:
  build: { brigade: { project: org/repo, namespace: ci } }
`;

const SOURCES = `
sources:
  shop: { events: { namespaces: [shop] } }
  pay: { events: { namespaces: [pay], allowForeign: true } }
  all: { events: { namespaces: ["*"] } }
filters:
  - { name: of-pay, source: pay, action: accept }
  - { name: of-all, source: all, action: reject }
triggers:
  build: { brigade: { project: org/repo, namespace: ci } }
`;

const NAMED = `
sources: { shop: { events: { namespaces: [shop] } } }
filters: [{ name: all, action: accept }]
triggers: { build: { exec: { command: [x] } } }
`;

const json = (value: unknown): string => JSON.stringify(value);
const inNamespace = (namespace: string, about = namespace): EventObject =>
  anEvent({
    metadata: { name: 'x.1', namespace, creationTimestamp: '2026-01-31T11:58:00Z' },
    involvedObject: { kind: 'Pod', namespace: about, name: 'web-1' },
  });

describe('sluice explain', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-explain-'));
    for (const [name, text] of Object.entries({ CONFIG, SOURCES, NAMED })) {
      await writeFile(join(folder, `${name}.yaml`), text);
    }
  });
  after(() => rm(folder, { recursive: true }));

  const explainBy = async (config: string, text: string, ...more: readonly string[]) =>
    runLine(['explain', '--config', join(folder, `${config}.yaml`), ...more], {
      stdin: Readable.from([text]),
    });
  const explain = (text: string, ...more: readonly string[]) => explainBy('CONFIG', text, ...more);

  it('prints an accepted Event with the trail of the rules before it', async () => {
    const { code, out } = await explain(json(anEvent()), '--format', 'json');
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
      source: 'cluster',
      readBy: ['cluster'],
      guard: null,
    });
  });

  it('prints a default rejection with every rule, the block of a not, and no rule', async () => {
    const { out } = await explain(json(anEvent({ type: 'Normal' })), '--format', 'json');
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

  it('prints missing fields as empty strings', async () => {
    const { out } = await explain('{"kind":"Event"}', '--format', 'json');
    expect(JSON.parse(out)).to.have.deep.property('event', { namespace: '', name: '', uid: '' });
  });

  it('prints as text which sources read the Event, and why each rule did not match', async () => {
    const { out } = await explain(json(anEvent()));
    expect(out).to.equal(
      'shop/web-1.17f1e2d3c4b5a697: Warning Pod shop/web-1 BackOff ×3\n' +
        '  read by cluster\n' +
        '  rule 0 nodes: kind: "Pod" does not match "Node"\n' +
        '  accept by rule 1 → build\n',
    );
  });

  for (const format of ['text', 'json']) {
    it(`prints no control character of an Event as ${format}`, async () => {
      const reason = '\u001b[31mred\u0007\u2028\u202e\u009b';
      const { out } = await explain(json(anEvent({ reason })), '--format', format);
      // Everything but line feeds and printable characters is escaped.
      expect(out.replaceAll('\n', '')).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(out).to.include('red');
    });
  }

  it('can be stopped while it waits for standard input', async () => {
    const machine = specMachine({ stdin: new Readable({ read: () => undefined }) });
    const config = join(folder, 'CONFIG.yaml');
    const running = runCommandLine(['explain', '--config', config], machine);
    machine.stopping.abort();
    expect(await running).to.equal(0);
    expect(machine.err()).to.equal('');
  });

  describe('of sources', () => {
    const rows: readonly (readonly [
      what: string,
      event: EventObject,
      flags: readonly string[],
      source: string,
      readBy: readonly string[],
      said: string,
    ])[] = [
      [
        'the first that reads it',
        inNamespace('pay'),
        [],
        'pay',
        ['pay', 'all'],
        'read by pay, all, once each; judged for pay',
      ],
      ['the only one', inNamespace('ops'), [], 'all', ['all'], 'read by all'],
      [
        'the one that is named',
        inNamespace('pay'),
        ['--source', 'all'],
        'all',
        ['pay', 'all'],
        'judged for all',
      ],
      [
        'a source that does not read it',
        inNamespace('pay'),
        ['--source', 'shop'],
        'shop',
        ['pay', 'all'],
        'read by pay, all, not by shop; judged for shop',
      ],
    ];
    for (const [what, event, flags, source, readBy, said] of rows) {
      it(`judges for ${what}`, async () => {
        const { out } = await explainBy('SOURCES', json(event), ...flags, '--format', 'json');
        expect(JSON.parse(out)).to.deep.include({ source, readBy });
        expect((await explainBy('SOURCES', json(event), ...flags)).out).to.include(said);
      });
    }

    it('decides by the source, as a run does', async () => {
      const by = async (...flags: readonly string[]): Promise<unknown> => {
        const event = json(inNamespace('pay'));
        const { out } = await explainBy('SOURCES', event, ...flags, '--format', 'json');
        return (JSON.parse(out) as { rule: { name: string } }).rule.name;
      };
      expect(await by()).to.equal('of-pay');
      expect(await by('--source', 'all')).to.equal('of-all');
    });

    it('says that no source reads it', async () => {
      const { code, out } = await explainBy('NAMED', json(inNamespace('ops')));
      expect(code).to.equal(0);
      expect(out).to.include(
        '  read by no source: none has the namespace "ops"; judged for shop\n',
      );
      const { out: line } = await explainBy('NAMED', json(inNamespace('ops')), '--format', 'json');
      expect(JSON.parse(line)).to.deep.include({ readBy: [], source: 'shop', action: 'accept' });
    });

    it('reads its own namespace if no source is configured', async () => {
      const none = join(folder, 'none.yaml');
      await writeFile(none, 'version: 1\nfilters: [{ action: reject }]\n');
      const args = ['explain', '--config', none, '--namespace', 'shop'];
      const { out } = await runLine(args, { stdin: Readable.from([json(anEvent())]) });
      expect(out).to.include('  read by events\n');
    });

    it('refuses a source that is not configured', async () => {
      const { code, err } = await explain('', '--source', 'nope');
      expect(code).to.equal(2);
      expect(err).to.include('"nope" is not configured (there are cluster)');
    });
  });

  describe('of guards', () => {
    type Guard = { readonly disposition: string; readonly why: string } | null;
    const rows: readonly (readonly [string, EventObject, Guard])[] = [
      [
        'an Event in a namespace of builds',
        inNamespace('ci'),
        { disposition: 'loop', why: 'builds are created in namespace "ci"' },
      ],
      [
        'an Event about an object of another namespace',
        inNamespace('shop', 'pay'),
        {
          disposition: 'foreign',
          why: 'an Event of namespace "shop" is about an object of "pay"',
        },
      ],
      ['a rejected Event', anEvent({ ...inNamespace('ci'), type: 'Normal' }), null],
    ];
    for (const [what, event, guard] of rows) {
      it(`reports the guard for ${what}`, async () => {
        const { out } = await explain(json(event), '--format', 'json');
        expect(JSON.parse(out)).to.deep.include({ guard });
        const { out: text } = await explain(json(event));
        if (guard === null) expect(text).not.to.match(/loop|foreign/);
        else {
          const said = `  ${guard.disposition}: ${guard.why}; nothing starts\n`;
          expect(text).to.include(`  accept by rule 1 → build\n${said}`);
        }
      });
    }

    it('accepts an Event about another namespace if its source does', async () => {
      const event = json(inNamespace('pay', 'shop'));
      const { out } = await explainBy('SOURCES', event, '--format', 'json');
      expect(JSON.parse(out)).to.deep.include({ source: 'pay', action: 'accept', guard: null });
    });
  });

  describe('of many', () => {
    const node = { involvedObject: { kind: 'Node', name: 'node-1' } };
    const many = [
      anEvent(),
      anEvent({ count: 4 }),
      anEvent({ ...node, metadata: { name: 'node-1.1', namespace: 'default' } }),
      anEvent({ type: 'Normal', metadata: { name: 'web-2.1', namespace: 'shop' } }),
      inNamespace('ci'),
    ]
      .map(json)
      .join('\n');
    const heads = (out: string): readonly string[] =>
      out.split('\n').filter((line) => /^\S.* ×\d+$/.test(line));

    it('prints a summary at the end', async () => {
      const { out } = await explain(many);
      expect(heads(out)).to.have.length(5);
      expect(out.split('\n').at(-2)).to.equal(
        '5 Events: 3 accepted (3 #1); 2 rejected (1 nodes, 1 default); stopped by a guard: 1 loop',
      );
    });

    it('keeps the summary out of the lines of JSON', async () => {
      const { out, err } = await explain(many, '--format', 'json');
      const actions = out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { action: unknown }).action);
      expect(actions).to.deep.equal(['accept', 'accept', 'reject', 'reject', 'accept']);
      expect(err).to.match(/^5 Events: 3 accepted/);
    });

    const selections: readonly (readonly [readonly string[], number])[] = [
      [['--accepted'], 3],
      [['--rule', 'nodes'], 1],
      [['--rule', '#0'], 1],
      [['--rule', '#1'], 3],
      [['--rule', 'default'], 1],
      [['--rule', 'nodes', '--accepted'], 0],
    ];
    for (const [flags, count] of selections) {
      it(`shows ${count} with ${flags.join(' ')}, and counts all`, async () => {
        const { out } = await explain(many, ...flags);
        expect(heads(out)).to.have.length(count);
        expect(out).to.include('5 Events: ').and.to.include(`; shown: ${count}\n`);
      });
    }

    it('shows only the last state of each series with --last-state', async () => {
      const { out } = await explain(many, '--last-state');
      expect(heads(out).map((line) => line.slice(-2))).to.deep.equal(['×4', '×3', '×3', '×3']);
      expect(out).to.include('4 Events: 2 accepted');
    });

    it('refuses a rule that is not configured, and lists the configured ones', async () => {
      const { code, err } = await explain(many, '--rule', 'node');
      expect(code).to.equal(2);
      expect(err).to.include(
        'flag --rule: "node" is not configured (there are nodes, #1, default; did you mean nodes?)',
      );
    });
  });
});
