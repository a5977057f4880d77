// A request of the specs' client leaves its connection usable for the next one.

import { expect } from 'chai';
import { Authority } from '../support/certificates.ts';
import { ScriptedApiServer } from '../support/scripted-api-server.ts';
import { AdminClient } from './admin-client.ts';

describe('the AdminClient', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    it(`sends the body of a ${method} with its length, and goes on over the same connection`, async () => {
      using authority = new Authority();
      await using server = await ScriptedApiServer.start(authority.sign('server'));
      server.answerBy((request) => {
        request.answer(200, { body: request.body });
        return true;
      });
      using client = new AdminClient(server.url, 'token', authority.cert);
      const body = { propagationPolicy: 'Orphan', name: 'ü' };
      const sent = await client.send({ method, path: '/api/v1/things/a', body });
      expect(sent).to.deep.equal({ status: 200, body: { body: JSON.stringify(body) } });
      await client.request('GET', '/api/v1/things');
      expect(server.log.map((one) => one.method)).to.deep.equal([method, 'GET']);
      expect(server.connections).to.equal(1);
    });
  }
});
