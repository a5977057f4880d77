// The language of comments and messages in lib: words that are refused, and sentences that are too
// long. Code between backticks does not count.

import ts from 'typescript';
import { type Fault, type Files, nodesOf, sourcesOf } from './files.ts';

/** Words in a sentence at most. */
export const LONGEST_SENTENCE = 25;

/** Share of longer ones at most: some name a long list, and cutting those helps no reader. */
export const LONG_AT_MOST = 0.01;

/** A comment, or a text of the program that reads like a message. */
export interface Text {
  readonly source: ts.SourceFile;
  /** Where it begins. */
  readonly position: number;
  readonly isDoc: boolean;
  readonly text: string;
}

// Each word is old-fashioned or private where plain English has another one.
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/\bwhoever\b/i, 'name who it is'],
  [/\b(?:no|some)body\b/i, 'name who it is'],
  [/\banew\b/i, 'again'],
  [/\bbesides\b/i, 'also, or beside'],
  [/\bof late\b/i, 'recently'],
  [/\bso much as\b/i, 'even'],
  [/\blets? go\b/i, 'releases'],
  [/\bcan not\b(?! only)/i, 'cannot'],
  [/\btold\b/i, 'informed, or reported'],
  [/\bas far as\b/i, 'if, or how far'],
  [/^Where (?:it|they|there|one|none|no|nothing|this|that|the|a|an) [^?]*,/, 'if, or when'],
  [/\b(?:null|undefined|absent|none|false|true|0) where (?!to\b)/i, 'if, or when'],
];

/** Every comment and message of these files. */
export function* textsOf(files: Files): Generator<Text> {
  for (const source of sourcesOf(files)) {
    yield* commentsOf(source);
    for (const node of nodesOf(source)) {
      const text = messageOf(node);
      if (text !== undefined) yield { source, position: node.getStart(), isDoc: false, text };
    }
  }
}

/** Refused words of these texts, and doc comments that open with a nominal "What". */
export function refusedWords(texts: Iterable<Text>): readonly Fault[] {
  return [...texts].flatMap((text) =>
    sentencesOf(text.text).flatMap((sentence, place) => [
      ...refusedIn(sentence).map((what) => faultIn(text, what)),
      ...(text.isDoc && place === 0 && isNominal(sentence)
        ? [faultIn(text, `"${sentence}": name it`)]
        : []),
    ]),
  );
}

function refusedIn(sentence: string): readonly string[] {
  return REFUSED.flatMap(([pattern, instead]) => {
    const word = pattern.exec(sentence)?.[0];
    return word === undefined ? [] : [`"${word}": ${instead}`];
  });
}

function isNominal(sentence: string): boolean {
  return /^What\b/.test(sentence) && !sentence.endsWith('?');
}

/** Sentences of these texts with more words than allowed. */
export function longSentences(texts: Iterable<Text>): readonly Fault[] {
  const faults: Fault[] = [];
  for (const text of texts) {
    for (const sentence of sentencesOf(text.text)) {
      const words = sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
      if (words > LONGEST_SENTENCE) faults.push(faultIn(text, `${words} words: ${sentence}`));
    }
  }
  return faults;
}

/** The sentences of a text; code is one word, and tables and drawings are none. */
export function sentencesOf(text: string): readonly string[] {
  const prose = text
    .replaceAll(/`[^`]*`/g, 'code')
    .split('\n')
    .filter((line) => !/^\s*\||[─│▶┌└]/.test(line))
    .join('\n');
  return prose
    .split(
      /(?<=[.!?]["')\]]*)(?<!\be\.g\.|\bi\.e\.)\s+(?=[A-Z"'(*[])|\n\s*\n|\n\s*(?:[-*]|\d+\.)\s+/,
    )
    .map((sentence) => sentence.replaceAll(/\s+/g, ' ').trim())
    .filter((sentence) => sentence !== '');
}

function faultIn({ source, position }: Text, what: string): Fault {
  const { line } = source.getLineAndCharacterOfPosition(position);
  return { file: source.fileName, line: line + 1, what };
}

/** Line comments that follow one another are one text. */
function* commentsOf(source: ts.SourceFile): Generator<Text> {
  let run: Run | undefined;
  for (const { pos, end, kind } of commentRanges(source)) {
    const raw = source.text.slice(pos, end);
    if (kind === ts.SyntaxKind.MultiLineCommentTrivia) {
      const text = raw.slice(2, -2).replaceAll(/^[ \t]*\*+/gm, '');
      yield { source, position: pos, isDoc: raw.startsWith('/**'), text };
    } else if (run !== undefined && /^\n[ \t]*$/.test(source.text.slice(run.end, pos))) {
      run = { ...run, end, text: `${run.text}\n${raw.slice(2)}` };
    } else {
      if (run !== undefined) yield { source, isDoc: false, ...run };
      run = { position: pos, end, text: raw.slice(2) };
    }
  }
  if (run !== undefined) yield { source, isDoc: false, ...run };
}

/** Line comments so far that follow one another. */
interface Run {
  readonly position: number;
  readonly end: number;
  readonly text: string;
}

/** Comments before and behind every token, also before a closing brace and at the end of the file. */
function commentRanges(source: ts.SourceFile): readonly ts.CommentRange[] {
  const { text } = source;
  const found = new Map<number, ts.CommentRange>();
  for (const token of tokensOf(source, source)) {
    for (const range of [
      ...(ts.getLeadingCommentRanges(text, token.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, token.end) ?? []),
    ]) {
      found.set(range.pos, range);
    }
  }
  return [...found.values()].sort((one, other) => one.pos - other.pos);
}

function* tokensOf(node: ts.Node, source: ts.SourceFile): Generator<ts.Node> {
  const children = node.getChildren(source).filter((child) => !ts.isJSDoc(child));
  if (children.length === 0) yield node;
  for (const child of children) yield* tokensOf(child, source);
}

/** A literal with three words in a row, with `code` for each of its holes. */
function messageOf(node: ts.Node): string | undefined {
  const text = literalText(node);
  if (text === undefined || !/[A-Za-z]+[ ,] ?[a-z]+ [a-z]+/.test(text)) return undefined;
  return /^\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|WITH|PRAGMA|DROP|ALTER)\b/.test(text)
    ? undefined
    : text;
}

function literalText(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `code${literal.text}`).join('');
}
