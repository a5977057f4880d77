// Plain English in comments and messages: shown to fail on bad examples first, then applied to lib.

import { expect } from 'chai';
import { filesOf, filesUnder, readTree, shown } from './files.ts';
import { LONG_AT_MOST, longSentences, refusedWords, sentencesOf, textsOf } from './words.ts';

const lib = filesUnder(readTree(), /^lib\//);
const texts = [...textsOf(lib)];

describe('the language of comments and messages', () => {
  const bad = [
    ['// Whoever asks waits.', '"Whoever": name who it is'],
    ['/** Lists it anew. */', '"anew": again'],
    ['/** The store can\n * not be opened. */', '"can not": cannot'],
    ["const a = 'it was told to stop here';", '"told": informed, or reported'],
    ['const a = `${b} is null where nothing came`;', '"null where ": if, or when'],
    ['const f = () => {\n  f();\n  // It ends anew.\n};', '"anew": again'],
    ['const a = 1; // Nobody reads it.', '"Nobody": name who it is'],
    ['const a = [1 /* Besides this. */, 2];', '"Besides": also, or beside'],
    ['/** What a lane may have. */', '"What a lane may have.": name it'],
  ] as const;
  for (const [text, what] of bad) {
    it(`has no ${text}`, () => {
      const files = filesOf({ 'lib/core/a.ts': `${text}\nexport {};\n` });
      expect(refusedWords(textsOf(files)).map((fault) => fault.what)).to.deep.equal([what]);
    });
  }

  it('may hold such words in code, questions and other words', () => {
    const text = '// `nobody` reads. What is it? The file where it stands. Besiegers toldo.';
    const files = filesOf({ 'lib/core/a.ts': `${text}\nexport {};\n` });
    expect(shown(refusedWords(textsOf(files)))).to.deep.equal([]);
  });

  it('has sentences that end with a mark before a capital, a blank line or an item of a list', () => {
    const text = 'One, e.g. this. Two\ngoes on! Three\n\nFour\n- five\n1. Six';
    expect(sentencesOf(text)).to.deep.equal([
      'One, e.g. this.',
      'Two goes on!',
      'Three',
      'Four',
      'five',
      'Six',
    ]);
  });

  it('has a fault for 26 words in a sentence, not for 25', () => {
    const files = filesOf({
      'lib/core/a.ts': `// ${'word '.repeat(24)}word.\n// ${'word '.repeat(25)}word.\nexport {};\n`,
    });
    expect(longSentences(textsOf(files))).to.have.lengthOf(1);
  });

  it('is plain in lib', () => {
    expect(shown(refusedWords(texts))).to.deep.equal([]);
  });

  it('has few sentences of more than 25 words in lib', () => {
    const long = longSentences(texts);
    const all = texts.reduce((count, { text }) => count + sentencesOf(text).length, 0);
    expect(long.length / all, shown(long).join('\n')).to.be.at.most(LONG_AT_MOST);
  });
});
