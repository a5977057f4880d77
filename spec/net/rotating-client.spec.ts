// The client of the current settings: when it is replaced, and what becomes of the one before it.

import { expect } from 'chai';
import { RotatingClient } from '../../lib/net/undici-client.ts';

interface Settings {
  readonly certificate: string;
}

/** A client that notes what happens to it. */
class RecordedClient implements AsyncDisposable {
  readonly certificate: string;
  readonly events: string[] = [];
  end: () => void = () => undefined;

  constructor({ certificate }: Settings) {
    if (certificate === 'broken') throw new Error('a broken certificate');
    this.certificate = certificate;
  }

  async retire(): Promise<void> {
    this.events.push('retire');
    await new Promise<void>((resolve) => (this.end = resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.events.push('dispose');
  }
}

function rotating(): RotatingClient<Settings, RecordedClient> {
  return new RotatingClient((settings: Settings) => new RecordedClient(settings));
}

describe('a rotating client', () => {
  it('is the same while the settings are, and retires the one before', async () => {
    await using clients = rotating();
    const settings = { certificate: 'one' };
    const first = clients.clientFor(settings);
    expect(clients.clientFor(settings)).to.equal(first);
    const second = clients.clientFor({ certificate: 'two' });
    expect([first.events, second.events]).to.deep.equal([['retire'], []]);
    expect(second.certificate).to.equal('two');
  });

  it('stays if a client of new settings cannot be made', async () => {
    await using clients = rotating();
    const settings = { certificate: 'one' };
    const first = clients.clientFor(settings);
    expect(() => clients.clientFor({ certificate: 'broken' })).to.throw('a broken certificate');
    expect(clients.clientFor(settings)).to.equal(first);
    expect(first.events).to.deep.equal([]);
  });

  it('disposes the current client and retired ones that are not over', async () => {
    const clients = rotating();
    const over = clients.clientFor({ certificate: 'one' });
    const retired = clients.clientFor({ certificate: 'two' });
    const current = clients.clientFor({ certificate: 'three' });
    over.end();
    await Promise.resolve();
    await Promise.resolve();
    await clients[Symbol.asyncDispose]();
    await clients[Symbol.asyncDispose]();
    expect(over.events).to.deep.equal(['retire']);
    expect(retired.events).to.deep.equal(['retire', 'dispose']);
    expect(current.events).to.deep.equal(['dispose']);
  });
});
