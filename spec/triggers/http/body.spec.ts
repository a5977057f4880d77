// `body:` in the receiver's own form: rendering of trees and texts in each content type, mistakes that
// are refused at load, and that no value of an Event ends the value that contains it.

import { expect } from 'chai';
import fc from 'fast-check';
import type { Delivery } from '../../../lib/core/delivery.ts';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { httpKind } from '../../../lib/triggers/http.ts';
import { anyText } from '../../support/any-text.ts';
import { aDelivery, anEvent } from '../../support/builders.ts';
import { NEVER } from '../../support/never.ts';
import { CONTEXT } from '../support/parts.ts';
import { bodyOf, FakeReceiver, URL_OF_SPECS } from './support/fake-receiver.ts';

const FORM = 'application/x-www-form-urlencoded';

async function sent(section: Partial<HttpSection>, delivery: Delivery = aDelivery()) {
  const receiver = new FakeReceiver();
  const environment = { S: 'p4ss"w\\rd&x' };
  const [outcome] = await receiver.trigger(section, { environment }).fire([delivery], NEVER);
  const [request] = receiver.requests;
  return { outcome, body: bodyOf(request), type: request?.headers['content-type'] };
}

describe('a body of its own', () => {
  it('is a JSON tree whose whole values keep their type, as GitHub needs it', async () => {
    const body = {
      event_type: 'k8s',
      client_payload: {
        pod: '${event.involvedObject.name}',
        count: '${occurrences[0].count}',
        object: '${event.involvedObject}',
        said: '${event.reason} ×${occurrences[0].count}: $${x}',
        nothing: '${event.nothing.there}',
        null: null,
        list: [1, true, '${id}'],
      },
    };
    const delivery = aDelivery({ event: anEvent({ reason: 'BackOff' }) });
    const [{ count, event }] = delivery.occurrences;
    const { body: text, type } = await sent({ body }, delivery);
    expect(type).to.equal('application/json');
    expect(JSON.parse(text)).to.deep.equal({
      event_type: 'k8s',
      client_payload: {
        pod: 'web-1',
        count,
        object: event['involvedObject'],
        said: `BackOff ×${count}: \${x}`,
        nothing: '',
        null: null,
        list: [1, true, delivery.id],
      },
    });
  });

  const QUOTE = 'a "b" \\ <c> & d\n';
  const cases: readonly (readonly [string, Partial<HttpSection>, string, string])[] = [
    ['a list', { body: ['${event.message}'] }, 'application/json', JSON.stringify([QUOTE])],
    [
      'a tree of a +json type',
      { body: { a: '${event.message}' }, contentType: 'application/vnd.x+json; v=1' },
      'application/vnd.x+json; v=1',
      JSON.stringify({ a: QUOTE }),
    ],
    [
      'a form',
      {
        body: { token: '${secret:S}', 'variables[M]': 'm=${event.message}', ref: ['a', 2, null] },
        contentType: FORM,
        secrets: { S: { env: 'S' } },
      },
      FORM,
      new URLSearchParams([
        ['token', 'p4ss"w\\rd&x'],
        ['variables[M]', `m=${QUOTE}`],
        ['ref', 'a'],
        ['ref', '2'],
        ['ref', ''],
      ]).toString(),
    ],
    [
      'a form as a text',
      { body: 'a=1&m=${event.message}', contentType: FORM },
      FORM,
      `a=1&${new URLSearchParams({ m: QUOTE }).toString()}`,
    ],
    ['a text', { body: 'm: ${event.message}' }, 'text/plain; charset=utf-8', `m: ${QUOTE}`],
    ['an empty text', { body: '' }, 'text/plain; charset=utf-8', ''],
    [
      'JSON as a text',
      {
        body: '{"m": "<${event.message}>", "n": ${event.count}, "o": [${event.nothing}, ${event.message}]}',
        contentType: 'application/json',
      },
      'application/json',
      `{"m": ${JSON.stringify(`<${QUOTE}>`)}, "n": 3, "o": ["", ${JSON.stringify(QUOTE)}]}`,
    ],
    [
      'XML',
      {
        body: '<?xml version="1.0"?><!-- x --><a b="${event.message}">${event.message}</a>',
        contentType: 'text/xml',
      },
      'text/xml',
      '<?xml version="1.0"?><!-- x --><a b="a &quot;b&quot; \\ &lt;c&gt; &amp; d&#10;">a &quot;b&quot; \\ &lt;c&gt; &amp; d&#10;</a>',
    ],
    [
      'a constant text of any type',
      { body: 'a,b\n', contentType: 'text/csv' },
      'text/csv',
      'a,b\n',
    ],
    [
      'a secret in JSON',
      { body: { s: '${secret:S}', t: 'x${secret:S}' }, secrets: { S: { env: 'S' } } },
      'application/json',
      JSON.stringify({ s: 'p4ss"w\\rd&x', t: 'xp4ss"w\\rd&x' }),
    ],
  ];
  for (const [what, section, type, wanted] of cases) {
    it(`is rendered and sent: ${what}`, async () => {
      const delivery = aDelivery({ event: anEvent({ message: QUOTE, count: 3 }) });
      const found = await sent(section, delivery);
      expect(found).to.deep.include({ type, body: wanted });
      expect(found.outcome).to.have.property('outcome', 'delivered');
    });
  }

  it('is not sent above 10 MiB', async () => {
    const delivery = aDelivery({ event: anEvent({ message: 'x'.repeat(6 * 1024 * 1024) }) });
    const body = { a: '${event.message}', b: '${event.message}' };
    expect((await sent({ body }, delivery)).outcome).to.include({ reason: 'too-large' });
  });
});

