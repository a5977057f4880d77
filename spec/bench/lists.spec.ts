// The pages whose time is measured: one with another number of deliveries is no figure.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { listTime, pathOf } from './lists.ts';

describe('the pages of the bench', () => {
  const server = createServer((_, response) => response.end('{"items":[{},{}]}'));
  let api = '';
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  it('are asked for with their filters', () => {
    expect(pathOf({ limit: 5, count: 5 })).to.equal('/api/v1/deliveries?limit=5');
    const filtered = { limit: 5, count: 0, filters: 'state=dead' };
    expect(pathOf(filtered)).to.equal('/api/v1/deliveries?limit=5&state=dead');
  });

  it('take some time', async () => {
    expect(await listTime(api, { limit: 50, count: 2 })).to.be.greaterThan(0);
  });

  it('are refused if they have another number of deliveries', async () => {
    const refused = await listTime(api, { limit: 50, count: 50 }).catch(String);
    expect(refused).to.contain('200: 2 deliveries and not 50');
  });
});
