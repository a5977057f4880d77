// Places of templates in a URL, and that no value of an Event leaves its place.

import { expect } from 'chai';
import fc from 'fast-check';
import { compileUrl } from '../../../lib/triggers/http/url-template.ts';
import { anyText } from '../../support/any-text.ts';

const DOCUMENT = (value: string) => ({ id: 'i', event: { reason: value, message: value } });
const REASON = '${event.reason}';

function rendered(template: string, value: string): string {
  const { findings, render } = compileUrl(template, 'delivery');
  expect(findings).to.deep.equal([]);
  const found = render(DOCUMENT(value));
  return found.ok ? found.url.href : `${found.reason}: ${found.why}`;
}

describe('a URL template', () => {
  const cases = [
    ['https://h.test/a', 'x', 'https://h.test/a'],
    [`https://h.test/${REASON}`, 'BackOff', 'https://h.test/BackOff'],
    [`https://h.test/${REASON}`, 'a/b', 'https://h.test/a%2Fb'],
    [`https://h.test/${REASON}`, 'a\\b', 'https://h.test/a%5Cb'],
    [`https://h.test/${REASON}`, '../../admin', 'https://h.test/..%2F..%2Fadmin'],
    [`https://h.test/${REASON}`, '?x=1#f', 'https://h.test/%3Fx%3D1%23f'],
    [`https://h.test/${REASON}`, '%2e%2e', 'https://h.test/%252e%252e'],
    [`https://h.test/${REASON}`, 'a\r\nb\0\t ', 'https://h.test/a%0D%0Ab%00%09%20'],
    [`https://h.test/${REASON}`, 'é😀\uD800', 'https://h.test/%C3%A9%F0%9F%98%80%EF%BF%BD'],
    [`https://h.test/a-${REASON}-b/c`, '.', 'https://h.test/a-.-b/c'],
    [`https://h.test:8443/x?r=${REASON}&s=1`, '1&t=2', 'https://h.test:8443/x?r=1%26t%3D2&s=1'],
    [`https://h.test/x?r=a${REASON}`, '', 'https://h.test/x?r=a'],
    [`https://h.test/x?r=${REASON}`, "+ '#", 'https://h.test/x?r=%2B%20%27%23'],
    ['https://h.test/$${x}', '', 'https://h.test/$%7Bx%7D'],
    [`https://h.test/%2e/${REASON}?x=/../`, 'a', 'https://h.test/a?x=/../'],
  ] as const;
  for (const [template, value, wanted] of cases) {
    it(`${template} with ${JSON.stringify(value)} is ${wanted}`, () => {
      expect(rendered(template, value)).to.equal(wanted);
    });
  }

  const moving = [
    [`https://h.test/a/${REASON}`, ''],
    [`https://h.test/a/${REASON}/b`, '.'],
    [`https://h.test/a/${REASON}/b`, '..'],
    [`https://h.test/a/.${REASON}`, '.'],
    [`https://h.test/a/%2e${REASON}`, '.'],
    [`https://h.test/a/%2E${REASON}`, ''],
    [`https://h.test/a/${REASON}\${event.message}`, '.'],
  ] as const;
  for (const [template, value] of moving) {
    it(`is not rendered if ${JSON.stringify(value)} would move the path of ${template}`, () => {
      expect(rendered(template, value)).to.match(/^not-renderable: path segment 2 of the URL is /);
    });
  }

  const forbidden: readonly (readonly [host: string, shown: string])[] = [
    ['169.254.169.254', '169.254.169.254'],
    ['169.254.169.254.', '169.254.169.254'],
    ['2852039166', '169.254.169.254'],
    ['0xA9FEA9FE', '169.254.169.254'],
    ['0251.0376.0251.0376', '169.254.169.254'],
    ['169.254.43518', '169.254.169.254'],
    ['0', '0.0.0.0'],
    ['100.100.100.200', '100.100.100.200'],
    ['[fd00:ec2::254]', 'fd00:ec2::254'],
    ['[::ffff:169.254.169.254]', '::ffff:a9fe:a9fe'],
    ['[2002:a9fe:a9fe::1]', '2002:a9fe:a9fe::1'],
    ['[fe80::1]', 'fe80::1'],
  ];
  for (const [host, shown] of forbidden) {
    it(`is an error with the host ${host}`, () => {
      const { findings } = compileUrl(`http://${host}:8080/${REASON}`, 'delivery');
      expect(findings.map(({ severity, path }) => [severity, path])).to.deep.equal([
        ['error', '/url'],
      ]);
      expect(findings[0]?.message).to.include(`found the address ${shown}, which is link-local`);
    });
  }

  it('is an error with a zone, which URLs do not have', () => {
    const { findings } = compileUrl('http://[fe80::1%25eth0]/', 'delivery');
    expect(findings).to.have.length(1);
  });

  for (const host of ['127.0.0.1', '10.0.0.1', '[::1]', '[64:ff9b::10.0.0.1]', 'metadata.test']) {
    it(`may have the host ${host}`, () => {
      expect(compileUrl(`http://${host}/`, 'delivery').findings).to.deep.equal([]);
    });
  }

  it('is refused as too large above 8 KiB', () => {
    expect(rendered(`https://h.test/${REASON}`, 'x'.repeat(9_000))).to.match(/^too-large: /);
  });

  it('keeps its structure for all values', () => {
    const template = `https://h.test:81/a/${REASON}/b-\${event.message}?k=${REASON}&l=\${event.message}`;
    const value = fc.oneof(
      anyText(),
      fc.stringMatching(/^[./\\?#&=@:%2eE;]*$/),
      fc.constantFrom('.', '..', '%2e', '', '//h2.test', '\\\\h2.test'),
    );
    const { render } = compileUrl(template, 'delivery');
    fc.assert(
      fc.property(value, value, (reason, message) => {
        const found = render({ event: { reason, message } });
        if (!found.ok) {
          expect(found.reason).to.equal('not-renderable');
          return;
        }
        const { origin, username, password, hash, pathname, searchParams } = found.url;
        expect([origin, username, password, hash]).to.deep.equal(['https://h.test:81', '', '', '']);
        const segments = pathname.split('/').map(decodeURIComponent);
        const texts = [reason, message].map((text) => text.toWellFormed());
        expect(segments).to.deep.equal(['', 'a', texts[0], `b-${texts[1] ?? ''}`]);
        expect([...searchParams]).to.deep.equal([
          ['k', texts[0]],
          ['l', texts[1]],
        ]);
      }),
    );
  });
});

describe('an invalid URL', () => {
  const cases = [
    ['ftp://h.test/', 'wrong-value', /no URL of http/],
    ['h.test/hook', 'wrong-value', /no URL of http/],
    [`${REASON}://h.test/`, 'wrong-value', /no URL of http/],
    [`https://${REASON}/x`, 'template-place', /in the host or port/],
    [`https://h.test:${REASON}/x`, 'template-place', /in the host or port/],
    [`https://${REASON}@h.test/x`, 'wrong-value', /credentials/],
    ['https://user:hunter2@h.test/x', 'wrong-value', /credentials/],
    ['https://h.test/x#part', 'wrong-value', /fragment/],
    [`https://h.test/x#${REASON}`, 'template-place', /in the fragment/],
    [`https://h.test/x?${REASON}=1`, 'template-place', /in the name of a query parameter/],
    [`https://h.test/x?a=1&b${REASON}=1`, 'template-place', /in the name of a query parameter/],
    [`https://h.test/x?${REASON}`, 'template-place', /in the name of a query parameter/],
    ['https://h.test/a b', 'wrong-value', /a space, a backslash or a character/],
    ['https://h.test\\x', 'wrong-value', /a space, a backslash or a character/],
    ['https://h.test/é', 'wrong-value', /a space, a backslash or a character/],
    ['https://h.test/\uE000', 'wrong-value', /a space, a backslash or a character/],
    ['https://h.test:99999/', 'wrong-value', /host or port/],
    ['https:///x', 'wrong-value', /no URL of http/],
    ['https://h.test/${match.x}', 'bad-template', /begins with match/],
    ['https://h.test/${event', 'bad-template', /without its }/],
  ] as const;
  for (const [url, code, message] of cases) {
    it(`${JSON.stringify(url)} is ${code}`, () => {
      const [finding, ...others] = compileUrl(url, 'delivery').findings;
      expect(others).to.deep.equal([]);
      expect(finding).to.include({ severity: 'error', code, path: '/url' });
      expect(finding?.message).to.match(message);
      expect(finding?.message).not.to.include('hunter2');
    });
  }

  it('is one with values of an Event in a batch', () => {
    const [finding] = compileUrl(`https://h.test/${REASON}`, 'batch').findings;
    expect(finding).to.include({ code: 'bad-template', path: '/url' });
    expect(compileUrl('https://h.test/${cluster.id}', 'batch').findings).to.deep.equal([]);
  });
});
