// Values that are too large for their place: the build starts with a truncated value that says how
// much is missing, unless the configuration refuses such a delivery.

import { expect } from 'chai';
import {
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
  stringAt,
} from '../../../lib/core/json-object.ts';
import { anEvent } from '../../support/builders.ts';
import { aJob, aRun, aWorkflow, created, EVENT, fire, textAt, variable } from './support.ts';

const KIB = 1_024;
const MARK = / \[truncated: (\d+) of (\d+) bytes left out\]/;

/** The mark names the number of missing bytes. */
function expectMarked(text: string, whole: string): void {
  const [mark = '', left, total] = MARK.exec(text) ?? [];
  expect(mark, text.slice(-80)).to.not.equal('');
  expect(Number(total)).to.equal(Buffer.byteLength(whole));
  const kept = text.slice(0, text.indexOf(mark));
  expect(whole.startsWith(kept)).to.equal(true);
  expect(Number(left)).to.equal(Buffer.byteLength(whole) - Buffer.byteLength(kept));
}

const ENV = '/spec/template/spec/containers/0/env/0/value';
const ANNOTATION = '/metadata/annotations/a';

const withAnnotations = (annotations: JsonObject): JsonObject => ({
  ...aJob({}),
  metadata: { annotations },
});

interface Place {
  readonly what: string;
  readonly manifest: JsonObject;
  readonly pointer: string;
  /** Upper limit of the text, in bytes. */
  readonly atMost: number;
  /** Lower limit: a bound that is far too low would lose data that fits. */
  readonly atLeast: number;
}

const PLACES: readonly Place[] = [
  {
    what: 'a variable',
    manifest: aJob({ env: [variable('A', EVENT)] }),
    pointer: ENV,
    atMost: 128 * KIB - 1,
    atLeast: 120 * KIB,
  },
  {
    what: 'an argument',
    manifest: aJob({ command: ['/notify'], args: ['--', EVENT] }),
    pointer: '/spec/template/spec/containers/0/args/1',
    atMost: 128 * KIB - 1,
    atLeast: 120 * KIB,
  },
  {
    what: 'an annotation',
    manifest: withAnnotations({ a: EVENT }),
    pointer: ANNOTATION,
    atMost: 256 * KIB,
    atLeast: 200 * KIB,
  },
  {
    what: 'a Tekton param',
    manifest: aRun({ params: [variable('a', EVENT)] }),
    pointer: '/spec/params/0/value',
    atMost: 64 * KIB,
    atLeast: 50 * KIB,
  },
  {
    what: 'a Workflow parameter',
    manifest: aWorkflow({ arguments: { parameters: [variable('a', EVENT)] } }),
    pointer: '/spec/arguments/parameters/0/value',
    atMost: 64 * KIB,
    atLeast: 50 * KIB,
  },
];

const MESSAGES = {
  'of letters': 'x'.repeat(400_000),
  'of characters that have several bytes': 'é😀'.repeat(60_000),
  'of dollars, which are doubled': '$'.repeat(400_000),
  'of control characters, which JSON escapes': '\u001b'.repeat(400_000),
};

