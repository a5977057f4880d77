// Promises of lib/kit/data/reshape.ts: paths are removed and texts replaced in a copy.

import { expect } from 'chai';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../lib/core/json-object.ts';
import { parsePath } from '../../../lib/kit/data/json-path.ts';
import { DEEPEST, replaceTexts, toPathTree, withoutPaths } from '../../../lib/kit/data/reshape.ts';

function treeOf(...paths: readonly string[]): ReturnType<typeof toPathTree> {
  return toPathTree(paths.map((path) => (parsePath(path) ?? []).map(String)));
}

function nested(levels: number, inner: Json): Json {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

describe('paths are removed', () => {
  for (const [what, paths, value, expected] of [
    ['a key', ['a'], { a: 1, b: 2 }, { b: 2 }],
    ['a key below keys', ['a.b'], { a: { b: 1, c: 2 } }, { a: { c: 2 } }],
    ['an object whole', ['a'], { a: { b: { c: 1 } } }, {}],
    [
      'a key with dots',
      ['a["b.c/d"]'],
      { a: { 'b.c/d': 1, b: { 'c/d': 2 } } },
      { a: { b: { 'c/d': 2 } } },
    ],
    [
      'a key of each item of a list',
      ['a.b'],
      { a: [{ b: 1, c: 1 }, { b: 2 }, 3] },
      { a: [{ c: 1 }, {}, 3] },
    ],
    [
      'a key in lists of lists',
      ['a.b'],
      { a: [[{ b: 1 }], [[{ b: 2, c: 3 }]]] },
      { a: [[{}], [[{ c: 3 }]]] },
    ],
    ['a list whole', ['a'], { a: [1, 2], b: 0 }, { b: 0 }],
    [
      'two paths with a common beginning',
      ['a.b', 'a.c'],
      { a: { b: 1, c: 2, d: 3 } },
      { a: { d: 3 } },
    ],
    ['the longer of two paths with the shorter', ['a.b', 'a'], { a: { b: 1 }, d: 1 }, { d: 1 }],
    ['the shorter of two paths with the longer', ['a', 'a.b'], { a: { b: 1 }, d: 1 }, { d: 1 }],
    ['nothing if a key is missing', ['a.b', 'x.y.z'], { a: { c: 1 } }, { a: { c: 1 } }],
    [
      'nothing through a text, a number or null',
      ['a.b', 'c.d', 'e.f'],
      { a: 'x', c: 1, e: null },
      { a: 'x', c: 1, e: null },
    ],
    ['no inherited key', ['constructor', 'toString.length'], { a: 1 }, { a: 1 }],
    ['an own key of an inherited name', ['constructor'], { constructor: 1, a: 1 }, { a: 1 }],
  ] as const) {
    it(what, () => {
      const before = JSON.stringify(value);
      expect(withoutPaths(value, treeOf(...paths))).to.deep.equal(expected);
      expect(JSON.stringify(value), 'the value itself').to.equal(before);
    });
  }

  it('and a value that has none of them is returned itself', () => {
    const value = { a: [{ c: 1 }], b: 'x' };
    expect(withoutPaths(value, treeOf('a.b', 'b.c', 'd'))).to.equal(value);
    expect(withoutPaths(value, treeOf())).to.equal(value);
  });

  it('and parts without them are shared with the value', () => {
    const value = { a: { b: 1 }, kept: { deep: [1] } };
    const shaped = withoutPaths(value, treeOf('a.b'));
    expect(shaped).to.have.property('kept', value.kept);
  });

  it('from any JSON, as a plain reference does, without a throw or a change', () => {
    const key = fc.constantFrom('a', 'b', 'c.d', '__proto__');
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Json>(null, 1, 'x', true),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    const paths = fc.array(fc.array(key, { minLength: 1, maxLength: 3 }), { maxLength: 4 });
    fc.assert(
      fc.property(tree, paths, (value, removed) => {
        const before = JSON.stringify(value);
        const shaped = withoutPaths(value, toPathTree(removed));
        expect(JSON.stringify(shaped)).to.equal(JSON.stringify(removed.reduce(naively, value)));
        expect(JSON.stringify(value)).to.equal(before);
      }),
      { numRuns: 500 },
    );
  });

  it('not below the deepest level of lists, and nothing throws', () => {
    const value = { a: nested(20_000, { b: 1 }) };
    expect(() => withoutPaths(value, treeOf('a.b', 'a.a.a.a'))).not.to.throw();
  });
});

describe('texts are replaced', () => {
  const upper = (text: string): string => text.toUpperCase();
  const none = toPathTree([]);

  it('wherever they are: in objects, lists and lists of lists; keys stay', () => {
    const value = { a: 'x', b: ['y', ['z', 1, null, true]], c: { d: 'w' } };
    const expected = { a: 'X', b: ['Y', ['Z', 1, null, true]], c: { d: 'W' } };
    expect(replaceTexts(value, { replace: upper, kept: none, tooDeep: '' })).to.deep.equal(
      expected,
    );
    expect(value.a).to.equal('x');
  });

  it('but not at kept paths or below them', () => {
    const value = { a: { b: 'x', c: 'y' }, d: { e: ['z'] } };
    const kept = treeOf('a.b', 'd');
    const shaped = replaceTexts(value, { replace: upper, kept, tooDeep: '' });
    expect(shaped).to.deep.equal({ a: { b: 'x', c: 'Y' }, d: { e: ['z'] } });
  });

  it('and a value whose texts stay is returned itself', () => {
    const value = { a: ['X'], b: { c: 'Y' } };
    expect(replaceTexts(value, { replace: upper, kept: none, tooDeep: '' })).to.equal(value);
  });

  it('and a part that is too deep is replaced whole', () => {
    const value = { a: nested(DEEPEST + 10, 'secret') };
    const shaped = replaceTexts(value, { replace: upper, kept: none, tooDeep: 'gone' });
    expect(JSON.stringify(shaped))
      .to.include('gone')
      .and.not.match(/secret/i);
    const deeper = { a: nested(20_000, 'secret') };
    expect(() => replaceTexts(deeper, { replace: upper, kept: none, tooDeep: '' })).not.to.throw();
  });
});

/** Removes one path in the plainest way. */
function naively(value: Json, [key = '', ...rest]: readonly string[]): Json {
  if (Array.isArray(value)) return value.map((item: Json) => naively(item, [key, ...rest]));
  if (typeof value !== 'object' || value === null) return value;
  const object = value as JsonObject;
  const entries = Object.keys(object).flatMap((name): [string, Json][] => {
    const inner = object[name] ?? null;
    if (name !== key) return [[name, inner]];
    return rest.length === 0 ? [] : [[name, naively(inner, rest)]];
  });
  return Object.fromEntries(entries);
}
