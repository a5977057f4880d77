// The schema of `filters` in the original's form. Values are as lenient as in its own code: keys in any
// letter case, null for absent, any action. A key that its code would have ignored is refused, because
// a misspelled condition makes a rule match more.
// Source: lib/filters/brigade-rules.ts (originalKey); Go's encoding/json.

import type { JsonSchema } from '../../lib/core/ports/kind.ts';

const TEXT: JsonSchema = { type: ['string', 'null'] };

const KEYS: Readonly<Record<string, JsonSchema>> = {
  namespace: { ...TEXT, description: 'The namespace of the involved object.' },
  kind: { ...TEXT, description: 'The kind of the involved object.' },
  reasons: {
    type: ['array', 'null'],
    items: TEXT,
    description: 'Reasons of the Event, of which one must be equal.',
  },
  action: { ...TEXT, description: '`accept`; anything else rejects.' },
};

/** The schema of the value `filters`. */
export function originalFilters(): JsonSchema {
  const rule = {
    type: ['object', 'null'],
    additionalProperties: false,
    properties: KEYS,
    patternProperties: Object.fromEntries(
      Object.entries(KEYS).map(([key, schema]) => [anyCase(key), schema]),
    ),
  };
  return {
    type: ['array', 'null'],
    default: [],
    description:
      'Ordered rules of the original; the first that matches decides, and no match rejects. `namespace` and `kind` are those of the involved object; absent means any. Only Events of the release’s own namespace are read; to read others, use `config`.',
    items: rule,
    examples: [
      [
        { namespace: 'kube-system', action: 'reject' },
        { kind: 'Pod', reasons: ['Killing'], action: 'reject' },
        { kind: 'Pod', namespace: 'pequod', action: 'accept' },
      ],
    ],
  };
}

// Two letters outside of ASCII fold to s and k in Go's decoder.
const FOLDED: Readonly<Record<string, string>> = { s: '\u017f', k: '\u212a' };

function anyCase(key: string): string {
  const letters = Array.from(
    key,
    (letter) => `[${letter}${letter.toUpperCase()}${FOLDED[letter] ?? ''}]`,
  );
  return `^${letters.join('')}$`;
}
