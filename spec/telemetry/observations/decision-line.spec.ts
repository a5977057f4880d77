// The line of a decision, word by word, in text and in JSON.

import { expect } from 'chai';
import fc from 'fast-check';
import type { TrailEntry } from '../../../lib/core/decision.ts';
import type { DecisionObserved } from '../../../lib/core/observation.ts';
import type { LoggingOptions } from '../../../lib/telemetry/logging.ts';
import { anyText } from '../../support/any-text.ts';
import {
  aDecision,
  anAcceptance,
  anOccurrence,
  aRejection,
  disposedAs,
} from '../../support/builders.ts';
import { AT, heard, ID, occurrenceOf } from '../support.ts';

const MESSAGE = '"Back-off restarting failed container web in pod web-1"';
const EVENT = `Warning Pod shop/web-1 BackOff ×3 kubelet`;
const NEAR: TrailEntry = { index: 3, name: 'disk', field: 'kind', wanted: 'Node', found: 'Pod' };

async function line(
  observed: DecisionObserved,
  options: Partial<LoggingOptions> = {},
): Promise<string> {
  const { telemetry, lines } = heard({ level: 'debug', ...options });
  telemetry.observe(observed);
  return (await lines()).join('\n');
}

describe('the line of a decision', () => {
  const unnamed = aDecision({ rule: { index: 4, name: null, identity: '' } });
  const table: readonly [string, DecisionObserved, string][] = [
    ['a start', anAcceptance(), `accept queued ${EVENT} crash-loop ${ID} ${MESSAGE}`],
    ['a default rejection', aRejection(), `reject - ${EVENT} - - ${MESSAGE}`],
    [
      'a rejection by a rule',
      aRejection({ decision: aDecision({ action: 'reject', triggers: [] }) }),
      `reject - ${EVENT} crash-loop - ${MESSAGE}`,
    ],
    [
      'a rule without a name',
      anAcceptance({ decision: unnamed }),
      `accept queued ${EVENT} #4 ${ID} ${MESSAGE}`,
    ],
    [
      'several triggers, in the order of the rule',
      anAcceptance({
        disposed: [
          { ...disposedAs('repeat'), trigger: 'gitlab' },
          { ...disposedAs('held', 'limits.total is used up'), trigger: 'jenkins' },
          { ...disposedAs('queued'), trigger: 'chat' },
        ],
      }),
      `accept gitlab:repeat,jenkins:held,chat:queued ${EVENT} crash-loop ${ID},${ID},${ID} ${MESSAGE} (jenkins:held: limits.total is used up)`,
    ],
    [
      'a guard that acted',
      anAcceptance({
        disposed: [disposedAs('loop', 'namespace shop, where build creates objects')],
      }),
      `accept loop ${EVENT} crash-loop - ${MESSAGE} (loop: namespace shop, where build creates objects)`,
    ],
    [
      'an Event with nothing in it',
      aRejection({ occurrence: anOccurrence({ event: {} }) }),
      'reject - - - -/- - ×1 - - - ""',
    ],
    [
      'an object without a namespace',
      aRejection({ occurrence: occurrenceOf({ involvedObject: { kind: 'Node', name: 'n1' } }) }),
      `reject - Warning Node -/n1 BackOff ×3 kubelet - - ${MESSAGE}`,
    ],
    [
      'blanks and quotes where words stand',
      aRejection({ occurrence: occurrenceOf({ reason: 'a b', message: 'say "x" +9 states' }) }),
      'reject - Warning Pod shop/web-1 "a b" ×3 kubelet - - "say \\"x\\" +9 states"',
    ],
    [
      'a word that would forge the next ones as one word',
      aRejection({
        occurrence: occurrenceOf({
          involvedObject: {
            kind: 'Pod\\" shop/other Forged ×1',
            namespace: 'shop/other',
            name: 'web-1',
          },
        }),
      }),
      `reject - Warning "Pod\\\\\\" shop/other Forged ×1" "shop/other"/web-1 BackOff ×3 kubelet - - ${MESSAGE}`,
    ],
    [
      'a line feed other than the letters of its escape',
      aRejection({ occurrence: occurrenceOf({ type: 'a\nb', reason: 'a\\nb', message: 'a\\nb' }) }),
      'reject - "a\\nb" Pod shop/web-1 "a\\\\nb" ×3 kubelet - - "a\\\\nb"',
    ],
    [
      'a dash other than nothing',
      aRejection({ occurrence: occurrenceOf({ type: '-', reason: '' }) }),
      `reject - "-" Pod shop/web-1 - ×3 kubelet - - ${MESSAGE}`,
    ],
  ];
  for (const [what, observed, text] of table) {
    it(`shows ${what}`, async () => {
      expect(await line(observed)).to.equal(`${AT} ${text}`);
    });
  }

  it('names the nearest rule of a default rejection and its first failing condition', async () => {
    const { telemetry, lines } = heard({}, { nearest: (trail) => trail[0] ?? null });
    telemetry.observe(aRejection({ explain: () => [NEAR] }));
    expect(await lines()).to.deep.equal([
      `${AT} reject - ${EVENT} - - ${MESSAGE} (nearest disk: kind is "Pod", wanted "Node")`,
    ]);
  });

  it('names the block of `not` that matched', async () => {
    const near = { ...NEAR, field: 'not', wanted: { type: 'W*' }, found: { type: 'Warning' } };
    const { telemetry, lines } = heard({}, { nearest: () => near });
    telemetry.observe(aRejection());
    expect((await lines())[0]).to.match(
      /\(nearest disk: not {"type":"W\*"} matched {"type":"Warning"}\)$/,
    );
  });

  it('computes no trail if none is printed', async () => {
    const explain = (): never => {
      throw new Error('asked');
    };
    for (const observed of [anAcceptance({ explain }), aRejection({ explain })]) {
      const { telemetry, lines, errors } = heard({ level: 'error' }, { nearest: () => null });
      telemetry.observe(observed);
      expect(await lines()).to.deep.equal([]);
      expect(await errors()).to.deep.equal([]);
    }
  });

  it('cuts the message to 160 characters', async () => {
    const text = await line(
      aRejection({ occurrence: occurrenceOf({ message: 'm'.repeat(10_000) }) }),
    );
    expect(/"(m*…)"$/.exec(text)?.[1]).to.have.length(160);
  });

  it('bounds a line for an Event with long fields', async () => {
    const long = 'x'.repeat(100_000);
    const occurrence = occurrenceOf({ reason: long, type: long, message: long });
    expect(await line(aRejection({ occurrence }))).to.have.length.below(4200);
    expect(await line(aRejection({ occurrence }), { format: 'json' })).to.have.length.below(4200);
  });

  it('adds the whole Event if logging.event is full', async () => {
    const text = await line(anAcceptance(), { event: 'full' });
    const [first, ...rest] = text.split('\n');
    expect(first).to.equal(`${AT} accept queued ${EVENT} crash-loop ${ID} ${MESSAGE}`);
    expect(JSON.parse(rest.join('\n'))).to.deep.equal(anOccurrence().event);
    expect(rest[1]).to.equal('  "apiVersion": "v1",');
  });

  it('colours the action on a terminal and nothing else', async () => {
    const { telemetry, lines } = heard({}, { terminal: true });
    telemetry.observe(anAcceptance());
    telemetry.observe(aRejection());
    expect(await lines()).to.deep.equal([
      `${AT} \u001b[32maccept\u001b[0m queued ${EVENT} crash-loop ${ID} ${MESSAGE}`,
      `${AT} \u001b[2mreject\u001b[0m - ${EVENT} - - ${MESSAGE}`,
    ]);
  });

  describe('as JSON', () => {
    it('has the same values as fields', async () => {
      const near = heard({ format: 'json' }, { nearest: () => NEAR });
      near.telemetry.observe(aRejection());
      near.telemetry.observe(anAcceptance());
      const [rejection, acceptance] = (await near.lines()).map((text): unknown => JSON.parse(text));
      expect(acceptance).to.deep.equal({
        time: AT,
        level: 'info',
        kind: 'decision',
        action: 'accept',
        rule: 'crash-loop',
        dispositions: [{ trigger: 'build', disposition: 'queued', id: ID, why: '' }],
        type: 'Warning',
        object: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
        reason: 'BackOff',
        count: 3,
        reporter: 'kubelet',
        message: 'Back-off restarting failed container web in pod web-1',
        event: 'shop/web-1.17f1e2d3c4b5a697',
        happenedAt: '2026-01-31T11:59:30.000000Z',
        source: 'shop',
      });
      expect(rejection).to.deep.include({
        rule: null,
        dispositions: [],
        nearest: { rule: 'disk', field: 'kind', wanted: 'Node', found: 'Pod' },
      });
    });

    it('is one line that includes the whole Event if logging.event is full', async () => {
      const text = await line(anAcceptance(), { format: 'json', event: 'full' });
      const parsed = JSON.parse(text) as { readonly fullEvent: unknown; readonly object: unknown };
      expect(parsed.fullEvent).to.deep.equal(anOccurrence().event);
      expect(parsed.object).to.deep.equal({ kind: 'Pod', namespace: 'shop', name: 'web-1' });
      expect(text).not.to.contain('\n');
    });
  });

  describe('of a hostile Event', () => {
    const hostile = '\u001b[2J\u0000\n\r\u2028\u202e\u009b31m\ud800x\udb40\udc41';
    const fields = {
      metadata: { namespace: hostile, name: hostile },
      involvedObject: { kind: hostile, namespace: hostile, name: hostile },
      reason: hostile,
      type: hostile,
      message: hostile,
      source: { component: hostile },
    };
    const formats = [
      ['text', 'line'],
      ['text', 'full'],
      ['json', 'line'],
      ['json', 'full'],
      ['brigade', 'line'],
    ] as const;
    for (const [format, event] of formats) {
      it(`has no control character in ${format}, ${event}`, async () => {
        const parts = { originalTrace: () => [`rule 0: ${hostile}`] };
        const { telemetry, lines, errors } = heard({ format, event }, parts);
        telemetry.observe(aRejection({ occurrence: anOccurrence({ event: fields }) }));
        const text = [...(await lines()), ...(await errors())].join('');
        expect(text).to.have.length.above(50);
        expect(text).not.to.match(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      });
    }

    it('is one line with the same number of words for any Event', async () => {
      const text = anyText({ maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(text, text, text, async (reason, type, message) => {
          const told = await line(
            aRejection({ occurrence: occurrenceOf({ reason, type, message }) }),
          );
          const word = '(?:-|[^\\s"\\\\]+|"(?:[^"\\\\]|\\\\.)*")';
          expect(told).to.match(
            new RegExp(
              `^\\S+ reject - ${word} Pod shop/web-1 ${word} ×3 kubelet - - "(?:[^"\\\\]|\\\\.)*"$`,
              'u',
            ),
          );
        }),
        { numRuns: 100 },
      );
    });
  });
});
