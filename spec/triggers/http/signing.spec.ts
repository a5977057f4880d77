// Signatures, verified with the official package of Standard Webhooks, and the form of signing secrets.

import { expect } from 'chai';
import { Webhook } from 'standardwebhooks';
import { systemClock } from '../../../lib/kit/system.ts';
import { parseSigningKeys } from '../../../lib/triggers/http/request-credentials.ts';
import { signatureHeaders } from '../../../lib/triggers/http/sender.ts';

const secretOf = (bytes: number, fill = 7): string =>
  `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`;

describe('a signature', () => {
  // The example in the libraries of the specification.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const body = Buffer.from('{"test": 2432232314}');
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const now = 1_614_265_330_999;

  it('equals the example of the specification, with the time in seconds', () => {
    const keys = parseSigningKeys(secret);
    expect(keys && signatureHeaders({ id, now, body }, keys)).to.deep.equal([
      ['webhook-timestamp', '1614265330'],
      ['webhook-signature', 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    ]);
  });

  it('is accepted by the official package for each secret during a rotation', () => {
    const secrets = [secretOf(32, 1), secretOf(24, 2), secretOf(64, 3)];
    const keys = parseSigningKeys(secrets.join('\n'));
    const bytes = Buffer.from('{"é":"\\ud800"}');
    const signed = keys && signatureHeaders({ id, now: systemClock.now(), body: bytes }, keys);
    const headers = { 'webhook-id': id, ...Object.fromEntries(signed ?? []) };
    for (const each of secrets) {
      expect(new Webhook(each).verify(bytes.toString(), headers)).to.have.property('é');
    }
    expect(() => new Webhook(secretOf(32, 4)).verify(bytes.toString(), headers)).to.throw();
    expect(() => new Webhook(secretOf(32, 1)).verify('{}', headers)).to.throw();
  });

  it('begins with that of the first secret', () => {
    const both = parseSigningKeys(`${secretOf(32, 1)} ${secretOf(32, 2)}`);
    const first = parseSigningKeys(secretOf(32, 1));
    const valueOf = (keys: typeof both): string =>
      Object.fromEntries(keys ? signatureHeaders({ id, now, body }, keys) : [])[
        'webhook-signature'
      ] ?? '';
    expect(valueOf(both).split(' ')[0]).to.equal(valueOf(first));
  });
});

describe('a signing secret', () => {
  const cases = [
    { what: '24 bytes', text: secretOf(24), keys: 1 },
    { what: '64 bytes', text: secretOf(64), keys: 1 },
    { what: 'no padding', text: secretOf(32).replace(/=+$/, ''), keys: 1 },
    { what: 'two on two lines', text: `${secretOf(32)}\r\n${secretOf(33)}`, keys: 2 },
    { what: '23 bytes', text: secretOf(23), keys: undefined },
    { what: '65 bytes', text: secretOf(65), keys: undefined },
    { what: 'no prefix', text: secretOf(32).slice(6), keys: undefined },
    {
      what: 'the prefix of a public key',
      text: secretOf(32).replace('whsec_', 'whpk_'),
      keys: undefined,
    },
    { what: 'something that is not base64', text: 'whsec_!!!!', keys: undefined },
    { what: 'base64 for URLs', text: `whsec_${'-_'.repeat(20)}`, keys: undefined },
    { what: 'base64 with stray bits', text: `${secretOf(32).slice(0, -2)}/=`, keys: undefined },
    { what: 'a good one and a bad one', text: `${secretOf(32)} x`, keys: undefined },
    { what: 'nine', text: Array(9).fill(secretOf(32)).join(' '), keys: undefined },
    { what: 'nothing', text: '', keys: undefined },
  ];
  for (const { what, text, keys } of cases) {
    it(`${keys === undefined ? 'is invalid' : `gives ${keys} keys`}: ${what}`, () => {
      expect(parseSigningKeys(text)?.length).to.equal(keys);
    });
  }
});
