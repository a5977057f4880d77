// Promises of lib/kit/text/pattern.ts: patterns and globs.

import { expect } from 'chai';
import fc from 'fast-check';
import { type Pattern, parsePattern, parseReplacement } from '../../../lib/kit/text/pattern.ts';

function pattern(text: string): Pattern {
  const parsed = parsePattern(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.why}`);
  return parsed.pattern;
}

/** The slow obvious evaluator that the matcher is compared with. */
function naive(glob: string): RegExp {
  const source = Array.from(glob, (character) => {
    if (character === '*') return '.*';
    if (character === '?') return '.';
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return new RegExp(`^${source.join('')}$`, 'su');
}

describe('parsePattern', () => {
  const forms = [
    ['BackOff', 'exact'],
    ['', 'exact'],
    ['/', 'exact'],
    ['kube-*', 'glob'],
    ['web-?', 'glob'],
    ['/var/*', 'glob'],
    ['/^Failed/', 'expression'],
    ['/a*b?/', 'expression'],
  ] as const;
  for (const [text, form] of forms) {
    it(`parses ${JSON.stringify(text)} as ${form}`, () =>
      expect(pattern(text).form).to.equal(form));
  }

  const bad = [
    ['/[/', 'missing closing ]'],
    ['/(?=x)/', 'invalid or unsupported'],
    ['/(x)\\1/', 'invalid escape'],
    ['//', 'empty'],
    ['/word/i', '(?i)'],
    ['/(.*a){900}/', 'steps'],
    [`*${'a'.repeat(1000)}`, '1001 characters'],
  ] as const;
  for (const [text, why] of bad) {
    it(`refuses ${text.slice(0, 20)} with ${JSON.stringify(why)}`, () => {
      const parsed = parsePattern(text);
      expect(parsed.ok ? '' : parsed.why).to.contain(why);
    });
  }
});

describe('a pattern', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['Pod', 'Pod', true],
    ['Pod', 'pod', false],
    ['Pod', 'Pods', false],
    ['', '', true],
    ['', 'x', false],
    ['*', '', true],
    ['*', 'a\nb\u2028c', true],
    ['?', '', false],
    ['?', '😀', true],
    ['??', '😀', false],
    ['*??', '😀', false],
    ['*\ude00', '😀', false],
    ['?', '\ud83d', true],
    ['kube-*', 'kube-system', true],
    ['kube-*', 'my-kube-system', false],
    ['*-kube-*', 'my-kube-system', true],
    ['a*b*c', 'a-b-c-b-c', true],
    ['a*b*c', 'a-b-c-b', false],
    ['a.c', 'abc', false],
    ['a.c?', 'a.c)', true],
    ['**a', 'bba', true],
    ['/ail/', 'Failed', true],
    ['/^ail/', 'Failed', false],
    ['/^Failed(Mount|Scheduling)$/', 'FailedMount', true],
    ['/(?i)^failed/', 'FAILED', true],
    ['/^a.b$/', 'a\nb', false],
    ['/^.$/', '😀', true],
    ['/exit code (?P<code>\\d+)/', 'exit code 137', true],
  ];
  for (const [text, value, wanted] of cases) {
    it(`${JSON.stringify(text)} ${wanted ? 'matches' : 'passes'} ${JSON.stringify(value)}`, () => {
      expect(pattern(text).matches(value)).to.equal(wanted);
    });
  }

  it('agrees, as a glob, with a naive regular expression', () => {
    const letters = fc.constantFrom('a', 'b', '.', '\n', '😀', '\u00e9');
    const globs = fc.array(fc.oneof(letters, fc.constantFrom('*', '?', '*')), { maxLength: 8 });
    fc.assert(
      fc.property(globs, fc.array(letters, { maxLength: 12 }), (parts, characters) => {
        const text = `${parts.join('')}*`;
        const value = characters.join('');
        expect(pattern(text).matches(value)).to.equal(naive(text).test(value));
        const closed = `?${parts.join('')}`;
        expect(pattern(closed).matches(value)).to.equal(naive(closed).test(value));
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws for any value, including lone surrogates', () => {
    const patterns = [
      'x',
      '*\ud83d?',
      '?*\udc00',
      '/^[^a]+$/',
      '/\\bа.+?$/',
      '/\\pL|[[:cntrl:]]/',
    ].map(pattern);
    const values = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 });
    fc.assert(
      fc.property(values, (units) => {
        const value = String.fromCharCode(...units);
        for (const one of patterns) expect(one.matches(value)).to.be.a('boolean');
      }),
    );
  });

  const hostile = [
    ['*a*a*a*a*a*a*a*a*a*a*a*a*b', 'a'.repeat(10_000)],
    ['/(a+)+$/', `${'a'.repeat(10_000)}!`],
    ['/(x+x+)+y/', 'x'.repeat(10_000)],
    ['/(.*a){150}.*b$/', 'ba'.repeat(5000)],
  ] as const;
  // A matcher that goes back over what it has tried would need longer than the age of the universe;
  // what a linear one needs is bounded by the steps of its program, which are refused above.
  for (const [text, value] of hostile) {
    it(`${text} comes to an end on ${value.length} characters made to blow it up`, () => {
      expect(pattern(text).matches(value)).to.equal(false);
    });
  }
});

describe('an expression without an operator', () => {
  const rows = [
    ['/exit code 1/', 'left with exit code 137', true],
    ['/exit code 1/', 'Exit code 1', false],
    ['/a-b_c/', 'xa-b_cx', true],
    ['/a b/', 'a  b', false],
  ] as const;
  for (const [text, value, expected] of rows) {
    it(`${text} ${expected ? 'is' : 'is not'} found in ${JSON.stringify(value)}`, () => {
      const parsed = parsePattern(text);
      expect(parsed.ok && parsed.pattern.matches(value)).to.equal(expected);
    });
  }
});

describe('an expression whose matches are replaced', () => {
  for (const [text, value, expected] of [
    ['/token=\\w+/', 'a token=abc and token=d', 'a # and #'],
    ['/[0-9]{4}/', 'none', 'none'],
    ['/(?i)secret/', 'SECRET secret', '# #'],
    ['/a|ab/', 'ab', '#b'],
    ['/\\bx*/', 'xx yy', '# yy'],
    ['/é+/', 'ééa😀é', '#a😀#'],
    ['/./', '😀\ud800', '##'],
  ] as const) {
    it(`${text} in ${JSON.stringify(value)} gives ${JSON.stringify(expected)}`, () => {
      const parsed = parseReplacement(text);
      expect(parsed.ok && parsed.replaceIn(value, '#')).to.equal(expected);
    });
  }

  it('inserts what replaces it as it is', () => {
    const parsed = parseReplacement('/(a)/');
    expect(parsed.ok && parsed.replaceIn('xax', '$1$&')).to.equal('x$1$&x');
  });

  for (const [text, why] of [
    ['word', /no expression/],
    ['*word*', /no expression/],
    ['/a*/', /empty text/],
    ['/(/', /RE2/],
    ['/a/i', /flags/],
  ] as const) {
    it(`is refused: ${text}`, () => {
      expect(parseReplacement(text)).to.have.property('why').that.matches(why);
    });
  }

  it('takes bounded time where a backtracking engine takes for ever', () => {
    const parsed = parseReplacement('/(a+)+b/');
    expect(parsed.ok && parsed.replaceIn('a'.repeat(20_000), '#')).to.have.length(20_000);
  });
});
