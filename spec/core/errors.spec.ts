// Promises of lib/core/errors.ts.

import { expect } from 'chai';
import {
  ERRORS,
  type ErrorCode,
  exitCodeOf,
  messageOf,
  SluiceError,
} from '../../lib/core/errors.ts';

describe('ERRORS', () => {
  // The exit codes: 1 internal, 2 usage, 3 configuration, 4 cluster. Written out a second
  // time on purpose: scripts rely on these numbers.
  const exits: Readonly<Record<ErrorCode, number>> = {
    internal: 1,
    'address-unusable': 1,
    'output-unusable': 1,
    'gateway-unusable': 1,
    'store-unusable': 1,
    'store-unavailable': 1,
    usage: 2,
    'input-unusable': 2,
    'configuration-refused': 3,
    'kubeconfig-unusable': 4,
    'cluster-refused': 4,
  };

  it('has exactly the codes that scripts rely on', () => {
    expect(Object.keys(ERRORS)).to.have.members(Object.keys(exits));
  });

  for (const [code, exit] of Object.entries(exits)) {
    it(`ends with ${exit} for ${code}`, () => {
      const entry = Object.entries(ERRORS).find(([name]) => name === code)?.[1];
      expect(entry?.exitCode).to.equal(exit);
      expect(entry?.meaning).to.match(/\w+ \w+/);
      expect(entry?.nextStep).to.match(/\w+ \w+/);
    });
  }
});

describe('SluiceError', () => {
  it('has its code, message, cause and details', () => {
    const cause = new Error('EADDRINUSE');
    const details = { port: 8080 };
    const error = new SluiceError('address-unusable', 'listen on :8080: in use', {
      cause,
      details,
    });
    expect(error).to.be.instanceOf(Error);
    expect(error).to.include({ name: 'SluiceError', code: 'address-unusable', cause });
    expect(error.message).to.equal('listen on :8080: in use');
    expect(error.details).to.equal(details);
  });

  it('has no cause and no details if none are given', () => {
    const error = new SluiceError('usage', 'x');
    expect('cause' in error).to.equal(false);
    expect(error.details).to.deep.equal({});
  });
});

describe('exitCodeOf', () => {
  it('treats every other error as a bug', () => {
    expect(exitCodeOf(new SluiceError('configuration-refused', 'x'))).to.equal(3);
    expect([new Error('x'), 'text', undefined].map(exitCodeOf)).to.deep.equal([1, 1, 1]);
  });
});

describe('messageOf', () => {
  it('returns a text for any thrown value', () => {
    expect([new Error('words'), 'words', 17].map(messageOf)).to.deep.equal([
      'words',
      'words',
      '17',
    ]);
  });
});
