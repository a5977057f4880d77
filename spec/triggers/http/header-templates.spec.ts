// Names of headers that a section may configure, and texts of Events in their values.

import { validateHeaderValue } from 'node:http';
import { expect } from 'chai';
import fc from 'fast-check';
import { compileHeaders, toHeaderText } from '../../../lib/triggers/http/templates.ts';
import { anyText } from '../../support/any-text.ts';
import { NASTY } from '../support/hostile-events.ts';

describe('the headers of a section', () => {
  const refused = [
    ['Content-Type', /Sluice writes this one/],
    ['content-length', /not the connection’s/],
    ['Host', /not the connection’s/],
    ['Connection', /not the connection’s/],
    ['Transfer-Encoding', /not the connection’s/],
    ['TE', /not the connection’s/],
    ['Upgrade', /not the connection’s/],
    ['Keep-Alive', /not the connection’s/],
    ['Expect', /not the connection’s/],
    ['Proxy-Authorization', /Sluice writes this one/],
    ['Idempotency-Key', /Sluice writes this one/],
    ['Webhook-Id', /Sluice writes this one/],
    ['webhook-anything', /Sluice writes this one/],
    ['ce-id', /Sluice writes this one/],
    ['Sluice-Attempt', /Sluice writes this one/],
    ['traceparent', /Sluice writes this one/],
    ['Authorization', /under auth:/],
    ['X Team', /a name of letters/],
    ['X-Team:', /a name of letters/],
    ['X-Team\r\nX-Other', /a name of letters/],
    ['é', /a name of letters/],
    ['', /a name of letters/],
  ] as const;
  for (const [name, message] of refused) {
    it(`must not have the name ${JSON.stringify(name)}`, () => {
      const { findings } = compileHeaders({ [name]: 'x' }, 'delivery');
      expect(findings).to.have.length(1);
      expect(findings[0]).to.include({ severity: 'error', code: 'wrong-value' });
      expect(findings[0]?.message).to.match(message);
    });
  }

  it('must not have a name twice, in any letter case', () => {
    const { findings } = compileHeaders({ 'X-A': '1', 'x-a': '2' }, 'delivery');
    expect(findings.map(({ path }) => path)).to.deep.equal(['/headers/x-a']);
  });

  it('must not have line breaks, or literals outside ASCII', () => {
    for (const value of ['a\r\nb', 'é', '\u007f']) {
      const [finding, ...others] = compileHeaders({ 'X-A': value }, 'delivery').findings;
      expect(others).to.deep.equal([]);
      expect(finding).to.include({ code: 'wrong-value', path: '/headers/X-A' });
    }
  });

  it('are the same for every delivery if they have no template', () => {
    const { render } = compileHeaders({ 'X-Team': ' shop ' }, 'delivery');
    expect(render({})).to.deep.equal([['x-team', 'shop']]);
    expect(render({})).to.equal(render({}));
  });

  it('show values of the document', () => {
    const { render } = compileHeaders(
      { 'X-What': '${event.kind} of ${rule}', 'X-None': '${event.nothing}' },
      'delivery',
    );
    expect(render({ event: { kind: 'Pod' }, rule: 'r' })).to.deep.equal([
      ['x-what', 'Pod of r'],
      ['x-none', ''],
    ]);
  });
});

describe('a text of an Event in a header', () => {
  const cases = [
    ['Back-off restarting "web"', 'Back-off restarting "web"'],
    ['100%', '100%25'],
    ['é😀', '%C3%A9%F0%9F%98%80'],
    ['a\r\nX-Evil: 1', 'aX-Evil: 1'],
    ['\uD800', '%EF%BF%BD'],
    ['a\u2028b\u0085c', 'abc'],
    [`${'x'.repeat(511)}😀`, 'x'.repeat(511)],
    ['y'.repeat(600), 'y'.repeat(512)],
  ] as const;
  for (const [text, wanted] of cases) {
    it(`${JSON.stringify(text.slice(0, 30))} is ${JSON.stringify(wanted.slice(0, 30))}`, () => {
      expect(toHeaderText(text)).to.equal(wanted);
    });
  }

  it('is always a value that Node accepts', () => {
    fc.assert(
      fc.property(fc.oneof(anyText(), fc.constant(NASTY)), (text) => {
        const value = toHeaderText(text);
        expect(value).to.match(/^[\u0020-\u007e]*$/);
        validateHeaderValue('x', value);
        decodeURIComponent(value);
      }),
    );
  });
});
