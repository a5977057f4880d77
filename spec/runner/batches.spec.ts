// Batches of spec files: nothing is lost between them, and `make unit` leaves out what is listed.
import { matchesGlob } from 'node:path';
import { expect } from 'chai';
import { readTree } from '../house/files.ts';
import { batchesOf, isEndToEnd, LEFT_OUT, unitFiles } from './batches.ts';

const every = [...readTree().keys()].filter((file) => /^spec\/.*\.spec\.ts$/.test(file)).sort();

describe('batches of specs', () => {
  it('have every spec file exactly once', () => {
    const batched = batchesOf(every).flatMap(({ files }) => files);
    expect(batched.sort()).to.deep.equal(every);
  });

  it('keep end-to-end specs apart from all others', () => {
    for (const { name, files } of batchesOf(every)) {
      expect(new Set(files.map(isEndToEnd)).size, name).to.equal(1);
    }
  });

  it('begin with what takes longest, then with the rooms with most files', () => {
    const files = ['spec/a/1', 'spec/b/1', 'spec/b/2', 'spec/fuzz/fuzz', 'spec/stores/sqlite'];
    const names = batchesOf(files.map((file) => `${file}.spec.ts`)).map(({ name }) => name);
    expect(names).to.deep.equal(['stores/sqlite', 'fuzz/fuzz', 'b', 'a']);
  });

  it('cut a large room into parts of the same size', () => {
    const files = Array.from({ length: 50 }, (_, index) => `spec/a/${index}.spec.ts`);
    const batches = batchesOf(files).map((batch) => [batch.name, batch.files.length]);
    expect(batches).to.deep.equal([
      ['a 1/3', 17],
      ['a 2/3', 17],
      ['a 3/3', 16],
    ]);
  });
});

describe('the specs of make unit', () => {
  it('are all but those that are listed', () => {
    const out = every.filter((file) => LEFT_OUT.some(({ files }) => matchesGlob(file, files)));
    expect([...unitFiles(every), ...out].sort()).to.deep.equal(every);
  });

  for (const { files, why } of LEFT_OUT) {
    it(`lack ${files}, which ${why}`, () => {
      expect(every.filter((file) => matchesGlob(file, files))).to.not.be.empty;
    });
  }
});
