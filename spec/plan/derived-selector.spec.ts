// `select: derived`: the selector that check shows, and the one that a run uses.

import { expect } from 'chai';
import type { Plan } from '../../lib/plan/plan.ts';
import { selectingSources } from '../../lib/plan/plan-sources.ts';
import { connectedWorld } from '../support/connected-world.ts';
import { Reading } from '../support/reading.ts';
import { until } from '../support/until.ts';
import { load, plan, TRIGGERS } from './plans.ts';

function text(
  section: string,
  logging = 'accepted',
  filters = '[{ type: Warning, action: accept }]',
): string {
  return `sources: { shop: { events: { ${section} } } }\nfilters: ${filters}\nlogging: { decisions: ${logging} }\n${TRIGGERS}`;
}

function found(written: string): readonly (readonly [string, string, string])[] {
  return load(written)
    .problems.filter(({ code }) => code === 'selector-derived')
    .map(({ severity, path, message }) => [severity, path, message] as const);
}

const AT = '/sources/shop/events/select';

describe('check of a derived selector', () => {
  it('shows it at its place, with the selector of the section', () => {
    const [note] = found(text("select: derived, fieldSelector: 'reason!=Pulled'"));
    expect(note?.slice(0, 2)).to.deep.equal(['info', AT]);
    expect(note?.[2]).to.include('"reason!=Pulled,type=Warning"');
  });

  it('says that nothing follows from the rules', () => {
    const [note] = found(text('select: derived', 'none', '[{ action: accept }]'));
    expect(note?.[2]).to.include('every Event');
  });

  for (const logging of ['changes', 'all']) {
    it(`warns that it has no effect with logging.decisions ${logging}`, () => {
      const [warning] = found(text('select: derived', logging));
      expect(warning?.slice(0, 2)).to.deep.equal(['warning', AT]);
      expect(warning?.[2]).to.include(logging);
    });
  }

  it('says nothing without it, and nothing about rules that are refused', () => {
    expect(found(text('firstStart: all'))).to.deep.equal([]);
    expect(found(text('select: all'))).to.deep.equal([]);
    expect(
      found(text('select: derived', 'none', "[{ kind: '/(/', action: accept }]")),
    ).to.deep.equal([]);
  });
});

/** The selector that the sources of a plan send. */
async function sentBy(made: Plan): Promise<string | null> {
  await using connected = await connectedWorld();
  const { world, clock, observed, api } = connected;
  const [source] = selectingSources(made).map((one) =>
    one.create({ api, clock, random: () => 0, observe: observed.observe }),
  );
  if (source === undefined) throw new Error('no source');
  await using reading = new Reading((signal) => source.batches(new Map(), signal));
  await until(() => world.openWatches === 1, 'the watch');
  reading.throwError();
  const selectors = new Set(world.server.log.map(({ query }) => query.get('fieldSelector')));
  expect(selectors.size).to.equal(1);
  return [...selectors][0] ?? null;
}

describe('a run with a derived selector', () => {
  for (const [what, section, logging, expected] of [
    ['sends it', 'select: derived', 'accepted', 'type=Warning'],
    [
      'sends it beside the selector of the section',
      "select: derived, fieldSelector: 'reason!=x'",
      'none',
      'reason!=x,type=Warning',
    ],
    [
      'sends only the selector of the section if the log shows rejections',
      "select: derived, fieldSelector: 'reason!=x'",
      'changes',
      'reason!=x',
    ],
    ['sends none if it is not asked for', 'firstStart: skip', 'none', null],
  ] as const) {
    it(what, async () => {
      expect(await sentBy(plan(text(section, logging)))).to.equal(expected);
    });
  }

  it('follows the log that a flag chose', async () => {
    const made = plan(text('select: derived', 'accepted'));
    const shown = { ...made, logging: { ...made.logging, decisions: 'all' as const } };
    expect(await sentBy(shown)).to.equal(null);
    const hidden = plan(text('select: derived', 'all'));
    const none = { ...hidden, logging: { ...hidden.logging, decisions: 'none' as const } };
    expect(await sentBy(none)).to.equal('type=Warning');
  });
});
