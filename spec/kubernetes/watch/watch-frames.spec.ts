// Frames from bytes, independent of how these were cut on their way.

import { expect } from 'chai';
import fc from 'fast-check';
import { type Frame, FrameSplitter } from '../../../lib/kubernetes/watch/watch-frames.ts';
import { anyText } from '../../support/any-text.ts';

function framesOf(bytes: Uint8Array, cuts: readonly number[], maxBytes?: number): readonly Frame[] {
  const splitter = new FrameSplitter(maxBytes === undefined ? {} : { maxBytes });
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const bounds = [0, ...places, bytes.length];
  return bounds.flatMap((from, index) => splitter.push(bytes.subarray(from, bounds[index + 1])));
}

function valuesOf(frames: readonly Frame[]): readonly unknown[] {
  return frames.map((frame) => (frame.kind === 'json' ? frame.value : frame.kind));
}

describe('FrameSplitter', () => {
  it('gives the same frames wherever the chunks are cut, also inside characters', () => {
    const text = anyText({ maxLength: 30 });
    const values = fc.array(fc.record({ message: text }), { maxLength: 8 });
    fc.assert(
      fc.property(values, fc.array(fc.nat(), { maxLength: 40 }), (objects, cuts) => {
        const bytes = Buffer.from(objects.map((object) => `${JSON.stringify(object)}\n`).join(''));
        const copies = objects.map((object): unknown => JSON.parse(JSON.stringify(object)));
        expect(valuesOf(framesOf(bytes, cuts))).to.deep.equal(copies);
      }),
    );
  });

  for (const [name, separator] of [
    ['U+2028', '\u2028'],
    ['U+2029', '\u2029'],
    ['U+0085', '\u0085'],
    ['an escaped newline', '\\n'],
    ['a carriage return between tokens', '"\r,"b":"'],
  ] as const) {
    it(`does not end a frame at ${name}`, () => {
      const line = `{"a":"x${separator}y"}\n`;
      expect(framesOf(Buffer.from(line), [])).to.have.length(1);
      expect(framesOf(Buffer.from(line), [])[0]?.kind).to.equal('json');
    });
  }

  it('ignores empty lines and takes CRLF', () => {
    expect(valuesOf(framesOf(Buffer.from('\n\r\n{"a":1}\r\n\n'), []))).to.deep.equal([{ a: 1 }]);
  });

  it('keeps nothing of a frame above its cap, and reads the next', () => {
    const bytes = Buffer.concat([Buffer.alloc(5_000, 'x'), Buffer.from('\n{"a":1}\n')]);
    const frames = framesOf(bytes, [100, 2_000, 4_999], 1_000);
    expect(frames).to.deep.equal([
      { kind: 'too-long', bytes: 5_000 },
      { kind: 'json', value: { a: 1 }, bytes: 7 },
    ]);
  });

  it('accepts a frame of exactly its cap', () => {
    expect(framesOf(Buffer.from('{"a":1}\n'), [3], 7)[0]?.kind).to.equal('json');
  });

  it('returns a line that is not JSON with its size, as a value', () => {
    const frames = framesOf(Buffer.from('{"a":\n{"b":2}\n'), []);
    expect(frames[0]).to.deep.equal({ kind: 'unparsable', bytes: 5 });
    expect(frames[1]).to.deep.include({ value: { b: 2 } });
  });

  it('returns nothing for a frame that has not ended', () => {
    const splitter = new FrameSplitter();
    expect(splitter.push(Buffer.from('{"a":1}'))).to.deep.equal([]);
    expect(splitter.pendingBytes).to.equal(7);
  });
});
