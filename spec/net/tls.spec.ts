// TLS over real sockets: accepted certificates and names, and our own certificate.

import { createServer, type ServerOptions } from 'node:https';
import { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import type { HttpResult } from '../../lib/net/http-client.ts';
import type { TlsIdentity } from '../../lib/net/undici-client.ts';
import { Authority, type Pair } from '../support/certificates.ts';
import { withVariable } from '../support/environment-variable.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { NEVER } from '../support/never.ts';
import { until } from '../support/until.ts';
import { aClient, aRequest, httpReceiver, Receiver, rawReceiver } from './support/receiver.ts';

describe('TLS to a receiver', () => {
  let authority: Authority;
  let pair: Pair;
  before(() => {
    authority = new Authority();
    pair = authority.sign('receiver', 2, ['ci.example.test']);
  });
  after(() => authority[Symbol.dispose]());

  /** A receiver that tells whom it saw: the client's common name and the name it was asked for. */
  class Secure extends Receiver {
    requests = 0;
    readonly names: string[] = [];
  }

  async function secure(options: ServerOptions = {}): Promise<Secure> {
    const SNICallback: NonNullable<ServerOptions['SNICallback']> = (name, found) => {
      receiver.names.push(name);
      found(null);
    };
    const server = createServer({ ...pair, SNICallback, ...options }, (request, response) => {
      receiver.requests += 1;
      const { socket } = request;
      if (!(socket instanceof TLSSocket)) return;
      request.resume();
      const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string } };
      response.end(`hello ${subject?.CN ?? 'stranger'}`);
    });
    server.on('tlsClientError', () => undefined);
    const receiver = new Secure(server);
    await receiver.listen();
    return receiver;
  }

  async function sendTo(
    receiver: Receiver,
    tls: TlsIdentity,
    host = '127.0.0.1',
  ): Promise<HttpResult> {
    await using client = aClient(
      { tls },
      { lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]) },
    );
    return await client.send(aRequest(new URL(`https://${host}:${receiver.port}/`)), NEVER);
  }

  it('is refused before the request is sent if no known authority signed the certificate', async () => {
    await using receiver = await secure();
    const result = await sendTo(receiver, {});
    expect(result).to.include({ answered: false, reached: 'never', failure: 'tls' });
    expect(result)
      .to.have.property('detail')
      .that.matches(/^UNABLE_TO_VERIFY_LEAF_SIGNATURE 127/);
    expect(receiver.requests).to.equal(0);
  });

  it('resumes the session of the connection before, and none of another client', async () => {
    await using receiver = await secure({ ca: authority.cert, requestCert: true });
    const resumed: boolean[] = [];
    receiver.server.on('secureConnection', (socket: TLSSocket) =>
      resumed.push(socket.isSessionReused()),
    );
    const url = new URL(`https://127.0.0.1:${receiver.port}/`);
    for (const name of ['first', 'second']) {
      await using client = aClient({ tls: { ca: authority.cert, ...authority.sign(name) } });
      for (let count = 0; count < 2; count += 1) {
        // Each closes its connection, so the next one needs a handshake.
        const own = aRequest(url, { connection: 'own' });
        expect(await client.send(own, NEVER)).to.include({ excerpt: `hello ${name}` });
      }
    }
    expect(resumed).to.deep.equal([false, true, false, true]);
  });

  it('is accepted with the configured authority', async () => {
    await using receiver = await secure();
    const result = await sendTo(receiver, { ca: authority.cert });
    expect(result).to.include({ answered: true, excerpt: 'hello stranger' });
  });

  it('is refused if the certificate has expired', async () => {
    await using receiver = await secure(authority.sign('receiver', -1));
    const result = await sendTo(receiver, { ca: authority.cert });
    expect(result).to.include({ reached: 'never', failure: 'tls' });
    expect(result)
      .to.have.property('detail')
      .that.matches(/^CERT_HAS_EXPIRED/);
  });

  const names = [
    ['the URL’s name is requested and verified', 'ci.example.test', {}, 'ci.example.test'],
    ['an address is verified and no name requested', '127.0.0.1', {}, null],
    [
      'another name is requested and verified',
      '127.0.0.1',
      { serverName: 'ci.example.test' },
      'ci.example.test',
    ],
    [
      'another name replaces one that would fail',
      'elsewhere.test',
      { serverName: 'ci.example.test' },
      'ci.example.test',
    ],
  ] as const;
  for (const [what, host, more, seen] of names) {
    it(`uses names: ${what}`, async () => {
      await using receiver = await secure();
      const result = await sendTo(receiver, { ca: authority.cert, ...more }, host);
      expect(result).to.include({ answered: true });
      expect(receiver.names).to.deep.equal(seen === null ? [] : [seen]);
    });
  }

  const wrong = [
    ['the URL’s name', 'elsewhere.test', {}],
    ['the name that replaces it', 'ci.example.test', { serverName: 'elsewhere.test' }],
  ] as const;
  for (const [what, host, more] of wrong) {
    it(`is refused if the certificate is not for ${what}`, async () => {
      await using receiver = await secure();
      const result = await sendTo(receiver, { ca: authority.cert, ...more }, host);
      expect(result).to.include({ reached: 'never', failure: 'tls' });
      expect(result)
        .to.have.property('detail')
        .that.matches(/^ERR_TLS_CERT_ALTNAME_INVALID/);
      expect(receiver.requests).to.equal(0);
    });
  }

  it('is verified even if the environment turns verification off', async () => {
    await using receiver = await secure();
    const off = ['NODE_TLS_REJECT_UNAUTHORIZED', '0'] as const;
    const result = await withVariable(off, () => sendTo(receiver, {}));
    expect(result).to.include({ reached: 'never', failure: 'tls' });
  });

  it('accepts any certificate if an operator turned verification off', async () => {
    await using receiver = await secure(authority.sign('receiver', -1));
    const result = await sendTo(receiver, { isVerified: false });
    expect(result).to.include({ answered: true, excerpt: 'hello stranger' });
  });

  it('accepts certificates and keys as bytes', async () => {
    await using receiver = await secure({ ca: authority.cert, requestCert: true });
    const { cert, key } = authority.sign('sluice');
    const tls = { ca: Buffer.from(authority.cert), cert: Buffer.from(cert), key: Buffer.from(key) };
    expect(await sendTo(receiver, tls)).to.include({ answered: true, excerpt: 'hello sluice' });
  });

  it('does not request the name in a host header', async () => {
    await using receiver = await secure();
    await using client = aClient({ tls: { ca: authority.cert } });
    const url = new URL(`https://127.0.0.1:${receiver.port}/`);
    const headers = { host: 'elsewhere.test' };
    expect(await client.send(aRequest(url, { headers }), NEVER)).to.include({ answered: true });
    expect(receiver.names).to.deep.equal([]);
  });

  it('presents our certificate', async () => {
    await using receiver = await secure({ ca: authority.cert, requestCert: true });
    const ours = authority.sign('sluice');
    const result = await sendTo(receiver, { ca: authority.cert, ...ours });
    expect(result).to.include({ answered: true, excerpt: 'hello sluice' });
  });

  it('never reaches a receiver that requires a certificate, although it refuses after the handshake', async () => {
    await using receiver = await secure({
      ca: authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const result = await sendTo(receiver, { ca: authority.cert });
    expect(result).to.include({ answered: false, reached: 'never', failure: 'tls' });
    expect(receiver.requests).to.equal(0);
  });

  const unusable = [
    ['authority', { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }],
    ['key', { cert: 'no PEM', key: 'secret' }],
  ] as const;
  for (const [what, tls] of unusable) {
    it(`fails as an answer with an invalid ${what}`, async () => {
      await using receiver = await secure();
      const result = await sendTo(receiver, tls);
      expect(result).to.include({ answered: false, reached: 'never', failure: 'tls' });
      expect(JSON.stringify(result)).not.to.include('secret');
    });
  }

  it('fails if the receiver does not use TLS', async () => {
    await using receiver = await httpReceiver((_request, response) => response.end());
    const result = await sendTo(receiver, {});
    expect(result).to.include({ answered: false, reached: 'never', failure: 'tls' });
  });

  it('fails if the receiver closes the connection in the handshake', async () => {
    await using receiver = await rawReceiver((socket) => socket.resetAndDestroy());
    const result = await sendTo(receiver, {});
    expect(result).to.include({ answered: false, reached: 'never', failure: 'reset' });
  });

  it('is covered by the connect timeout', async () => {
    await using receiver = await rawReceiver(() => undefined);
    const clock = new FakeClock();
    await using client = aClient({}, { clock });
    const url = new URL(`https://127.0.0.1:${receiver.port}/`);
    const sent = client.send(aRequest(url), NEVER);
    await until(() => receiver.received !== '', 'the handshake to begin');
    await clock.advance(5000);
    expect(await sent).to.include({ reached: 'never', failure: 'connect-timeout' });
  });

  it('keeps its connection for the next request', async () => {
    await using receiver = await secure();
    await using client = aClient({ tls: { ca: authority.cert } });
    const url = new URL(`https://127.0.0.1:${receiver.port}/`);
    for (let i = 0; i < 3; i++) await client.send(aRequest(url), NEVER);
    expect([receiver.connections, receiver.requests]).to.deep.equal([1, 3]);
  });
});
