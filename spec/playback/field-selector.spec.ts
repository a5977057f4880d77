// LIST and WATCH with a field selector, as an API server answers them.

import { expect } from 'chai';
import { jsonAt, stringAt } from '../../lib/core/json-object.ts';
import type { ChangeType, RecordingEntry } from '../../lib/playback/recording.ts';
import { anEvent } from '../support/builders.ts';
import { ask, EVENTS, keysOf, SHOP, servedPerSpec, watch } from './support.ts';

function entry(name: string, type: string, change: ChangeType = 'ADDED'): RecordingEntry {
  return { at: 0, type: change, object: anEvent({ metadata: { name, namespace: 'shop' }, type }) };
}

const WARNING = 'fieldSelector=type%3DWarning';

describe('playback with a field selector', () => {
  const served = servedPerSpec();

  it('lists what it selects', async () => {
    const one = await served([entry('a', 'Warning'), entry('b', 'Normal'), entry('c', 'Warning')]);
    await one.done;
    for (const [selector, expected] of [
      ['type=Warning', ['shop/a', 'shop/c']],
      ['type!=Warning', ['shop/b']],
      ['type==Warning,metadata.name!=a', ['shop/c']],
      ['metadata.namespace=pay', []],
      ['source=kubelet,type=Normal', ['shop/b']],
      ['', ['shop/a', 'shop/b', 'shop/c']],
    ] as const) {
      const { body } = await ask(one, `${EVENTS}?fieldSelector=${encodeURIComponent(selector)}`);
      expect(keysOf(body), selector).to.deep.equal(expected);
    }
  });

  it('fills pages with what it selects, and does not say how many remain', async () => {
    const types = ['Normal', 'Warning', 'Normal', 'Warning', 'Warning'];
    const one = await served(types.map((type, place) => entry(`e${place}`, type)));
    await one.done;
    const first = await ask(one, `${SHOP}?${WARNING}&limit=2`);
    expect(keysOf(first.body)).to.deep.equal(['shop/e1', 'shop/e3']);
    expect(jsonAt(first.body, 'metadata')).not.to.have.property('remainingItemCount');
    const token = encodeURIComponent(stringAt(first.body, 'metadata', 'continue'));
    const next = await ask(one, `${SHOP}?${WARNING}&limit=2&continue=${token}`);
    expect(keysOf(next.body)).to.deep.equal(['shop/e4']);
    const other = await ask(one, `${SHOP}?limit=2&continue=${token}`);
    expect(other.status).to.equal(400);
  });

  it('watches what it selects; an Event that enters is ADDED, one that leaves is DELETED as it was', async () => {
    const one = await served([
      entry('a', 'Warning'),
      entry('b', 'Normal'),
      entry('b', 'Warning', 'MODIFIED'),
      entry('b', 'Warning', 'MODIFIED'),
      entry('b', 'Normal', 'MODIFIED'),
      entry('b', 'Normal', 'DELETED'),
      entry('a', 'Warning', 'DELETED'),
    ]);
    await one.done;
    const open = await watch(one, `${EVENTS}?watch=1&resourceVersion=1000&${WARNING}`);
    await open.has(5);
    expect(open.received()).to.deep.equal([
      'ADDED shop/a',
      'ADDED shop/b',
      'MODIFIED shop/b',
      'DELETED shop/b',
      'DELETED shop/a',
    ]);
    const versions = open.lines.map((line) =>
      stringAt(line, 'object', 'metadata', 'resourceVersion'),
    );
    expect(versions).to.deep.equal(['1001', '1003', '1004', '1005', '1007']);
    expect(stringAt(open.lines[3] ?? null, 'object', 'type')).to.equal('Warning');
    open.close();
  });

  it('begins a watch without a version with what exists and is selected', async () => {
    const one = await served([entry('a', 'Normal'), entry('b', 'Warning')]);
    await one.done;
    const open = await watch(one, `${EVENTS}?watch=1&${WARNING}`);
    await open.has(1);
    expect(open.received()).to.deep.equal(['ADDED shop/b']);
    open.close();
  });

  for (const [selector, message] of [
    ['spec.x=1', 'field label not supported: spec.x'],
    ['type', /no operator/],
  ] as const) {
    it(`refuses ${selector}`, async () => {
      const one = await served([]);
      for (const query of ['', '&watch=1']) {
        const { status, body } = await ask(
          one,
          `${EVENTS}?fieldSelector=${encodeURIComponent(selector)}${query}`,
        );
        expect(status).to.equal(400);
        expect(body['message']).to.match(new RegExp(message));
      }
    });
  }
});
