// What holds of every validation: bounds, no control characters, and a bug is said to be one.

import { expect } from 'chai';
import { createValidator } from '../../lib/config/validate.ts';
import type { JsonSchema } from '../../lib/core/kind.ts';

const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});
const text: JsonSchema = { type: 'string' };

describe('a validation', () => {
  it('bounds what it says about a file in which everything is wrong', () => {
    const validate = createValidator({ type: 'array', items: { anyOf: [text, object({})] } });
    const findings = validate(Array.from({ length: 20_000 }, () => 5));
    expect(findings.length).to.be.within(1, 1000);
  });

  it('never lets a control character of the configuration through', () => {
    const validate = createValidator(object({ a: { enum: ['x'] } }));
    const [first, second] = validate({ a: '\u001b[31m', '\u001b[2J': 1 });
    expect(`${first?.message ?? ''}${second?.message ?? ''}`)
      .to.match(/\\u001b/)
      .and.not.match(/\u001b/);
  });

  it('throws for a schema that is wrong, which is a bug', () => {
    expect(() => createValidator({ type: 'txet' })).to.throw(/txet|type/);
  });
});
