// What goes out for any Event: a URL whose shape the configuration wrote and nobody else, headers of
// one line each that the client takes, bodies that are JSON.

import { type Delivery, toDocument, toTemplateView } from '../../../lib/core/delivery.ts';
import { toSentHeaders } from '../../../lib/net/http-connection.ts';
import { toContent } from '../../../lib/triggers/http/body.ts';
import { compileBody } from '../../../lib/triggers/http/body-template.ts';
import type { HttpSection } from '../../../lib/triggers/http/section.ts';
import { compileHeaders, withSecrets } from '../../../lib/triggers/http/templates.ts';
import { compileUrl } from '../../../lib/triggers/http/url-template.ts';
import { must, mustBeSame, shown } from '../target.ts';

const ORIGIN = 'https://ci.example.test:8443';
const URLS = [
  `${ORIGIN}/hooks/\${event.involvedObject.name}`,
  `${ORIGIN}/\${event.involvedObject.namespace}/x-\${event.reason}.json?kind=\${event.involvedObject.kind}&m=\${event.message}`,
  `${ORIGIN}/a%2Fb/\${event.message}`,
  `${ORIGIN}/x?\u0061=\${event}&b=\${occurrences[0].count}#`.slice(0, -1),
] as const;
const COMPILED = URLS.map((text) => compileUrl(text, 'delivery'));
const SEGMENTS = URLS.map((text) => text.slice(ORIGIN.length).split('?')[0]?.split('/').length);
const KEYS = URLS.map((text) => [
  ...new URL(text.replaceAll(/\$\{[^}]*\}/g, 'x')).searchParams.keys(),
]);

const HEADERS = compileHeaders(
  {
    'x-object': '${event.involvedObject.namespace}/${event.involvedObject.name}',
    'x-message': '${event.message}',
    'X-Whole': 'a ${event} b',
  },
  'delivery',
);

const SECRET = 'a"b\\c\nd&e=f</g>';
const FORM = 'application/x-www-form-urlencoded';
const SECRETS = { S: { env: 'S' } } as const;

function bodyOf(section: HttpSection) {
  return compileBody({ ...section, secrets: SECRETS });
}

const TREE = bodyOf({
  body: { event: '${event}', said: ['m: ${event.message}', '${event.reason}'], s: '${secret:S}' },
});
const JSON_TEXT = bodyOf({
  body: '{"event": ${event}, "said": ["m: ${event.message}"], "s": "${secret:S}"}',
  contentType: 'application/json',
});
const FIELDS = bodyOf({
  body: { m: 'x${event.message}', e: ['${event}', 1], s: '${secret:S}' },
  contentType: FORM,
});
const FORM_TEXT = bodyOf({ body: 'm=x${event.message}&s=${secret:S}', contentType: FORM });
const XML = bodyOf({
  body: '<a b="${event.message}" c=\'${event.message}\'>${event.message}</a>',
  contentType: 'text/xml',
});

const FORMATS = ['document', 'event', 'cloudevents', 'cloudevents-binary'] as const;

/** Holds everything that a request is made of to what is promised. */
export function mustRender(delivery: Delivery): void {
  const view = toTemplateView(delivery);
  for (const [place, url] of COMPILED.entries()) {
    must(
      url.findings.length === 0,
      () => `the URLs of the fuzzer are sound: ${shown(url.findings)}`,
    );
    mustPoint(url.render(view), place);
  }
  mustAddress(delivery);
  mustSend(HEADERS.render(view));
  mustKeepValues(delivery);
  for (const format of FORMATS) {
    const { headers, body } = toContent(delivery, format);
    mustSend(headers);
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (format === 'document' || format === 'cloudevents-binary') {
      mustBeSame(value, toDocument(delivery), `the body of ${format}`);
    } else if (format === 'event') {
      mustBeSame(value, delivery.occurrences[0].event, 'the body of event');
    } else {
      mustBeSame(
        (value as { data: unknown }).data,
        toDocument(delivery),
        'the data of cloudevents',
      );
    }
  }
}

