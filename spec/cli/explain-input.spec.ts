// All inputs of `sluice explain`, read as a stream, and refusals with their line.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect } from 'chai';
import { runCommandLine } from '../../lib/cli/main.ts';
import type { JsonObject } from '../../lib/core/json-object.ts';
import { renderEntry } from '../../lib/playback/recording.ts';
import { anEvent } from '../support/builders.ts';
import { until } from '../support/until.ts';
import { aConfiguration } from './configured.ts';
import { runLine, specMachine } from './process-context.ts';

const CONFIG = `
sources: { cluster: { events: { namespaces: ["*"] } } }
filters:
  - { name: often, kind: Pod, reasons: [BackOff, FailedScheduling], count: ">= 5", action: accept }
  - { name: others, action: reject }
triggers: { build: { exec: { command: [x] } } }
`;

const one = anEvent();
const often = anEvent({ count: 7 });
const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'web-1', namespace: 'shop' } };
const json = (value: unknown): string => JSON.stringify(value);
const pretty = (value: unknown): string => JSON.stringify(value, null, 4);

const YAML_LIST = `apiVersion: v1
items:
- apiVersion: v1
  kind: Event
  count: 7
  reason: BackOff
  message: |-
    a text
    --- with dashes
  involvedObject:
    kind: Pod
  metadata:
    name: web-1.17
    namespace: shop
- apiVersion: v1
  kind: Event
  metadata: {name: web-2.17, namespace: shop}
kind: List
metadata:
  resourceVersion: ""
`;

