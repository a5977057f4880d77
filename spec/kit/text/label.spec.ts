// Promises of lib/kit/text/label.ts.

import { expect } from 'chai';
import fc from 'fast-check';
import { toDnsLabel, toLabelValue, toMarkedLabelValue } from '../../../lib/kit/text/label.ts';

describe('toLabelValue', () => {
  const cases = [
    ['BackOff', 'BackOff'],
    ['spec.containers{web}', 'spec.containers-web'],
    ['../etc/passwd', 'etc-passwd'],
    ['\u001b[31m', '31m'],
    ['日本', ''],
    ['', ''],
    [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
  ] as const;
  for (const [text, label] of cases) {
    it(`makes ${JSON.stringify(label)} of ${JSON.stringify(text)}`, () => {
      expect(toLabelValue(text)).to.equal(label);
    });
  }

  it('is valid for any text, and leaves a valid value as it is', () => {
    const valid = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
    fc.assert(fc.property(fc.string(), (text) => valid.test(toLabelValue(text))));
    fc.assert(fc.property(fc.stringMatching(valid), (text) => toLabelValue(text) === text));
  });
});

describe('toMarkedLabelValue', () => {
  const cases = [
    ['BackOff', 'BackOff'],
    ['a'.repeat(63), 'a'.repeat(63)],
    ['a'.repeat(64), `${'a'.repeat(50)}.truncated-14`],
    [`${'a'.repeat(40)}${'-'.repeat(60)}b`, `${'a'.repeat(40)}.truncated-61`],
  ] as const;
  for (const [text, label] of cases) {
    it(`makes ${label} of ${text}`, () => {
      expect(toMarkedLabelValue(text)).to.equal(label);
    });
  }

  it('is valid for any text, and toLabelValue’s unless it is cut', () => {
    const valid = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
    const text = fc.string({ unit: fc.constantFrom('a', '-', '.', 'é'), maxLength: 200 });
    fc.assert(fc.property(text, (any) => valid.test(toMarkedLabelValue(any))));
    const short = fc.string({ maxLength: 63 });
    fc.assert(fc.property(short, (any) => toMarkedLabelValue(any) === toLabelValue(any)));
  });
});

describe('toDnsLabel', () => {
  const cases = [
    ['diagnose', 20, 'diagnose'],
    ['My_Trigger.v2', 20, 'my-trigger-v2'],
    ['a-very-long-trigger-name', 20, 'a-very-long-trigger'],
    ['___', 20, ''],
  ] as const;
  for (const [text, max, label] of cases) {
    it(`makes ${JSON.stringify(label)} of ${text}`, () => {
      expect(toDnsLabel(text, max)).to.equal(label);
    });
  }

  it('is a valid DNS label or empty, and never longer than allowed', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 63 }), (text, max) => {
        expect(toDnsLabel(text, max)).to.match(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)?$/);
        expect(toDnsLabel(text, max).length).to.be.at.most(max);
      }),
    );
  });
});