/** Holds bodies of the receiver's own form to the shape that the configuration wrote. */
function mustKeepValues(delivery: Delivery): void {
  const view = withSecrets(toTemplateView(delivery), { S: SECRET });
  const render = (body: ReturnType<typeof bodyOf>): string => {
    must(body?.findings.length === 0, () => `the bodies are sound: ${shown(body?.findings)}`);
    const { headers, body: bytes } = body.render(view);
    mustSend(headers);
    return bytes.toString('utf8');
  };
  const { event } = delivery.occurrences[0];
  const message = textOf(event['message']);
  const said = `m: ${message}`;
  const reason = event['reason'] === undefined ? '' : event['reason'];
  mustBeSame(JSON.parse(render(TREE)), { event, said: [said, reason], s: SECRET }, 'a tree');
  mustBeSame(JSON.parse(render(JSON_TEXT)), { event, said: [said], s: SECRET }, 'a JSON text');
  const field = `x${message}`.toWellFormed();
  mustBeSame(
    [...new URLSearchParams(render(FIELDS))],
    [
      ['m', field],
      ['e', JSON.stringify(event).toWellFormed()],
      ['e', '1'],
      ['s', SECRET],
    ],
    'a form',
  );
  mustBeSame(
    [...new URLSearchParams(render(FORM_TEXT))],
    [
      ['m', field],
      ['s', SECRET],
    ],
    'a form text',
  );
  const xml = /^<a b="([^"<]*)" c='([^'<]*)'>([^<>]*)<\/a>$/.exec(render(XML));
  must(xml?.[1] === xml?.[2] && xml?.[1] === xml?.[3], 'a value in XML is the same everywhere');
  must(xml !== null, () => `an Event chose a tag or an attribute: ${shown(message)}`);
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

type Rendered = ReturnType<(typeof COMPILED)[number]['render']>;

function mustPoint(rendered: Rendered, place: number): void {
  if (!rendered.ok) {
    must(['not-renderable', 'too-large'].includes(rendered.reason), 'a closed set of reasons');
    return;
  }
  const { url } = rendered;
  must(url.origin === ORIGIN, () => `an Event chose the receiver: ${shown(url.href)}`);
  must(
    url.username === '' && url.password === '' && url.hash === '',
    'no credentials, no fragment',
  );
  const segments = url.pathname.split('/');
  must(segments.length === SEGMENTS[place], () => `an Event chose a path: ${shown(url.pathname)}`);
  mustBeSame([...url.searchParams.keys()], KEYS[place], 'the names of the query');
  must(/^[\x21-\x7e]*$/.test(url.href), () => `a URL is ASCII: ${shown(url.href)}`);
}

/** The first URL's last segment is the object's name, whatever it is. */
function mustAddress(delivery: Delivery): void {
  const [first] = COMPILED;
  const rendered = first?.render(toTemplateView(delivery));
  if (rendered?.ok !== true) return;
  const last = rendered.url.pathname.split('/').at(-1) ?? '';
  const view = toDocument(delivery).occurrences[0]?.event['involvedObject'];
  const name = typeof view === 'object' && view !== null && 'name' in view ? view['name'] : '';
  if (typeof name !== 'string') return;
  must(decodeURIComponent(last) === name.toWellFormed(), () => `the segment is ${shown(last)}`);
}

function mustSend(headers: readonly (readonly [string, string])[]): void {
  for (const [name, value] of headers) {
    must(/^[\x20-\x7e]*$/.test(value), () => `header ${name} is ASCII: ${shown(value)}`);
    must(name === name.toLowerCase(), () => `header ${name} has small letters`);
  }
  const sent = toSentHeaders(Object.fromEntries(headers), 'x');
  must(typeof sent === 'object', () => `the client takes the headers: ${shown(sent)}`);
}