describe('the input of sluice explain', () => {
  const at = aConfiguration(CONFIG);

  const explain = async (text: string, ...more: readonly string[]) =>
    runLine(['explain', '--config', at.file, '--format', 'json', ...more], {
      stdin: Readable.from([text]),
    });
  const actionsOf = (out: string): readonly unknown[] =>
    out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { action: unknown }).action);

  const newStyle: JsonObject = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'web-1.17', namespace: 'shop' },
    regarding: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
    reason: 'FailedScheduling',
    series: { count: 9 },
  };
  const inputs: readonly (readonly [what: string, text: string, actions: readonly string[]])[] = [
    ['one Event', json(one), ['reject']],
    ['a pretty-printed Event', pretty(often), ['accept']],
    ['JSON lines', `${json(one)}\n\n${json(often)}\n`, ['reject', 'accept']],
    [
      'pretty-printed Events, as a watch of kubectl prints them',
      `${pretty(one)}\n${pretty(often)}\n`,
      ['reject', 'accept'],
    ],
    ['a List', json({ kind: 'List', apiVersion: 'v1', items: [one, often] }), ['reject', 'accept']],
    [
      'several Lists',
      `${pretty({ kind: 'List', items: [one] })}\n${pretty({ kind: 'List', items: [often] })}`,
      ['reject', 'accept'],
    ],
    ['an EventList', json({ kind: 'EventList', items: [often] }), ['accept']],
    ['an array', json([one, often]), ['reject', 'accept']],
    ['Events of events.k8s.io', json({ kind: 'List', items: [newStyle] }), ['accept']],
    ['lines of a watch', json({ type: 'ADDED', object: often }), ['accept']],
    [
      'a recording',
      (['ADDED', 'MODIFIED', 'DELETED'] as const)
        .map((type) => renderEntry({ at: 1, type, object: often }))
        .join(''),
      ['accept', 'accept'],
    ],
    ['a List in YAML', YAML_LIST, ['accept', 'reject']],
    [
      'documents in YAML',
      'kind: Event\nreason: BackOff\n---\n# more\nkind: Event\n---\n',
      ['reject', 'reject'],
    ],
    ['YAML with a document marker first', '---\nkind: Event\n', ['reject']],
    ['a byte order mark', `\ufeff${json(often)}`, ['accept']],
    ['nothing', ' \n', []],
  ];
  for (const [what, text, actions] of inputs) {
    it(`may be ${what}`, async () => {
      const { code, out, err } = await explain(text);
      expect(code, err).to.equal(0);
      expect(actionsOf(out)).to.deep.equal(actions);
    });
  }

  for (const [what, text, actions] of inputs) {
    it(`may arrive in small chunks: ${what}`, async () => {
      const pieces = text.match(/[^]{1,7}/g) ?? [];
      const stdin = Readable.from(pieces.map((piece) => Buffer.from(piece)));
      const args = ['explain', '--config', at.file, '--format', 'json'];
      const { out } = await runLine(args, { stdin });
      expect(actionsOf(out)).to.deep.equal(actions);
    });
  }

  it('may be a file, or standard input as -', async () => {
    const file = join(at.folder, 'events.json');
    await writeFile(file, pretty(often));
    expect(actionsOf((await explain('', '--events', file)).out)).to.deep.equal(['accept']);
    expect(actionsOf((await explain(json(often), '--events', '-')).out)).to.deep.equal(['accept']);
  });

  it('may be a YAML list above the size limit of a configuration', async () => {
    const item = '- {kind: Event, reason: BackOff, message: "' + 'x'.repeat(1000) + '"}\n';
    const { code, out, err } = await explain(`kind: List\nitems:\n${item.repeat(1200)}`);
    expect(code, err).to.equal(0);
    expect(actionsOf(out)).to.have.length(1200);
  });

  it('is explained as it arrives, and abandoned at a stop', async () => {
    const stdin = new PassThrough();
    const machine = specMachine({ stdin });
    const running = runCommandLine(['explain', '--config', at.file], machine);
    stdin.write(pretty(one));
    await until(() => machine.out().includes('reject by rule 1 others'), 'the first decision');
    stdin.write(`\n${pretty(often)}`);
    await until(() => machine.out().includes('accept by rule 0 often'), 'the second decision');
    machine.stopping.abort();
    expect(await running).to.equal(0);
    expect(machine.out()).to.match(
      /\n2 Events: 1 accepted \(1 often\); 1 rejected \(1 others\)\n$/,
    );
  });

  it('is explained as it arrives, also in YAML', async () => {
    const stdin = new PassThrough();
    const machine = specMachine({ stdin });
    const running = runCommandLine(['explain', '--config', at.file], machine);
    stdin.write('kind: Event\nreason: BackOff\n---\nkind: Event\n');
    await until(() => machine.out().includes('reject by rule 1 others'), 'the first decision');
    stdin.end();
    expect(await running).to.equal(0);
    expect(machine.out()).to.include('2 Events: ');
  });

  it('is skipped if it is a bookmark or an error of a watch', async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
    const lines = [
      { type: 'ADDED', object: often },
      { type: 'BOOKMARK', object: { kind: 'Event', metadata: { resourceVersion: '9' } } },
      { type: 'DELETED', object: often },
      { type: 'ERROR', object: status },
    ];
    const text = lines.map(json).join('\n');
    const { code, out, err } = await runLine(['explain', '--config', at.file], {
      stdin: Readable.from([text]),
    });
    expect(code).to.equal(0);
    expect(out).to.match(/1 Event: 1 accepted .*; skipped: 1 BOOKMARK, 1 DELETED, 1 ERROR\n$/);
    expect(err).to.equal('line 4: skipped an ERROR of the watch: 410 Expired: too old\n');
  });

  const deep = `{"kind":"Event","x":${'['.repeat(200)}${']'.repeat(200)}}`;
  const refused: readonly (readonly [what: string, text: string, place: string, said: string])[] = [
    [
      'a Pod',
      pretty(pod),
      'line 1',
      'found a Pod (v1) (expected an Event); kubectl events -n shop',
    ],
    [
      'a Pod after Events',
      `${pretty(one)}\n${json(pod)}`,
      `line ${pretty(one).split('\n').length + 1}`,
      'found a Pod',
    ],
    ['a Pod in a List', json({ kind: 'List', items: [one, pod] }), 'line 1, item 2', 'found a Pod'],
    [
      'a line that was cut short',
      `${json(one)}\n{"kind":`,
      'line 2',
      'not JSON: the value that begins here does not end',
    ],
    ['a broken text', `${json(one)}\n\n{"a" 1}`, 'line 3', 'not JSON: '],
    ['a number', '7', 'line 1', 'found a number'],
    ['a text', 'hello there', 'line 1', 'found a text'],
    [
      'a log line',
      '{"log":{"level":"info"}}',
      'line 1',
      'found an object without kind (its keys: log)',
    ],
    [
      'an audit event',
      '{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1"}',
      'line 1',
      'found an audit event',
    ],
    ['no YAML', 'kind: Event\n---\nkind: [Event\n', 'line ', 'neither JSON nor YAML: '],
    ['a Pod in YAML', 'kind: Event\n---\nkind: Pod\n', 'line 3', 'found a Pod'],
    ['an alias in YAML', 'kind: Event\na: &a [x]\nb: *a\n', 'line 3', 'found an alias'],
    ['YAML nested too deep', `kind: ${'['.repeat(200)}`, 'line 1', 'neither JSON nor YAML: '],
    ['JSON nested too deep', deep, 'line 1', 'not JSON: it is nested deeper than 100 levels'],
    [
      'a table for people',
      'LAST SEEN   TYPE      REASON\n5m   Normal   Pulled\n',
      'standard input',
      'add -o json',
    ],
    [
      'a table of all namespaces',
      'NAMESPACE   LAST SEEN   TYPE\n',
      'standard input',
      'add -o json',
    ],
    ['UTF-16', '\ufffd\ufffd{\0"\0', 'standard input', 'found no UTF-8'],
  ];
  for (const [what, text, place, said] of refused) {
    it(`is refused with its line: ${what}`, async () => {
      const { code, err } = await explain(text);
      expect(code).to.equal(2);
      expect(err).to.match(/^sluice: reading Events from standard input/);
      expect(err).to.include(place).and.to.include(said);
      expect(err)
        .to.include('\n  next step: ')
        .and.not.to.match(/\n\s+at /);
    });
  }

  it('is explained up to the refused part', async () => {
    const { code, out } = await explain(`${json(often)}\n${json(pod)}`);
    expect(code).to.equal(2);
    expect(actionsOf(out)).to.deep.equal(['accept']);
  });

  it('is refused if the file does not exist', async () => {
    const { code, err } = await explain('', '--events', join(at.folder, 'nothing.json'));
    expect(code).to.equal(2);
    expect(err).to.include('nothing.json: no such file');
  });
});
