// Redaction of secrets in answers, in each form in which a receiver may echo them.

import { expect } from 'chai';
import { redactor } from '../../../lib/triggers/http/clear-secrets.ts';

describe('redaction', () => {
  const secret = 'p4ss "wörd" \\%/';
  const cases = [
    ['as it is', `x ${secret} y ${secret}`, 'x [redacted] y [redacted]'],
    ['in JSON', `{"a":${JSON.stringify(secret)}}`, '{"a":"[redacted]"}'],
    ['percent-encoded', `?a=${encodeURIComponent(secret)}`, '?a=[redacted]'],
    ['in JSON as PHP writes it', '"p4ss \\"w\\u00f6rd\\" \\\\%\\/"', '"[redacted]"'],
    ['in JSON as .NET writes it', '"p4ss \\u0022w\\u00F6rd\\u0022 \\\\%/"', '"[redacted]"'],
    ['in a page', '<p>p4ss &quot;wörd&quot; \\%&#x2F;</p>', '<p>[redacted]</p>'],
    ['percent-encoded in lower case', 'p4ss+%22w%c3%b6rd%22+%5c%25%2f', '[redacted]'],
    [
      'in JSON within JSON',
      JSON.stringify(JSON.stringify({ a: secret })),
      '"{\\"a\\":\\"[redacted]\\"}"',
    ],
    ['not at all', 'a password', 'a password'],
  ] as const;
  for (const [how, text, wanted] of cases) {
    it(`finds a secret ${how}`, () => {
      expect(redactor([secret])(text)).to.equal(wanted);
    });
  }

  it('finds a secret in a form', () => {
    const punctuation = "a~b!c'd(e)f*g h";
    const form = new URLSearchParams({ a: punctuation }).toString();
    expect(form).to.include('%7E').and.include('%21').and.include('+');
    expect(redactor([punctuation])(form)).to.equal('a=[redacted]');
  });

  it('replaces the longest first, so that no part of a secret is left', () => {
    expect(redactor(['whsec_', 'whsec_abcdef'])('whsec_abcdef')).to.equal('[redacted]');
  });

  it('keeps texts that are too short to be secret', () => {
    expect(redactor(['', 'a', 'abc'])('abc a')).to.equal('abc a');
  });
});