describe('a value that is too large for its place', () => {
  for (const { what, manifest, pointer, atMost, atLeast } of PLACES) {
    for (const [of, message] of Object.entries(MESSAGES)) {
      it(`is truncated with a mark: ${what} ${of}`, async () => {
        const text = textAt(await created({ manifest }, anEvent({ message })), pointer);
        const used = pointer.includes('containers') ? text.replaceAll('$$', '$') : text;
        expect(Buffer.byteLength(used)).to.be.within(
          of.includes('escapes') ? 1 : atLeast - 4,
          atMost,
        );
        expect(text.isWellFormed()).to.equal(true);
        expectMarked(used.replaceAll('\uFFFD', '\u001b'), message);
      });
    }

    it(`refuses the delivery if the configuration says so: ${what}`, async () => {
      const event = anEvent({ message: MESSAGES['of letters'] });
      const { outcome, object } = await fire({ manifest, tooLarge: 'refuse' }, event);
      expect(object).to.equal(null);
      expect(outcome).to.include({ outcome: 'refused', reason: 'too-large' });
      expect(outcome).to.have.property('detail').that.includes(`${pointer} has 400000 bytes`);
    });

    it(`is left as it is if it fits: ${what}`, async () => {
      const message = 'x'.repeat(50 * KIB);
      expect(textAt(await created({ manifest }, anEvent({ message })), pointer)).to.equal(message);
    });
  }

  it('keeps the operator’s text around it', async () => {
    const manifest = aJob({ env: [variable('A', `before ${EVENT} $(HOST) after`)] });
    const event = anEvent({ message: MESSAGES['of letters'] });
    const text = textAt(await created({ manifest }, event), ENV);
    expect(text.startsWith('before xxx')).to.equal(true);
    expect(text).to.match(/ bytes left out\] \$\(HOST\) after$/);
  });

  it('stays JSON if it is a whole Event', async () => {
    const manifest = aJob({ env: [variable('A', '${event}')] });
    const event = anEvent({ message: MESSAGES['of letters'] });
    const parsed = JSON.parse(textAt(await created({ manifest }, event), ENV)) as Json;
    expect(jsonAt(parsed, 'reason')).to.equal(event['reason']);
    expectMarked(stringAt(parsed, 'message'), MESSAGES['of letters']);
  });

  it('starts a build even if an Event has only small texts', async () => {
    const labels = Object.fromEntries([...Array(20_000).keys()].map((key) => [`a${key}`, 'value']));
    const manifest = aJob({ env: [variable('A', '${event}')] });
    const text = textAt(await created({ manifest }, anEvent({ metadata: { labels } })), ENV);
    expect(text).to.match(MARK);
  });

  it('is one of several: the annotations of an object stay below 256 KiB together', async () => {
    const names = [...Array(12).keys()].map((key) => `example.com/a${key}`);
    const manifest = withAnnotations({
      ...Object.fromEntries(names.map((name) => [name, EVENT])),
      constant: 'c'.repeat(30 * KIB),
    });
    const object = await created({ manifest }, anEvent({ message: MESSAGES['of letters'] }));
    const annotations = jsonAt(object, 'metadata', 'annotations');
    const entries = isJsonObject(annotations) ? Object.entries(annotations) : [];
    const bytes = entries.map(
      ([key, value]) => Buffer.byteLength(key) + Buffer.byteLength(JSON.stringify(value)) - 2,
    );
    expect(bytes.reduce((sum, one) => sum + one, 0)).to.be.within(200 * KIB, 256 * KIB);
    for (const name of names) expectMarked(stringAt(annotations, name), MESSAGES['of letters']);
  });

  it('is one of many: the object stays below etcd’s limit', async () => {
    const env = [...Array(40).keys()].map((key) => variable(`A${key}`, EVENT));
    const message = `${'\u001b'.repeat(50_000)}${'x'.repeat(300_000)}`;
    const object = await created({ manifest: aJob({ env }) }, anEvent({ message }));
    expect(Buffer.byteLength(JSON.stringify(object))).to.be.below(1_100 * KIB);
  });

  it('is never truncated at a place where a part means something else', async () => {
    const section = {
      manifest: aJob({ image: EVENT }),
      allowFromEvent: ['/spec/template/spec/containers/0/image'],
    };
    const { outcome, object } = await fire(section, anEvent({ message: 'x'.repeat(2_000_000) }));
    expect(object).to.equal(null);
    expect(outcome).to.include({ outcome: 'refused', reason: 'too-large' });
  });

  it('never makes a part of it the text of a script', async () => {
    const section = {
      manifest: aRun({ taskSpec: { steps: [{ script: EVENT }] } }),
      allowFromEvent: ['/spec/taskSpec/steps/0/script'],
    };
    const message = 'x'.repeat(100_000);
    const object = await created(section, anEvent({ message }));
    expect(textAt(object, '/spec/taskSpec/steps/0/script')).to.equal(message);
    const { outcome } = await fire(section, anEvent({ message: 'x'.repeat(2_000_000) }));
    expect(outcome).to.include({ outcome: 'refused', reason: 'too-large' });
  });
});

describe('a label that is too long', () => {
  const manifest = { ...aJob({}), metadata: { labels: { a: EVENT } } };
  const LABEL = '/metadata/labels/a';

  it('ends with the number of omitted characters', async () => {
    const label = textAt(await created({ manifest }, anEvent({ message: 'x'.repeat(100) })), LABEL);
    expect(label).to.match(/^x+\.truncated-\d+$/);
    expect(label.length).to.be.within(61, 63);
    const kept = /^x+/.exec(label)?.[0].length ?? 0;
    expect(Number(/\d+$/.exec(label)?.[0])).to.equal(100 - kept);
  });

  it('stays a valid label', async () => {
    for (const message of [
      '-'.repeat(100),
      `${'x'.repeat(45)}${'-'.repeat(20)}y`,
      'é'.repeat(100),
    ]) {
      const label = textAt(await created({ manifest }, anEvent({ message })), LABEL);
      expect(label).to.match(/^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/);
    }
  });

  it('refuses the delivery if the configuration says so', async () => {
    const event = anEvent({ message: 'x'.repeat(100) });
    const { outcome } = await fire({ manifest, tooLarge: 'refuse' }, event);
    expect(outcome).to.include({ outcome: 'refused', reason: 'too-large' });
    expect(outcome).to.have.property('detail').that.includes('has 100 characters');
  });
});
