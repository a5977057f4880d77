// The paths of a playback over real sockets: discovery and refusals.

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { expect } from 'chai';
import { stringAt } from '../../lib/core/json-object.ts';
import { anEntry, aPlayback, ask, EVENTS, SHOP, servedPerSpec } from './support.ts';

describe('playback', () => {
  const served = servedPerSpec();

  describe('discovery', () => {
    const documents: readonly [string, string, string][] = [
      ['/api', 'kind', 'APIVersions'],
      ['/apis', 'kind', 'APIGroupList'],
      ['/api/v1', 'groupVersion', 'v1'],
      ['/version', 'major', '1'],
      ['/api/v1/namespaces', 'kind', 'NamespaceList'],
      ['/api/v1/namespaces/kube-system', 'kind', 'Namespace'],
      ['/api/v1/namespaces/anything', 'kind', 'Namespace'],
    ];
    for (const [path, field, value] of documents) {
      it(`answers ${path}`, async () => {
        const { status, body } = await ask(await served([]), path);
        expect(status).to.equal(200);
        expect(body[field]).to.equal(value);
      });
    }

    for (const path of ['/healthz', '/livez', '/readyz']) {
      it(`reports health at ${path}`, async () => {
        const response = await fetch(`${(await served([])).url}${path}`);
        expect([response.status, await response.text()]).to.deep.equal([200, 'ok']);
      });
    }

    it('gives kube-system the same uid each time, and another one for another cluster', async () => {
      const uids: string[] = [];
      for (const cluster of ['a', 'a', 'b']) {
        await using one = await aPlayback([], { cluster });
        const { body } = await ask(one, '/api/v1/namespaces/kube-system');
        uids.push(stringAt(body, 'metadata', 'uid'));
      }
      expect(uids[0]).to.match(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      expect(uids[1]).to.equal(uids[0]);
      expect(uids[2]).not.to.equal(uids[0]);
    });
  });

  describe('the Host header', () => {
    const hosts: readonly (readonly [hosts: readonly string[], status: number])[] = [
      [['127.0.0.1:8001'], 200],
      [['localhost:9'], 200],
      [['[::1]'], 200],
      [['evil.example'], 421],
      [['127.0.0.1.evil.example:8001'], 421],
      [['10.0.0.7'], 421],
      [['localhost', 'evil.example'], 400],
      [['user@localhost'], 400],
    ];
    for (const [given, status] of hosts) {
      it(`${given.join(' and ')}: every path answers ${status}`, async () => {
        const one = await served([anEntry('shop/a')]);
        await one.done;
        for (const path of ['/healthz', '/api', SHOP, `${EVENTS}?watch=1&timeoutSeconds=1`]) {
          const { code, text } = await askUnder(given, one.port, path);
          expect(code, path).to.equal(status);
          if (status !== 200) expect(text).to.include('"kind":"Status"').and.not.include('shop');
        }
      });
    }

    it('may be the name of the address that it listens on', async () => {
      const one = await served([], { host: 'localhost' });
      expect((await askUnder(['LOCALHOST:1'], one.port, '/api')).code).to.equal(200);
    });
  });

  describe('refusals', () => {
    const refused: readonly [string, string, number, string][] = [
      ['GET', '/apis/batch/v1/jobs', 404, 'NotFound'],
      ['GET', '/api/v1/pods', 404, 'NotFound'],
      ['GET', `${SHOP}/nothing`, 404, 'NotFound'],
      ['POST', SHOP, 405, 'MethodNotAllowed'],
      ['DELETE', `${SHOP}/a`, 405, 'MethodNotAllowed'],
      ['POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', 404, 'NotFound'],
      ['GET', `${EVENTS}?fieldSelector=kind%3DPod`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?limit=x`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?continue=x`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?resourceVersion=x`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?watch=1&resourceVersion=x`, 400, 'BadRequest'],
      ['GET', `${EVENTS}?watch=1&sendInitialEvents=true`, 422, 'Invalid'],
      ['GET', `${EVENTS}?resourceVersion=99999999`, 504, 'Timeout'],
      ['GET', `${EVENTS}?resourceVersion=1000&resourceVersionMatch=Exact`, 410, 'Expired'],
      ['GET', '/api/v1/namespaces/%zz/events', 400, 'BadRequest'],
    ];
    for (const [method, path, code, reason] of refused) {
      it(`answers ${method} ${path} with a Status ${code} ${reason}`, async () => {
        const one = await served([anEntry('shop/a')]);
        await one.done;
        const { status, headers, body } = await ask(one, path, { method });
        expect(status).to.equal(code);
        expect(headers.get('content-type')).to.equal('application/json');
        expect(body).to.include({
          kind: 'Status',
          apiVersion: 'v1',
          status: 'Failure',
          reason,
          code,
        });
      });
    }
  });
});

/** Asks with these Host headers, and disconnects after the head of the answer or a refusal. */
async function askUnder(
  hosts: readonly string[],
  port: number,
  path: string,
): Promise<{ readonly code: number; readonly text: string }> {
  const headers = hosts.flatMap((host) => ['Host', host]);
  const sent = request({ host: '127.0.0.1', port, path, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const code = response.statusCode ?? 0;
  const text = code === 200 ? '' : await textOf(response);
  sent.destroy();
  return { code, text };
}
