// Problems as people and programs read them.

import { expect } from 'chai';
import type { Severity } from '../../lib/core/problem.ts';
import {
  problemsToJson,
  refuses,
  renderProblem,
  renderProblems,
} from '../../lib/plan/problem-text.ts';
import { aProblem } from '../support/builders.ts';

describe('renderProblem', () => {
  it('leaves out the place and the hint if there is none', () => {
    const problem = aProblem({ line: 0, column: 0, hint: '' });
    expect(renderProblem(problem, 'a.yaml')).to.equal('a.yaml: error unknown-key: unknown key knd');
  });

  it('escapes control characters of a file and its name', () => {
    const problem = aProblem({ message: 'found \u001b[31m', hint: 'a\nb\u202e' });
    expect(renderProblem(problem, 'a\u0007.yaml')).to.match(/^[^\p{Cc}\p{Cf}]*$/u);
  });
});

describe('renderProblems', () => {
  const counts: readonly (readonly [severities: readonly Severity[], last: string])[] = [
    [[], 'f: no problems'],
    [['error'], 'f: 1 error'],
    [['error', 'warning', 'error', 'info'], 'f: 2 errors, 1 warning, 1 note'],
    [['warning', 'warning'], 'f: 2 warnings'],
  ];
  for (const [severities, last] of counts) {
    it(`ends with a count: ${last}`, () => {
      const problems = severities.map((severity) => aProblem({ severity }));
      const lines = renderProblems(problems, 'f').split('\n');
      expect(lines).to.have.lengthOf(severities.length + 2);
      expect(lines.at(-2)).to.equal(last);
    });
  }
});

describe('problemsToJson', () => {
  it('has these fields and no other', () => {
    const problem = { ...aProblem(), secret: 'x' };
    expect(problemsToJson([problem], 'a.yaml')).to.equal(
      '{"file":"a.yaml","problems":[{"severity":"error","code":"unknown-key","path":"/filters/0/knd","line":3,"column":5,"message":"unknown key knd","hint":"did you mean kind?"}]}',
    );
  });
});

describe('refuses', () => {
  const rows: readonly (readonly [Severity, 'strict' | 'lenient', boolean])[] = [
    ['error', 'lenient', true],
    ['error', 'strict', true],
    ['warning', 'lenient', false],
    ['warning', 'strict', true],
    ['info', 'strict', false],
  ];
  for (const [severity, strictness, expected] of rows) {
    it(`${expected ? 'refuses' : 'passes'} a ${severity} when ${strictness}`, () => {
      expect(refuses([aProblem({ severity })], strictness)).to.equal(expected);
    });
  }
});
