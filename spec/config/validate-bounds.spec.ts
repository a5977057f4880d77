// What holds of every validation: bounds, no control characters, and a bug is said to be one.

import { expect } from 'chai';
import { createValidator } from '../../lib/config/validate.ts';
import type { JsonSchema } from '../../lib/core/ports/kind.ts';

const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});
const text: JsonSchema = { type: 'string' };

describe('a validation', () => {
  it('reports a bounded number of findings for a file in which everything is wrong', () => {
    const validate = createValidator({ type: 'array', items: { anyOf: [text, object({})] } });
    const findings = validate(Array.from({ length: 20_000 }, () => 5));
    expect(findings.length).to.be.within(1, 1000);
  });

  it('escapes control characters of the configuration', () => {
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
