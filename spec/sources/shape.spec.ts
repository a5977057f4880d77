// The shape that a source gives its objects: pruned paths, redacted texts, digests of Secrets.

import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import type { JsonObject } from '../../lib/core/json-object.ts';
import { checkShape, compileShape, type ShapeOptions, toDigest } from '../../lib/sources/shape.ts';

const KEPT = ['metadata.name', 'metadata.uid', 'series.lastObservedTime'];

function shaped(options: ShapeOptions, object: JsonObject): JsonObject {
  return compileShape(options, KEPT).apply(object);
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

function aSecret(more: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'db',
      annotations: { [LAST_APPLIED]: '{"data":{"p":"aHVudGVy"}}', team: 'a' },
    },
    data: { p: 'aHVudGVy', q: 'aHVudGVy' },
    stringData: { p: 'hunter' },
    type: 'Opaque',
    ...more,
  };
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16)}`;
}

describe('the shape of a source', () => {
  it('prunes before anything else sees the object, and returns an object without such paths itself', () => {
    const object = { metadata: { name: 'a', labels: { 'x.y/z': '1' } }, message: 'm' };
    const options = { shape: { prune: ['metadata.labels["x.y/z"]', 'message'] } };
    expect(shaped(options, object)).to.deep.equal({ metadata: { name: 'a', labels: {} } });
    const other = { metadata: { name: 'a' } };
    expect(shaped(options, other)).to.equal(other);
    expect(shaped({}, object)).to.equal(object);
  });

  it('redacts matches in every text, but neither keys nor what identifies the object', () => {
    const object = {
      metadata: { name: 'pin-1234', uid: '1234', annotations: { 'key-1234': 'pin 1234' } },
      message: 'pins 1234 and 5678',
      related: [{ name: 'pin-1234' }],
      count: 1234,
      series: { lastObservedTime: '2026-01-31T12:34:00Z', state: '1234' },
    };
    expect(shaped({ redact: ['/[0-9]{4}/'] }, object)).to.deep.equal({
      metadata: { name: 'pin-1234', uid: '1234', annotations: { 'key-1234': 'pin [redacted]' } },
      message: 'pins [redacted] and [redacted]',
      related: [{ name: 'pin-[redacted]' }],
      count: 1234,
      series: { lastObservedTime: '2026-01-31T12:34:00Z', state: '[redacted]' },
    });
    expect(object.message).to.equal('pins 1234 and 5678');
  });

  it('redacts with each expression in turn', () => {
    const options = { redact: ['/a+/', '/b/'] };
    expect(shaped(options, { message: 'aab b' })).to.deep.equal({
      message: '[redacted][redacted] [redacted]',
    });
  });

  it('replaces the values of a core Secret by digests, also in the last applied configuration', () => {
    const object = shaped({}, aSecret());
    expect(object['data']).to.deep.equal({ p: sha256('aHVudGVy'), q: sha256('aHVudGVy') });
    expect(object['stringData']).to.deep.equal({ p: sha256('hunter') });
    expect(object['metadata']).to.deep.equal({
      name: 'db',
      annotations: { [LAST_APPLIED]: sha256('{"data":{"p":"aHVudGVy"}}'), team: 'a' },
    });
    expect(object).to.include({ kind: 'Secret', type: 'Opaque' });
    expect(JSON.stringify(object)).not.to.match(/aHVudGVy|hunter/);
  });

  for (const [what, more] of [
    ['a text where an object belongs', { data: 'aHVudGVy' }],
    ['a list where an object belongs', { data: ['aHVudGVy'] }],
    ['objects as values', { data: { p: { q: ['aHVudGVy'] } } }],
    [
      'an annotation that is no text',
      { metadata: { annotations: { [LAST_APPLIED]: { p: 'hunter' } } } },
    ],
  ] as const) {
    it(`shows no value of a Secret with ${what}`, () => {
      expect(JSON.stringify(shaped({}, aSecret(more)))).not.to.match(/aHVudGVy|hunter/);
    });
  }

  it('leaves an object that is no core Secret, and reveals Secrets if asked to', () => {
    for (const more of [{ apiVersion: 'other.example/v1' }, { kind: 'ConfigMap' }]) {
      const object = aSecret(more);
      expect(shaped({}, object)).to.equal(object);
    }
    const secret = aSecret();
    expect(shaped({ shape: { reveal: ['secrets'] } }, secret)).to.equal(secret);
  });

  it('shows no value of any Secret', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.uuid()),
        fc.constantFrom('data', 'stringData'),
        (values, key) => {
          const text = JSON.stringify(shaped({}, aSecret({ [key]: values })));
          for (const value of Object.values(values)) expect(text).not.to.include(value);
        },
      ),
    );
  });

  it('gives equal values equal digests, whatever the order of their keys', () => {
    expect(toDigest('x')).to.equal(sha256('x'));
    expect(toDigest({ a: 1, b: [{ c: 2, d: 3 }] })).to.equal(
      toDigest({ b: [{ d: 3, c: 2 }], a: 1 }),
    );
    expect(toDigest({ a: 1 })).not.to.equal(toDigest({ a: 2 }));
    expect(toDigest([1, 2])).not.to.equal(toDigest([2, 1]));
    for (const value of [null, true, 7, 'x', [], {}]) {
      expect(toDigest(value)).to.match(/^sha256:[0-9a-f]{16}$/);
    }
  });

  it('keeps a text that redaction neither changes nor makes', () => {
    const { keeps } = compileShape({ redact: ['/a+/', '/red/'] }, KEPT);
    for (const [text, expected] of [
      ['xyz', true],
      ['', true],
      ['xay', false],
      ['[redacted]', false],
      ['x[redacted]y', false],
    ] as const) {
      expect(keeps(text), text).to.equal(expected);
    }
    expect(compileShape({}, KEPT).keeps('a')).to.equal(true);
  });

  it('names the pruned path of what a rule or a template reads', () => {
    const shape = compileShape(
      { shape: { prune: ['spec.items.value', 'metadata.labels["a.b/c"]'] } },
      KEPT,
    );
    expect(shape.prunes(['spec', 'items', 'value'])).to.equal('spec.items.value');
    expect(shape.prunes(['spec', 'items', 'value', 'below'])).to.equal('spec.items.value');
    expect(shape.prunes(['metadata', 'labels', 'a.b/c'])).to.equal('metadata.labels["a.b/c"]');
    expect(shape.prunes(['spec', 'items'])).to.equal(null);
    expect(shape.prunes(['spec'])).to.equal(null);
    expect(shape.prunes(['metadata', 'labels', 'a'])).to.equal(null);
  });
});

describe('the check of a shape', () => {
  for (const [what, options, path, message] of [
    ['no path', { shape: { prune: ['a', '.b'] } }, '/shape/prune/1', /".b".*no path/],
    ['an index', { shape: { prune: ['a[0].b'] } }, '/shape/prune/0', /index/],
    [
      'a part of the identity',
      { shape: { prune: ['metadata.uid'] } },
      '/shape/prune/0',
      /metadata\.uid/,
    ],
    [
      'what has a part of the identity',
      { shape: { prune: ['metadata'] } },
      '/shape/prune/0',
      /metadata\.name/,
    ],
    [
      'what is below it',
      { shape: { prune: ['series.lastObservedTime.x'] } },
      '/shape/prune/0',
      /lastObservedTime/,
    ],
    ['a path that another one has', { shape: { prune: ['a', 'a.b'] } }, '/shape/prune/1', /"a"/],
    ['a word', { redact: ['/a/', 'secret'] }, '/redact/1', /between slashes/],
    ['an expression of the empty text', { redact: ['/a*/'] }, '/redact/0', /empty text/],
    ['no RE2', { redact: ['/(?=a)/'] }, '/redact/0', /RE2/],
  ] as const) {
    it(`refuses ${what}`, () => {
      const found = checkShape(options, KEPT);
      expect(found.map((one) => [one.severity, one.path])).to.deep.equal([['error', path]]);
      expect(found[0]?.message).to.match(message);
      expect(found[0]?.hint).not.to.equal('');
      expect(() => compileShape(options, KEPT).apply({ a: { b: 1 } })).not.to.throw();
    });
  }

  it('accepts the rest', () => {
    const prune = ['metadata.labels', 'series.state', 'message', 'a.b["c.d"]'];
    expect(checkShape({ shape: { prune }, redact: ['/a+/'] }, KEPT)).to.deep.equal([]);
    expect(checkShape({}, KEPT)).to.deep.equal([]);
  });
});
