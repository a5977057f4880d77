// POST /api/v1/explain: the same objects as `sluice explain --format json`, and what is refused.

import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { BODY_BYTES } from '../../lib/api/explain-request.ts';
import { explanationToJson } from '../../lib/cli/explanation-text.ts';
import type { EventObject } from '../../lib/core/occurrence.ts';
import { explainEvent } from '../../lib/plan/explain-event.ts';
import { anEvent } from '../support/builders.ts';
import { until } from '../support/until.ts';
import { type Answered, ApiBench } from './api-bench.ts';

const PATH = '/api/v1/explain';

describe('POST /api/v1/explain', () => {
  let bench: ApiBench;
  before(async () => void (bench = await ApiBench.open()));
  after(() => bench[Symbol.asyncDispose]());

  const post = (
    body: string | Buffer,
    { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
  ): Promise<Answered> =>
    bench.ask({
      method: 'POST',
      path: `${PATH}${query}`,
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
  const printed = (event: EventObject): unknown => {
    const explained = explainEvent(event, bench.plan, { source: undefined, now: 0 });
    return JSON.parse(explanationToJson(explained));
  };

  const events: readonly (readonly [string, EventObject])[] = [
    ['an accepted Event', anEvent()],
    ['a rejected one', anEvent({ reason: 'Pulled' })],
    ['one of nothing', { kind: 'Event' }],
    [
      'one with odd types',
      { kind: 'Event', metadata: [], involvedObject: 'x', reason: 7, count: 'many' },
    ],
    ['one that no source reads', anEvent({ metadata: { name: 'a', namespace: 'ops' } })],
  ];
  for (const [what, event] of events) {
    it(`explains ${what} as the command prints it`, async () => {
      const { status, json } = await post(JSON.stringify(event));
      expect(status).to.equal(200);
      expect(json).to.deep.equal(printed(event));
    });
  }

  it('explains a List of Events, of any number, in its order', async () => {
    const items = Array.from({ length: 250 }, (_, index) => anEvent({ count: index + 1 }));
    const expected = items.map(printed);
    for (const list of [{ kind: 'List', items }, { kind: 'EventList', items }, { items }, items]) {
      expect((await post(JSON.stringify(list))).json).to.deep.equal({ items: expected });
    }
    expect((await post('[]')).json).to.deep.equal({ items: [] });
  });

  const newStyle = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'web-1.1', namespace: 'shop' },
    regarding: { kind: 'Pod', namespace: 'shop', name: 'web-1' },
    reason: 'BackOff',
    note: 'Back-off restarting',
  };
  const one = JSON.stringify(anEvent(), null, 2);
  const read: readonly (readonly [what: string, body: string, type: string, rules: number])[] = [
    ['an Event of events.k8s.io', JSON.stringify([newStyle]), 'application/json', 1],
    ['a watch line', JSON.stringify([{ type: 'ADDED', object: anEvent() }]), 'application/json', 1],
    ['values one after the other', `${one}\n${one}`, 'application/json', 2],
    ['JSON lines', `[${JSON.stringify(anEvent())}]\n[]\n`, 'application/x-ndjson', 1],
    ['YAML', `kind: Event\n---\n${one}\n`, 'application/yaml', 2],
  ];
  for (const [what, body, type, count] of read) {
    it(`reads ${what} as the command does`, async () => {
      const { status, json } = await post(body, { headers: { 'content-type': type } });
      expect(status, JSON.stringify(json)).to.equal(200);
      const { items } = json as { items: readonly { rule: { name: string } | null }[] };
      expect(items).to.have.length(count);
      expect(items.at(-1)?.rule?.name).to.equal('crash-loop');
    });
  }

  it('reads very many values without Events, and yields to another request', async () => {
    const done = post('[]'.repeat(300_000));
    const states: number[] = [];
    void done.then(({ status }) => states.push(status));
    expect((await bench.ask({ path: '/api/v1/rules' })).status).to.equal(200);
    expect(states, 'still reading').to.deep.equal([]);
    expect((await done).json).to.deep.equal({ items: [] });
  });

  it('says which lines of a watch hold no Event', async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
    const lines = [
      { type: 'DELETED', object: anEvent() },
      { type: 'ERROR', object: status },
    ];
    expect((await post(lines.map((line) => JSON.stringify(line)).join('\n'))).json).to.deep.equal({
      items: [],
      skipped: ['line 1: DELETED', 'line 2: ERROR: 410 Expired: too old'],
    });
  });

  it('takes an Event with keys of a prototype for what it is', async () => {
    const { json } = await post(
      '{"kind":"Event","__proto__":{"reason":"Scheduled"},"constructor":{"prototype":1}}',
    );
    expect(json).to.include({ action: 'reject' }).and.to.deep.include({ rule: null });
    expect({}).to.not.have.property('reason');
  });

  it('judges for the source that is named', async () => {
    expect((await post('[]', { query: '?source=shop' })).status).to.equal(200);
    const { status, json } = await post('[]', { query: '?source=other' });
    expect(status).to.equal(400);
    expect(json).to.include({
      parameter: 'source',
      detail: 'parameter source: expected one of shop',
    });
  });

  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  type Row = readonly [
    what: string,
    body: string | Buffer,
    headers: Record<string, string>,
    number,
    RegExp,
  ];
  const refused: readonly Row[] = [
    ['no JSON', '{"a":1,}', {}, 400, /^the body, line 1: not JSON: .* at column 8$/],
    ['nothing', '', {}, 400, /^the body, found nothing \(expected an Event or a List of Events\)$/],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}, 400, /^the body is not UTF-8$/],
    ['a number', '7', {}, 400, /^the body, line 1: found a number \(expected an Event\); /],
    ['null', 'null', {}, 400, /^the body, line 1: found null/],
    [
      'another kind',
      '{"kind":"Pod"}',
      {},
      400,
      /^the body, line 1: found a Pod \(expected an Event/,
    ],
    ['an object of nothing', '{}', {}, 400, /line 1: found an object without kind/],
    ['a hostile kind', '{"kind":"\\u001b[2J"}', {}, 400, /found kind "\\u001b\[2J"/],
    ['a second value', '{"kind":"Event"}\n{"kind":"Pod"}', {}, 400, /line 2: found a Pod/],
    [
      'a List of Pods',
      '{"items":[{"kind":"Event"},{"kind":"Pod"}]}',
      {},
      400,
      /line 1, item 2: found a Pod/,
    ],
    ['a List of texts', '["x"]', {}, 400, /line 1, item 1: found a text/],
    ['what is nested too deep', '['.repeat(500), {}, 400, /nested deeper than 100 levels$/],
    ['no YAML', 'a: [', { 'content-type': 'application/yaml' }, 400, /line 1: not YAML: /],
    [
      'a bomb of YAML',
      'a: &a [x]\nb: *a',
      { 'content-type': 'application/yaml' },
      400,
      /line 2: .*alias/,
    ],
    [
      'much YAML',
      `a: ${'x'.repeat(2 ** 20)}`,
      { 'content-type': 'application/yaml' },
      413,
      /1048576 bytes/,
    ],
    ['a form', 'a=b', form, 415, /^expected a body with Content-Type: application\/json or /],
    ['plain text', '{}', { 'content-type': 'text/plain' }, 415, /Content-Type/],
    [
      'what is compressed',
      gzipSync('{}'),
      { 'content-encoding': 'gzip' },
      415,
      /Content-Encoding$/,
    ],
    ['another origin', '{}', { origin: 'http://evil.example' }, 403, /Origin/],
  ];
  for (const [what, body, headers, status, detail] of refused) {
    it(`refuses ${what} with ${status}`, async () => {
      const answered = await post(body, { headers });
      expect(answered.status).to.equal(status);
      expect(answered.json).to.have.property('detail').that.matches(detail);
    });
  }

  it('refuses a body above its bound before it has come', async () => {
    const socket = connect(bench.port, '127.0.0.1');
    const head = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Content-Length: ${BODY_BYTES + 1}\r\n\r\n{`);
    const answered = await textOf(socket);
    expect(answered)
      .to.match(/^HTTP\/1\.1 413 /)
      .and.to.include('"status":413');
  });

  it('refuses a body above its bound that does not say how long it is', async () => {
    const socket = connect(bench.port, '127.0.0.1');
    socket.on('error', () => undefined);
    let answered = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answered += text));
    const head = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `100000\r\n${' '.repeat(0x10_0000)}\r\n`;
    for (let mib = 0; mib < 18; mib += 1) socket.write(chunk);
    await until(() => answered.includes('"status":413'), 'the refusal');
    socket.destroy();
  });

  it('refuses an answer that would be far larger than what was sent', async () => {
    const rules = Array.from({ length: 100 }, () => '- { message: "*z*", action: reject }').join(
      '\n',
    );
    await using large = await ApiBench.open({ config: `version: 1\nfilters:\n${rules}` });
    const body = JSON.stringify({ kind: 'Event', message: 'm'.repeat(400_000) });
    const headers = { 'content-type': 'application/json' };
    const answered = await large.ask({ method: 'POST', path: PATH, body, headers });
    expect(answered.status).to.equal(413);
  });

  it('goes on after a client that left in the middle of its body', async () => {
    const head = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    for (let index = 0; index < 8; index += 1) {
      const socket = connect(bench.port, '127.0.0.1');
      socket.write(`${head}Content-Length: 100\r\n\r\n{`, () => socket.destroy());
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await until(async () => (await post('[]')).status === 200, 'an answer');
    expect(bench.recording.of('bug')).to.deep.equal([]);
  });

  it('makes four explanations at once, and says so to the next', async () => {
    const head = `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const sockets = Array.from({ length: 4 }, () => connect(bench.port, '127.0.0.1'));
    for (const socket of sockets) socket.write(`${head}Content-Length: 2\r\n\r\n[`);
    const full = await until(async () => {
      const answered = await post('[]');
      return answered.status === 503 && answered;
    }, 'no more room');
    expect(full.headers['retry-after']).to.equal('1');
    const answers = sockets.map((socket) => textOf(socket));
    for (const socket of sockets) socket.end(']');
    for (const answered of await Promise.all(answers))
      expect(answered).to.match(/^HTTP\/1\.1 200 /);
  });
});
