// Promises of `observe`: it never throws, survives a broken stream, and only counts after close.

import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import { anAcceptance, anOccurrence } from '../support/builders.ts';
import { failingStream } from '../support/doubles/log-stream.ts';
import { heard } from './support.ts';

const WHERE = { source: 'shop', path: '/api/v1/namespaces/shop/events' };

describe('observe', () => {
  it('never throws, and writes failures of the report to stderr', async () => {
    const { telemetry, errors } = heard(
      {},
      {
        nearest: () => {
          throw new Error('nearest failed');
        },
      },
    );
    const rejection = anAcceptance({
      decision: { action: 'reject', rule: null, triggers: [], quietMs: 0 },
      disposed: [],
    });
    expect(() => telemetry.observe(rejection)).not.to.throw();
    expect(await errors()).to.deep.equal([
      'bug in the log of decision: nearest failed (please report this line)',
    ]);
  });

  it('writes the lines of one turn at once, an error line with those before it immediately', async () => {
    const writes: string[] = [];
    const stdout = new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        if (text !== '') writes.push(text);
        done();
      },
    });
    const { telemetry } = heard({ format: 'text' }, { stdout });
    for (const why of ['a', 'b']) telemetry.observe({ kind: 'credentials-reread', why });
    expect(writes).to.deep.equal([]);
    telemetry.observe({ kind: 'bug', where: 'c', error: 'd' });
    expect(writes.map((text) => text.split('\n').length - 1)).to.deep.equal([3]);
    for (const why of ['e', 'f']) telemetry.observe({ kind: 'credentials-reread', why });
    await telemetry.close();
    expect(writes.map((text) => text.split('\n').length - 1)).to.deep.equal([3, 2]);
  });

  it('survives a pipe that fails at a write', async () => {
    const { telemetry } = heard({}, { stdout: failingStream() });
    telemetry.observe({ kind: 'credentials-reread', why: '401' });
    telemetry.observe({ kind: 'credentials-reread', why: '401' });
    await telemetry.close();
    expect((await telemetry.metrics()).text).to.include('sluice_');
  });

  it('survives a broken pipe', async () => {
    const broken = new PassThrough();
    const { telemetry } = heard({}, { stdout: broken });
    telemetry.observe({ kind: 'credentials-reread', why: '401' });
    broken.destroy(new Error('EPIPE'));
    telemetry.observe({ kind: 'credentials-reread', why: '401' });
    await telemetry.close();
  });

  it('counts but logs nothing after close, which may be called twice', async () => {
    const { telemetry, lines: written } = heard();
    await telemetry.close();
    await telemetry.close();
    telemetry.observe({ kind: 'events-read', ...WHERE, from: 'list', count: 2 });
    telemetry.observe(anAcceptance({ occurrence: anOccurrence() }));
    expect(await written()).to.deep.equal([]);
    expect((await telemetry.metrics()).text).to.match(/sluice_events_read_total\{.*\} 2/);
  });
});
