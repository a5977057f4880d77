// Conversations over real sockets: whole answers within a bound, no redirect, and failures as
// answers.

import { expect } from 'chai';
import { systemClock } from '../../lib/kit/system.ts';
import { Conversation } from '../../lib/net/conversation.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { closedPort, httpReceiver, rawReceiver } from './support/receiver.ts';

const OPTIONS = { userAgent: 'sluice/spec', maxBytes: 1000, connectTimeoutMs: 5000 } as const;

function aConversation(addresses: 'guarded' | 'any' = 'any'): Conversation {
  return new Conversation({ ...OPTIONS, addresses }, { clock: systemClock });
}

function ask(conversation: Conversation, url: URL, signal: AbortSignal = NEVER) {
  return conversation.ask({ method: 'GET', url, headers: {} }, signal);
}

describe('a conversation', () => {
  it('answers with status, headers and the whole text, over a kept connection', async () => {
    const seen: (string | undefined)[] = [];
    await using receiver = await httpReceiver((request, response) => {
      seen.push(request.headers.authorization, request.headers['user-agent']);
      response.writeHead(202, { 'X-Build': '7' }).end('{"queued": "✓"}');
    });
    await using conversation = aConversation();
    for (const method of ['GET', 'POST'] as const) {
      const headers = { authorization: 'Bearer s' };
      const answer = await conversation.ask({ method, url: receiver.url(), headers }, NEVER);
      expect(answer).to.include({ answered: true, status: 202, text: '{"queued": "✓"}' });
      expect(answer).to.have.nested.property('headers.x-build', '7');
    }
    expect(seen).to.deep.equal(['Bearer s', 'sluice/spec', 'Bearer s', 'sluice/spec']);
    expect(receiver.connections).to.equal(1);
  });

  for (const status of [301, 404, 503]) {
    it(`returns ${status} as an answer`, async () => {
      let requests = 0;
      await using receiver = await httpReceiver((_request, response) => {
        requests += 1;
        response.writeHead(status, { location: '/elsewhere' }).end('no');
      });
      await using conversation = aConversation();
      const answer = await ask(conversation, receiver.url());
      expect(answer).to.include({ answered: true, status });
      expect(requests).to.equal(1);
    });
  }

  const large = [
    ['announced', { 'content-length': '1001' }],
    ['not announced', {}],
  ] as const;
  for (const [what, headers] of large) {
    it(`refuses an answer above its bound that is ${what}`, async () => {
      await using receiver = await httpReceiver((_request, response) => {
        response.writeHead(200, headers).write('x'.repeat(500));
        response.end('x'.repeat(501));
      });
      await using conversation = aConversation();
      const answer = await ask(conversation, receiver.url());
      expect(answer).to.include({ reached: 'perhaps', failure: 'bad-answer', code: 'too-large' });
    });
  }

  it('reports progress while a body arrives', async () => {
    let progress = 0;
    await using receiver = await httpReceiver((_request, response) => response.end('ok'));
    await using conversation = aConversation();
    const onProgress = (): void => void (progress += 1);
    await conversation.ask({ method: 'GET', url: receiver.url(), headers: {}, onProgress }, NEVER);
    await until(() => progress > 0, 'the progress');
  });

  it('never reaches a server if nothing listens', async () => {
    const port = await closedPort();
    await using conversation = aConversation();
    expect(await ask(conversation, new URL(`http://127.0.0.1:${port}/`))).to.deep.equal({
      answered: false,
      reached: 'never',
      failure: 'refused',
      code: 'ECONNREFUSED',
      detail: `ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  it('asks no forbidden address unless it may', async () => {
    await using receiver = await httpReceiver((_request, response) => response.end('ok'));
    const url = receiver.url('/', '0.0.0.0');
    await using guarded = aConversation('guarded');
    expect(await ask(guarded, url)).to.include({ reached: 'never', failure: 'forbidden-address' });
    await using conversation = aConversation();
    expect(await ask(conversation, url)).to.include({ answered: true });
  });

  const cut = [
    ['before an answer', ''],
    ['within an answer', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'],
  ] as const;
  for (const [what, text] of cut) {
    it(`may have reached a server that closes ${what}`, async () => {
      await using receiver = await rawReceiver((socket) => void socket.end(text));
      await using conversation = aConversation();
      const answer = await ask(conversation, receiver.url());
      expect(answer).to.include({ reached: 'perhaps', failure: 'reset', code: 'ECONNRESET' });
    });
  }

  const reasons = [
    ['timeout', new DOMException('late', 'TimeoutError')],
    ['aborted', new Error('stop')],
  ] as const;
  for (const [failure, reason] of reasons) {
    it(`ends with its signal: ${failure}`, async () => {
      await using receiver = await rawReceiver(() => undefined);
      await using conversation = aConversation();
      const stop = new AbortController();
      const asking = ask(conversation, receiver.url(), stop.signal);
      await until(() => receiver.received !== '', 'the request');
      stop.abort(reason);
      expect(await asking).to.include({ answered: false, reached: 'perhaps', failure });
    });
  }
});
