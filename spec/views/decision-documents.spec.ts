// The decisions over real sockets: selection, form, and limits for a hostile Event.

import { expect } from 'chai';
import { type Answered, ApiBench, benchPerSpec, itemsOf } from '../api/api-bench.ts';
import { aDelivery, anEvent } from '../support/builders.ts';

describe('GET /api/v1/decisions tells decisions', () => {
  let bench: ApiBench;
  benchPerSpec((made) => void (bench = made));

  const ask = (path: string): Promise<Answered> => bench.ask({ path: `/api/v1/${path}` });
  const numbers = async (query: string): Promise<readonly unknown[]> =>
    itemsOf(await ask(`decisions${query}`)).map(({ sequence }) => sequence);

  it('newest first, page by page', async () => {
    const [a, b, c] = [bench.decide(), bench.decide(), bench.decide()];
    expect(await numbers('')).to.deep.equal([c, b, a]);
    const page = await ask('decisions?limit=2');
    expect(page.json).to.include({ next: b });
    const last = await ask(`decisions?limit=2&after=${String(b)}`);
    expect(itemsOf(last).map(({ sequence }) => sequence)).to.deep.equal([a]);
    expect(last.json).to.include({ next: null });
  });

  it('by action, rule, namespace and kind', async () => {
    const accepted = bench.decide();
    const node = bench.decide({ involvedObject: { kind: 'Node', name: 'n' } });
    const unnamed = bench.decide({ reason: 'Scheduled' });
    const noise = bench.decide({
      involvedObject: { kind: 'Pod', namespace: 'kube-system', name: 'dns' },
    });
    const rows: readonly (readonly [string, readonly number[]])[] = [
      ['?action=accept', [accepted]],
      ['?action=reject', [noise, unnamed, node]],
      ['?rule=crash-loop', [accepted]],
      ['?rule=%232', [accepted]],
      ['?rule=%231', [unnamed]],
      ['?rule=default', [node]],
      ['?rule=other', []],
      ['?namespace=kube-system', [noise]],
      ['?namespace=', [node]],
      ['?kind=Node', [node]],
      ['?kind=Pod&action=reject', [noise, unnamed]],
    ];
    for (const [query, expected] of rows)
      expect(await numbers(query), query).to.deep.equal(expected);
  });

  it('with what became of them', async () => {
    const disposed = {
      trigger: 'build',
      disposition: 'held',
      id: 'x',
      why: 'limit total',
    } as const;
    const sequence = bench.decide({}, [disposed]);
    expect(itemsOf(await ask('decisions'))[0]).to.deep.equal({
      sequence,
      time: '2026-01-31T12:00:00.000Z',
      event: {
        namespace: 'shop',
        name: 'web-1.17f1e2d3c4b5a697',
        uid: '6f3c1a52-0d4e-4c1b-9b55-3a1f0e9d8c7b',
      },
      involved: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
      source: 'shop',
      reason: 'BackOff',
      type: 'Warning',
      count: 3,
      action: 'accept',
      rule: { index: 2, name: 'crash-loop' },
      dispositions: [disposed],
    });
  });

  it('with the trail on request, and one by one with the complete Event', async () => {
    const sequence = bench.decide();
    const trail = [
      { index: 0, name: 'noise', field: 'namespace', wanted: 'kube-*', found: 'shop' },
      { index: 1, name: null, field: 'reasons', wanted: ['Scheduled'], found: 'BackOff' },
    ];
    expect(itemsOf(await ask('decisions?trail=true'))[0]).to.deep.include({ trail });
    const { json } = await ask(`decisions/${String(sequence)}`);
    expect(json).to.deep.include({ sequence, trail, object: anEvent() });
  });

  it('between moves of deliveries, which have numbers of their own', async () => {
    const sequence = bench.decide();
    const moved = {
      kind: 'delivery-moved',
      from: 'running',
      to: 'delivered',
      dead: null,
    } as const;
    bench.observe({ ...moved, delivery: aDelivery(), why: '' });
    expect(await numbers('')).to.deep.equal([sequence]);
    expect((await ask(`decisions/${String(sequence + 1)}`)).status).to.equal(404);
  });

  it('of an Event that is hostile as text that reaches no terminal, and cut', async () => {
    const reason = '\u001b[2J\u009b31m\u202e\r\ndata: x\u2028';
    const sequence = bench.decide({ reason, message: 'm'.repeat(5000), type: 't'.repeat(5000) });
    const { text, json } = await ask('decisions?trail=true');
    expect(text).to.match(/^[\x20-\x7e…]*\n$/);
    expect(json).to.have.nested.property('items[0].reason', reason);
    expect(json).to.have.nested.property('items[0].type').with.length(1024);
    const whole = await ask(`decisions/${String(sequence)}`);
    expect(whole.json).to.have.nested.property('object.message').with.length(5000);
  });

  it('with trails in pages that stay bounded, whatever the Events are', async () => {
    const rules = Array.from({ length: 300 }, () => '- { message: "*z*", action: reject }').join(
      '\n',
    );
    const config = `version: 1\nfilters:\n${rules}`;
    await using large = await ApiBench.open({ config });
    for (let index = 0; index < 60; index += 1) large.decide({ message: 'm'.repeat(5000) });
    const lengths: number[] = [];
    let after: number | null = large.watch.recent.next;
    while (after !== null) {
      const path = `/api/v1/decisions?trail=true&limit=60&after=${after}`;
      const page = await large.askRaw({ path });
      lengths.push(itemsOf(page).length);
      expect(page.text.length).to.be.lessThan(12 * 1024 * 1024);
      after = (page.json as { next: number | null }).next;
    }
    expect(lengths.reduce((sum, length) => sum + length)).to.equal(60);
    expect(lengths.length).to.be.greaterThan(1);
  });
});
