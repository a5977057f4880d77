// Batches of spec files: nothing is lost between them, and `make unit` leaves out what is listed.

import { matchesGlob } from 'node:path';
import { expect } from 'chai';
import { readTree } from '../house/files.ts';
import { batchesOf, isEndToEnd, LEFT_OUT, SLOW_ROOMS, unitFiles } from './batches.ts';

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

  it('know an end-to-end spec by any of its paths', () => {
    const paths = ['spec/e2e/a.spec.ts', 'spec/e2e/once/*.spec.ts', '/sluice/spec/e2e/a.spec.ts'];
    for (const path of paths) expect(isEndToEnd(path), path).to.equal(true);
    expect(isEndToEnd('spec/core/e2e.spec.ts')).to.equal(false);
  });

  it('begin with what takes longest, and keep small rooms together', () => {
    const names = ['a/1', 'b/1', 'b/2', 'fuzz/fuzz', 'kubernetes/1', 'stores/sqlite'];
    const batches = batchesOf(names.map((name) => `spec/${name}.spec.ts`));
    expect(batches.map(({ name }) => name)).to.deep.equal([
      'stores/sqlite',
      'fuzz/fuzz',
      'kubernetes, a, b',
    ]);
  });

  it('cut a large room into parts of the same size, a slow one into more', () => {
    const sizesOf = (room: string) => {
      const files = Array.from({ length: 40 }, (_, index) => `spec/${room}/${index}.spec.ts`);
      return batchesOf(files).map((batch) => [batch.name, batch.files.length]);
    };
    expect(sizesOf('a')).to.deep.equal([
      ['a 1/2', 20],
      ['a 2/2', 20],
    ]);
    expect(sizesOf('kubernetes')).to.deep.equal([
      ['kubernetes 1/3', 14],
      ['kubernetes 2/3', 14],
      ['kubernetes 3/3', 12],
    ]);
  });

  for (const room of SLOW_ROOMS) {
    it(`know spec/${room} as a slow room that is there`, () => {
      expect(every.filter((file) => file.startsWith(`spec/${room}/`))).to.not.be.empty;
    });
  }
});

describe('the specs of make unit', () => {
  it('are all but those that are listed', () => {
    const out = every.filter((file) => LEFT_OUT.some(({ files }) => matchesGlob(file, files)));
    expect([...unitFiles(every), ...out].sort()).to.deep.equal(every);
  });

  for (const { files, why } of LEFT_OUT) {
    it(`lack ${files}: ${why}`, () => {
      expect(every.filter((file) => matchesGlob(file, files))).to.not.be.empty;
    });
  }
});