describe('a value in a body', () => {
  const values = fc.oneof(
    anyText(),
    fc.stringMatching(/^[\\"'<>&=;{}[\]$:,!\-\n\r\t\0 ]*$/),
    fc.constantFrom('"}', '","token":"', ']]>', '--><x>', '&token=1', '\\', '</a><b/>', '\u2028'),
  );
  const render = async (section: Partial<HttpSection>, message: string): Promise<string> =>
    (await sent(section, aDelivery({ event: anEvent({ message }) }))).body;
  const holds = (section: Partial<HttpSection>, check: (body: string, message: string) => void) =>
    fc.assert(
      fc.asyncProperty(values, async (message) => check(await render(section, message), message)),
    );

  it('stays one value of a JSON tree', () =>
    holds({ body: { a: '${event.message}', b: ['x${event.message}y'] } }, (body, message) => {
      expect(JSON.parse(body)).to.deep.equal({ a: message, b: [`x${message}y`] });
    }));

  it('stays one value of a JSON text', () =>
    holds(
      {
        body: '{"a": ${event.message}, "b": ["x${event.message}y"]}',
        contentType: 'application/json',
      },
      (body, message) => {
        expect(JSON.parse(body)).to.deep.equal({ a: message, b: [`x${message}y`] });
      },
    ));

  it('stays one field of a form', () =>
    holds({ body: { a: '${event.message}', b: '2' }, contentType: FORM }, (body, message) => {
      const fields = [...new URLSearchParams(body)];
      expect(fields).to.deep.equal([
        ['a', message.toWellFormed()],
        ['b', '2'],
      ]);
    }));

  it('stays one field of a form that is a text', () =>
    holds({ body: 'a=x${event.message}&b=2', contentType: FORM }, (body, message) => {
      const fields = [...new URLSearchParams(body)];
      expect(fields).to.deep.equal([
        ['a', `x${message.toWellFormed()}`],
        ['b', '2'],
      ]);
    }));

  it('stays text of XML, without characters that XML does not allow', () =>
    holds(
      {
        body: '<a b="${event.message}" c=\'${event.message}\'>${event.message}</a>',
        contentType: 'application/xml',
      },
      (body) => {
        const [, inDouble, inSingle, inText] =
          /^<a b="([^"]*)" c='([^']*)'>([^<]*)<\/a>$/.exec(body) ?? [];
        expect(inDouble).to.be.a('string').and.equal(inSingle).and.equal(inText);
        expect(inText).to.match(
          /^(?:[^&<>"'\0-\x1f\uFFFE\uFFFF]|&(?:amp|lt|gt|quot|#39|#9|#10|#13);)*$/,
        );
      },
    ));
});

describe('a mistake in a body', () => {
  const found = (section: Partial<HttpSection>): readonly string[] => {
    const findings = httpKind.check?.({ url: URL_OF_SPECS, ...section }, CONTEXT) ?? [];
    for (const { message, hint } of findings) {
      expect(message).to.match(/^found .*\(expected /);
      expect(hint).not.to.equal('');
    }
    return findings.map(({ code, path }) => `${code} ${path}`);
  };
  const json = { contentType: 'application/json' };
  const xml = { contentType: 'application/xml' };
  const cases: readonly (readonly [string, Partial<HttpSection>, readonly string[]])[] = [
    ['nothing', { body: { a: '${event.reason}' } }, []],
    ['a format beside it', { body: {}, format: 'document' }, ['wrong-value /body']],
    ['a batch', { body: {}, batch: {} }, ['wrong-value /body']],
    ['a content type without it', { contentType: 'text/plain' }, ['wrong-value /contentType']],
    ['no content type', { body: '', contentType: 'json' }, ['wrong-value /contentType']],
    [
      'a line break in the type',
      { body: '', contentType: 'text/plain\r\nx: y' },
      ['wrong-value /contentType'],
    ],
    [
      'another charset',
      { body: '', contentType: 'text/plain; charset=latin1' },
      ['wrong-value /contentType'],
    ],
    ['a tree as XML', { body: { a: 1 }, ...xml }, ['wrong-value /contentType']],
    ['a list as a form', { body: [1], contentType: FORM }, ['wrong-value /contentType']],
    [
      'a block in a form',
      { body: { a: { b: 1 }, 'c/d': [[1]] }, contentType: FORM },
      ['wrong-type /body/a', 'wrong-type /body/c~1d/0'],
    ],
    [
      'paths that lead nowhere, all of them',
      { body: { a: ['${evnt}', '${'], b: { c: '${match.x}' } } },
      ['bad-template /body/a/0', 'bad-template /body/a/1', 'bad-template /body/b/c'],
    ],
    [
      'a template in a key',
      { body: { '${event.reason}': 1 } },
      ['template-place /body/${event.reason}'],
    ],
    ['a text that is no JSON', { body: '{"a": }', ...json }, ['wrong-value /body']],
    ['a value beside a digit', { body: '[1${event.count}]', ...json }, ['wrong-value /body']],
    ['a value beside a value', { body: '[${id}${id}]', ...json }, ['wrong-value /body']],
    ['a value after a backslash', { body: '["\\${id}"]', ...json }, ['wrong-value /body']],
    ['a value in an escape', { body: '["\\u00${id}"]', ...json }, ['wrong-value /body']],
    ['a key of a JSON text', { body: '{"${event.reason}": 1}', ...json }, ['template-place /body']],
    ['a tag', { body: '<${event.reason}/>', ...xml }, ['template-place /body']],
    ['an attribute without quotes', { body: '<a b=${id}/>', ...xml }, ['template-place /body']],
    ['a comment', { body: '<!-- ${id} --><a/>', ...xml }, ['template-place /body']],
    ['CDATA', { body: '<a><![CDATA[${id}]]></a>', ...xml }, ['template-place /body']],
    ['an instruction', { body: '<?x ${id}?><a/>', ...xml }, ['template-place /body']],
    ['a tag that is not closed', { body: '<a b="${id}', ...xml }, ['wrong-value /body']],
    ['the name of a form field', { body: 'a${id}=1', contentType: FORM }, ['template-place /body']],
    ['a space in a form', { body: 'a=b c', contentType: FORM }, ['wrong-value /body']],
    [
      'a value in a type without escapes',
      { body: 'a,${event.message}', contentType: 'text/csv' },
      ['template-place /body'],
    ],
    [
      'a secret that secrets: does not have',
      { body: { a: '${secret:NO}' } },
      ['bad-template /body/a'],
    ],
  ];
  for (const [what, section, wanted] of cases) {
    it(`is found: ${what}`, () => {
      expect(found(section)).to.deep.equal(wanted);
    });
  }
});
