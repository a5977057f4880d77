// `make figures`: every figure of the house in one table, with its limit. The specs beside this file
// hold the limits; this shows where the tree stands.

import ts from 'typescript';
import { undocumentedExports } from './comments.ts';
import { filesUnder, nodesOf, readTree, sourcesOf } from './files.ts';
import { folderSizes, LARGEST_FOLDER, repeatedNames } from './folders.ts';
import { cyclesOf, edgesOf, libFiles, singleImporters, unusedExports } from './graph.ts';
import { LONGEST_FILE } from './sizes.ts';
import { LONGEST_SENTENCE, longSentences, refusedWords, sentencesOf, textsOf } from './words.ts';

const tree = readTree();
const house = filesUnder(tree, /^(?:lib|bin|spec|tools)\/.*\.[jt]s$/);
const lib = new Map(libFiles(house).map((file) => [file, house.get(file) ?? '']));
const edges = edgesOf(house);

function sizesOf(counts: readonly number[]): string {
  const sorted = [...counts].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  return `${at(0.5)}, ${at(0.95)}, ${at(1)}`;
}

function linesIn(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}

/** Lines of each function that has a name or a place: callbacks count with what they stand in. */
function functionLines(): readonly number[] {
  const lines: number[] = [];
  for (const source of sourcesOf(lib)) {
    for (const node of nodesOf(source)) {
      if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) continue;
      if (ts.isCallExpression(node.parent)) continue;
      lines.push(linesIn(node.getText()));
    }
  }
  return lines;
}

function assertions(): number {
  let count = 0;
  for (const source of sourcesOf(lib)) {
    for (const node of nodesOf(source)) {
      if (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type)) count += 1;
    }
  }
  return count;
}

const lines = [...lib.values()].map(linesIn);
const total = lines.reduce((sum, count) => sum + count, 0);
const texts = [...textsOf(lib)];
const sentences = texts.reduce((count, { text }) => count + sentencesOf(text).length, 0);
const single = singleImporters(house, edges).length;
const [largest = ['none', 0]] = folderSizes(house, edges);
const rows: readonly (readonly [string, string | number, string])[] = [
  ['lines of lib', total, ''],
  ['files of lib', lib.size, ''],
  ['lines a file: median, 95 %, most', sizesOf(lines), `most ${LONGEST_FILE}`],
  ['lines a function: median, 95 %, most', sizesOf(functionLines()), '10, 40, 60'],
  [
    'files with a single importer',
    `${single} (${((100 * single) / lib.size).toFixed(1)} %)`,
    '22 %',
  ],
  ['largest folder', `${largest[0]} (${largest[1]})`, `${LARGEST_FOLDER}`],
  ['file names that occur twice', repeatedNames(house, edges).length, '0'],
  ['cycles of files', cyclesOf(edges).length, '0'],
  ['unused exports', unusedExports(house, edges).length, '0'],
  ['exports without a comment', undocumentedExports(lib).length, '0'],
  ['`as` in 1,000 lines', ((1000 * assertions()) / total).toFixed(2), '1.2'],
  ['refused words in comments and messages', refusedWords(texts).length, '0'],
  [
    `sentences of more than ${LONGEST_SENTENCE} words in 1,000`,
    ((1000 * longSentences(texts).length) / sentences).toFixed(1),
    '10',
  ],
];
for (const [name, value, limit] of rows) {
  process.stdout.write(`${name.padEnd(48)} ${String(value).padEnd(24)} ${limit}\n`);
}
