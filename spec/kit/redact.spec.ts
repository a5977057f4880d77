// Promises of lib/kit/redact.ts.
import { expect } from 'chai';
import fc from 'fast-check';
import { REDACTED, redact, redactHeaders } from '../../lib/kit/redact.ts';

const secret = 'p@ss/word+é';

describe('redact', () => {
  const spellings = [
    ['plain', secret],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64url', Buffer.from(secret).toString('base64url')],
    ['percent-encoded', encodeURIComponent(secret)],
  ] as const;
  for (const [how, spelling] of spellings) {
    it(`hides a secret that stands there ${how}`, () => {
      expect(redact(`a ${spelling} b ${spelling}`, [secret])).to.equal(
        `a ${REDACTED} b ${REDACTED}`,
      );
    });
  }

  it('hides a secret whole where another is a part of it', () => {
    expect(redact('abcdef', ['abc', 'abcdef'])).to.equal(REDACTED);
  });

  it('takes an empty secret for none', () => {
    expect(redact('text', [''])).to.equal('text');
  });

  it('leaves no secret in any text', () => {
    const secrets = fc.string({ minLength: 3 }).filter((text) => !REDACTED.includes(text));
    fc.assert(
      fc.property(fc.string(), secrets, fc.string(), (before, hidden, after) => {
        const shown = redact(`${before}${hidden}${after}`, [hidden]).replaceAll(REDACTED, '\u0000');
        expect(shown).to.not.contain(hidden);
      }),
    );
  });
});

describe('redactHeaders', () => {
  const hidden = [
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'set-cookie',
    'x-api-key',
    'X-Gitlab-Token',
    'webhook-signature',
  ];
  for (const name of hidden) {
    it(`hides ${name}`, () => {
      expect(redactHeaders({ [name]: 'v' })).to.deep.equal({ [name]: REDACTED });
    });
  }

  it('shows what carries no credentials', () => {
    const headers = { 'content-type': 'application/json', 'webhook-id': '01', host: 'x' };
    expect(redactHeaders(headers)).to.deep.equal(headers);
  });
});
