// Events from whatever a person hands over.
import { expect } from 'chai';
import { SluiceError } from '../../lib/core/errors.ts';
import { stringAt } from '../../lib/core/event.ts';
import { parseEvents } from '../../lib/playback/parse-events.ts';
import { renderEntry } from '../../lib/playback/recording.ts';
import { anEvent } from '../support/builders.ts';

const first = anEvent({ reason: 'First' });
const second = anEvent({ reason: 'Second' });
const json = (value: unknown): string => JSON.stringify(value);

function documents(text: string): readonly unknown[] {
  if (text.includes('!!')) throw new Error('unknown tag');
  return text.split('---').map((part) => ({ reason: part.trim() }));
}

function reasons(text: string): readonly string[] {
  return parseEvents(text, 'stdin', documents).map((event) => stringAt(event, 'reason'));
}

describe('parseEvents', () => {
  const inputs: readonly [string, string, readonly string[]][] = [
    ['one Event', json(first), ['First']],
    ['an Event without kind', json({ reason: 'Bare' }), ['Bare']],
    ['a pretty-printed Event', JSON.stringify(first, null, 2), ['First']],
    ['JSON lines', `${json(first)}\n\n${json(second)}\n`, ['First', 'Second']],
    ['a List', json({ kind: 'List', items: [first, second] }), ['First', 'Second']],
    ['an EventList', json({ kind: 'EventList', items: [first] }), ['First']],
    ['a list without kind', json({ items: [first] }), ['First']],
    ['a JSON array', json([first, second]), ['First', 'Second']],
    ['an empty List', json({ kind: 'List', items: [] }), []],
    ['nothing', ' \n', []],
    ['documents in YAML', 'One\n---\nTwo', ['One', 'Two']],
    [
      'a recording, without what was deleted',
      [
        renderEntry({ at: 1, type: 'ADDED', object: first }),
        renderEntry({ at: 2, type: 'MODIFIED', object: second }),
        renderEntry({ at: 3, type: 'DELETED', object: second }),
      ].join(''),
      ['First', 'Second'],
    ],
  ];
  for (const [what, text, found] of inputs) {
    it(`reads ${what}`, () => {
      expect(reasons(text)).to.deep.equal(found);
    });
  }

  const bad: readonly [string, string, string][] = [
    ['a broken line', `${json(first)}\n{"kind":`, 'stdin, line 2: no JSON'],
    [
      'another kind',
      json({ kind: 'Pod' }),
      'stdin, the document: found kind "Pod" (expected Event)',
    ],
    [
      'a Pod in a List',
      json({ kind: 'List', items: [first, { kind: 'Pod' }] }),
      'item 2: found kind',
    ],
    ['a number in a List', json({ kind: 'List', items: [7] }), 'item 1: no object'],
    ['neither JSON nor YAML', '!!what', 'stdin: neither JSON nor YAML: unknown tag'],
  ];
  for (const [what, text, said] of bad) {
    it(`refuses ${what} and says where`, () => {
      expect(() => reasons(text))
        .to.throw(SluiceError)
        .that.has.property('code', 'input-unusable');
      expect(() => reasons(text)).to.throw(said);
    });
  }
});
