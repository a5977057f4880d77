// The line of a file below a problem, as a terminal shows it: the caret fits, and no secret is shown.

import { expect } from 'chai';
import type { Problem } from '../../lib/core/problem.ts';
import { createExcerpts } from '../../lib/plan/problem-text.ts';

function at(line: number, column: number, more: Partial<Problem> = {}): Problem {
  const words = {
    severity: 'error',
    code: 'wrong-value',
    path: '',
    message: '',
    hint: '',
  } as const;
  return { ...words, line, column, ...more };
}

function linesOf(text: string, problem: Problem, width = 80): readonly (string | undefined)[] {
  const excerpt = createExcerpts(text, [problem], width)(problem);
  return [excerpt?.text, excerpt?.caret];
}

describe('createExcerpts', () => {
  const rows: readonly (readonly [what: string, text: string, Problem, string, string])[] = [
    ['a line', 'a: 1\n  b: 2\n', at(2, 3), '    2 |   b: 2', '      |   ^'],
    ['a line that ends with CR LF', 'a: 1\r\nb: 2\r\n', at(2, 1), '    2 | b: 2', '      | ^'],
    ['a line behind a byte order mark', '\uFEFFa: 1', at(1, 4), '    1 | a: 1', '      |    ^'],
    ['a tab as one space', '\ta:\t1', at(1, 5), '    1 |  a: 1', '      |     ^'],
    [
      'control characters escaped',
      'a\u001b: 1',
      at(1, 5),
      '    1 | a\\u001b: 1',
      '      |          ^',
    ],
    ['the end of a line', 'a:', at(1, 3), '    1 | a:', '      |   ^'],
  ];
  for (const [what, text, problem, line, caret] of rows) {
    it(`shows ${what}`, () => expect(linesOf(text, problem)).to.deep.equal([line, caret]));
  }

  it('cuts a long line on both sides of the caret', () => {
    const text = `${'a'.repeat(500)}X${'b'.repeat(500)}`;
    const [line = '', caret = ''] = linesOf(text, at(1, 501), 60);
    expect(line).to.match(/^ {4}1 \| …a+Xb+…$/);
    expect(line.length).to.be.below(60);
    expect(line.charAt(caret.indexOf('^'))).to.equal('X');
  });

  const nothing: readonly (readonly [what: string, text: string, Problem])[] = [
    ['no place', 'a: 1', at(0, 0)],
    ['a line that is not there', 'a: 1', at(9, 1)],
    ['a blank line', 'a: 1\n \n', at(2, 1)],
    ['a line that may hold a secret', 'bearer: x', at(1, 9, { concealed: true })],
  ];
  for (const [what, text, problem] of nothing) {
    it(`shows nothing for ${what}`, () => {
      expect(linesOf(text, problem)).to.deep.equal([undefined, undefined]);
    });
  }

  it('hides a line for every problem on it if one of them says so', () => {
    const problems = [at(1, 1), at(1, 9, { concealed: true })];
    const excerptOf = createExcerpts('bearer: hunter2', problems, 80);
    expect(problems.map(excerptOf)).to.deep.equal([null, null]);
  });

  const secrets = [
    '  auth: { token: hunter2, usernam: x }',
    '  password: "hunter2"',
    "  headers: { Authorization: 'Bearer hunter2' }",
    '  headers: { "X-Api-Key": hunter2 }',
    '  url: https://me:hunter2@ci.example.test/x',
    '  signing: { secretFil: whsec_hunter2 }',
    '  client_secret: hunter2',
    '  token: "x, hunter2"',
    '  password: [hunter2]',
  ];
  for (const text of secrets) {
    it(`masks the secret of ${text.trim()}, and keeps the columns`, () => {
      const [line = ''] = linesOf(text, at(1, 3));
      expect(line).to.not.include('hunter2');
      expect(line).to.have.lengthOf(text.length + 8);
    });
  }

  it('masks the value of an unknown key for every problem on its line', () => {
    const unknown = at(1, 11, { code: 'unknown-key' });
    const problems = [at(1, 3), unknown];
    const excerptOf = createExcerpts('bearer: { tokn: hunter2 }', problems, 80);
    for (const problem of problems) {
      expect(excerptOf(problem)?.text).to.match(/bearer: \{ tokn: •+$/);
    }
  });

  it('shows the reference to a secret, which is no secret', () => {
    const text = 'bearer: { tokenFile: /etc/token, passwordEnv: CI_PASSWORD }';
    expect(linesOf(text, at(1, 1))[0]).to.include(text);
  });
});
