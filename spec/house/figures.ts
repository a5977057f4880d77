// `make figures`: every figure of the house in one table, with the limit that a spec beside this file
// holds it to.

import { undocumentedExports } from './comments.ts';
import { filesUnder, readTree } from './files.ts';
import { folderSizes, LARGEST_FOLDER, repeatedNames } from './folders.ts';
import {
  cyclesOf,
  edgesOf,
  libFiles,
  SINGLE_AT_MOST,
  singleImporters,
  unusedExports,
} from './graph.ts';
import { LONGEST_FILE, linesOf } from './sizes.ts';
import {
  ASSERTIONS_AT_MOST,
  assertionsPerThousand,
  FUNCTION_AT_MOST,
  functionLines,
  shareOf,
} from './syntax.ts';
import { repeatedTypes } from './type-names.ts';
import {
  LONG_AT_MOST,
  LONGEST_SENTENCE,
  longSentences,
  refusedWords,
  sentencesOf,
  textsOf,
} from './words.ts';

const house = filesUnder(readTree(), /^(?:lib|bin|spec|tools)\/.*\.[jt]s$/);
const lib = new Map(libFiles(house).map((file) => [file, house.get(file) ?? '']));
const edges = edgesOf(house);

function spread(numbers: readonly number[]): string {
  return [0.5, 0.95, 1].map((share) => shareOf(numbers, share)).join(', ');
}

const lines = [...lib.values()].map(linesOf);
const texts = [...textsOf(lib)];
const sentences = texts.reduce((count, { text }) => count + sentencesOf(text).length, 0);
const single = singleImporters(house, edges).length;
const [largest = ['none', 0]] = folderSizes(house, edges);
const rows: readonly (readonly [string, string | number, string | number])[] = [
  ['lines of lib', lines.reduce((sum, count) => sum + count, 0), ''],
  ['files of lib', lib.size, ''],
  ['lines a file: median, 95 %, most', spread(lines), LONGEST_FILE],
  [
    'lines a function: median, 95 %, most',
    spread(functionLines(lib)),
    Object.values(FUNCTION_AT_MOST).join(', '),
  ],
  ['files with a single importer, %', (100 * single) / lib.size, 100 * SINGLE_AT_MOST],
  ['largest folder', `${largest[0]} (${largest[1]})`, LARGEST_FOLDER],
  ['file names that occur twice', repeatedNames(house, edges).length, 0],
  ['type names that occur twice', repeatedTypes(lib).length, 0],
  ['cycles of files', cyclesOf(edges).length, 0],
  ['unused exports', unusedExports(house, edges).length, 0],
  ['exports without a comment', undocumentedExports(lib).length, 0],
  ['`as` in 1,000 lines', assertionsPerThousand(lib), ASSERTIONS_AT_MOST],
  ['refused words in comments and messages', refusedWords(texts).length, 0],
  [
    `sentences of more than ${LONGEST_SENTENCE} words, %`,
    (100 * longSentences(texts).length) / sentences,
    100 * LONG_AT_MOST,
  ],
];
for (const [name, value, limit] of rows) {
  const shown = typeof value === 'number' ? String(Math.round(value * 100) / 100) : value;
  process.stdout.write(`${name.padEnd(48)} ${shown.padEnd(24)} ${limit}\n`);
}
