// Promises of lib/kit/text/template.ts and json-path.ts.

import { expect } from 'chai';
import fc from 'fast-check';
import type { Json } from '../../../lib/core/json-object.ts';
import { parsePath } from '../../../lib/kit/data/json-path.ts';
import { parseTemplate, SECRETS, type Template } from '../../../lib/kit/text/template.ts';

const firstWords = ['id', 'rule', 'occurrences', 'event'];

const document: Json = {
  id: '01',
  rule: null,
  event: {
    count: 3,
    involvedObject: { name: 'web-1', kind: 'Pod' },
    metadata: { annotations: { 'a.b/c': 'quoted', 'x"}y': 'odd' } },
    message: '"}]; rm -rf / ${id}',
  },
  occurrences: [{ count: 3 }],
};

function template(text: string): Template {
  const parsed = parseTemplate(text, firstWords);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.template;
}

describe('a template', () => {
  const cases: readonly (readonly [string, Json])[] = [
    ['plain', 'plain'],
    ['', ''],
    ['${id}', '01'],
    ['${event.count}', 3],
    ['${occurrences[0].count}', 3],
    ['${event.involvedObject}', { name: 'web-1', kind: 'Pod' }],
    ['${rule}', null],
    ['n=${event.count}', 'n=3'],
    ['${id}${id}', '0101'],
    ['<${rule}>', '<>'],
    ['o=${event.involvedObject}', 'o={"name":"web-1","kind":"Pod"}'],
    ['l=${occurrences}', 'l=[{"count":3}]'],
    ['${event.metadata.annotations["a.b/c"]}', 'quoted'],
    ['${event.metadata.annotations["x\\"}y"]}!', 'odd!'],
    ['${event.nothing.there}', ''],
    ['${occurrences[7].count}', ''],
    ['${id[0]}', ''],
    ['${event.constructor}', ''],
    ['${event.__proto__}', ''],
    ['$${HOME}', '${HOME}'],
    ['$${id} is ${id}', '${id} is 01'],
    ['$id $$ {id}', '$id $$ {id}'],
    ['${event.message}', '"}]; rm -rf / ${id}'],
    ['a ${event.message}', 'a "}]; rm -rf / ${id}'],
  ];
  for (const [text, value] of cases) {
    it(`renders ${text} as ${JSON.stringify(value)}`, () => {
      expect(template(text).renderValue(document)).to.deep.equal(value);
    });
  }

  it('names its paths in their order, and is constant without any', () => {
    const { paths, constant } = template('${id}/$${HOME}/${event.metadata.annotations["a.b/c"]}');
    expect(paths).to.deep.equal(['id', 'event.metadata.annotations["a.b/c"]']);
    expect(constant).to.equal(false);
    expect(template('$${HOME}').constant).to.equal(true);
  });

  it('renders a whole value as text on request', () => {
    expect(template('${event.count}').renderText(document)).to.equal('3');
    expect(template('${rule}').renderText(document)).to.equal('');
  });

  it('never expands placeholders inside a value', () => {
    fc.assert(
      fc.property(fc.string(), (message) => {
        const rendered = template('<${event.message}>').renderText({ event: { message } });
        expect(rendered).to.equal(`<${message}>`);
      }),
    );
  });
});

describe('parseTemplate', () => {
  const bad = [
    ['${HOME}', '$${HOME}'],
    ['x ${env.HOME} y', '$${env.HOME}'],
    ['${', 'without its }'],
    ['${id', 'without its }'],
    ['${}', 'no path'],
    ['${event..name}', 'no path'],
    ['${event.}', 'no path'],
    ['${event[x]}', 'no path'],
    ['${event["a\\q"]}', 'no path'],
    ['${ id }', 'no path'],
    ['${1}', 'no path'],
  ] as const;
  for (const [text, why] of bad) {
    it(`refuses ${text} with ${JSON.stringify(why)}`, () => {
      const parsed = parseTemplate(text, firstWords);
      expect(parsed.ok ? '' : parsed.why).to.contain(why);
    });
  }

  it('names the words that a path may begin with', () => {
    const parsed = parseTemplate('${evnt.name}', firstWords);
    expect(parsed.ok ? '' : parsed.why).to.contain('id, rule, occurrences, event');
  });

  it('never throws and leaves any text without ${ as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseTemplate(text, firstWords);
        if (text.includes('${')) return;
        expect(parsed.ok && parsed.template.renderText(document)).to.equal(text);
      }),
    );
  });
});

describe('a secret in a template', () => {
  const parse = (text: string, secrets: readonly string[] | null) => {
    const parsed = parseTemplate(text, firstWords, secrets);
    return parsed.ok ? parsed.template : `${parsed.about}: ${parsed.why}`;
  };

  it('is replaced by the value that the document has under its name', () => {
    const found = parse('a ${secret:A-b_1} ${id} $${secret:x}', ['A-b_1']);
    if (typeof found === 'string') throw new Error(found);
    const known = { id: '01', [SECRETS]: { 'A-b_1': 's3cr3t' } };
    expect(found.renderText(known)).to.equal('a s3cr3t 01 ${secret:x}');
    expect([found.hasSecret, found.constant]).to.deep.equal([true, false]);
    const paths = found.pieces.flatMap((piece) => ('path' in piece ? [piece] : []));
    expect(paths.map(({ isSecret }) => isSecret)).to.deep.equal([true, false]);
    expect(found.renderText({ id: '01' })).to.equal('a  01 ${secret:x}');
  });

  const bad: readonly (readonly [string, readonly string[] | null, string])[] = [
    ['${secret:A}', null, 'secret: ${secret:A} (expected no secret here)'],
    ['${secret:A}', [], 'none is configured'],
    ['${secret:a}', ['A', 'B'], 'the name of one: one of A, B'],
    ['${secret:}', ['A'], 'names no secret'],
    ['${secret: A}', ['A'], 'names no secret'],
    ['${secret:toString}', ['A'], 'names no secret'],
    ['${secret}', ['A'], 'path: ${secret} begins with secret'],
    ['${secret:A', ['A'], 'without its }'],
  ];
  for (const [text, secrets, why] of bad) {
    it(`is refused: ${text} with the secrets ${JSON.stringify(secrets)}`, () => {
      expect(parse(text, secrets)).to.be.a('string').that.includes(why);
    });
  }

  it('is led to by no path of a document', () => {
    for (const path of ['secret:', '["secret:"]', 'event["secret:"]']) {
      const found = parse(`\${${path}}`, []);
      const text =
        typeof found === 'string' ? '' : found.renderText({ [SECRETS]: { A: 's3cr3t' } });
      expect(text, path).not.to.include('s3cr3t');
    }
  });
});

describe('parsePath', () => {
  it('distinguishes keys, indexes and quoted keys', () => {
    expect(parsePath('a.b-c[0]["d.e"].1')).to.deep.equal(['a', 'b-c', 0, 'd.e', '1']);
  });
});
