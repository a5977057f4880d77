// Codes of the operating system in words: a table.

import { expect } from 'chai';
import { codeOfFailure, fileTrouble, isThere } from '../../lib/kit/file-trouble.ts';

const failure = (code: string): Error => Object.assign(new Error(`${code}: x`), { code });

describe('fileTrouble', () => {
  const rows: readonly (readonly [unknown, string])[] = [
    [failure('ENOENT'), 'no such file'],
    [failure('EACCES'), 'permission denied'],
    [failure('EISDIR'), 'a folder'],
    [failure('ENOTDIR'), 'a file where a folder is expected'],
    [failure('EROFS'), 'a read-only file system'],
    [failure('EPERM'), 'operation not permitted'],
    [failure('EMFILE'), 'EMFILE'],
    [new Error('no code'), 'unknown error'],
    ['no error', 'unknown error'],
  ];
  for (const [error, words] of rows) {
    it(`says "${words}"`, () => {
      expect(fileTrouble(error)).to.equal(words);
    });
  }

  it('distinguishes failures with and without a code', () => {
    expect(codeOfFailure(failure('ENOENT'))).to.equal('ENOENT');
    expect(codeOfFailure(new Error('no code'))).to.equal(undefined);
    expect(codeOfFailure(Object.assign(new Error('ours'), { code: 5 }))).to.equal(undefined);
  });
});

describe('isThere', () => {
  it('is true for files and folders and false for a missing path', async () => {
    expect(await isThere(import.meta.filename)).to.equal(true);
    expect(await isThere(import.meta.dirname)).to.equal(true);
    expect(await isThere(`${import.meta.filename}.none`)).to.equal(false);
  });

  it('is true if access is denied', async () => {
    expect(await isThere(`${import.meta.filename}/below-a-file`)).to.equal(true);
  });
});
