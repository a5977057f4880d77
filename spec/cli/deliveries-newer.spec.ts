// `sluice deliveries` asks a gateway of a newer version: its documents have further keys, and further words
// in sets that the commands only print.

import { expect } from 'chai';
import { idOf, numbered } from '../support/builders.ts';
import { aFileWorld, type Serving, serving } from './deliveries-world.ts';
import { runLine } from './process-context.ts';

const NEWER = {
  ...{ dead: 'melted', acts: ['thaw', 'discard'], further: [1] },
  held: { budget: 'perDay', releaseAt: null, expiresAt: null },
  paused: { reason: 'frozen', until: null, why: 'winter' },
};

describe('a gateway of a newer version', () => {
  it('is shown with the words that it adds, without its further actions', async () => {
    await using server = await answering(NEWER);
    const { code, out, err } = await runLine(['deliveries', 'show', idOf(1), ...server.flags]);
    expect(code, err).to.equal(0);
    expect(out)
      .to.include('dead (melted)')
      .and.to.match(/^next\n {2}no retry$/m);
    expect(out).to.match(/deliveries discard .* # /);
    expect(out).to.not.include('thaw').and.not.include('undefined');
  });

  for (const line of [
    ['list', '--format', 'json'],
    ['show', idOf(1), '--format', 'json'],
    ['export'],
  ]) {
    it(`is passed on as JSON by ${line[0]}`, async () => {
      await using server = await answering(NEWER);
      const { code, out, err } = await runLine(['deliveries', ...line, ...server.flags]);
      expect(code, err).to.equal(0);
      expect(JSON.parse(out)).to.deep.equal(line[0] === 'list' ? server.page : server.whole);
    });
  }

  it('cannot leave out what an export has', async () => {
    await using server = await answering({ occurrences: undefined });
    const { code, out, err } = await runLine(['deliveries', 'export', ...server.flags]);
    expect([code, out]).to.deep.equal([1, '']);
    expect(err).to.include('or from another version (expected a page of complete deliveries)');
  });

  it('cannot clear the terminal with a word', async () => {
    await using server = await answering({ dead: '\u001b[2J' });
    const { code, out, err } = await runLine(['deliveries', 'show', idOf(1), ...server.flags]);
    expect(code).to.equal(1);
    expect(`${out}${err}`).to.not.include('\u001b');
    expect(err).to.include('or from another version (expected a complete delivery)');
  });
});

interface Answering extends Serving {
  readonly whole: object;
  readonly page: object;
  readonly flags: readonly string[];
}

/** A server with one delivery, made by this version and changed. */
async function answering(changes: object): Promise<Answering> {
  await using world = await aFileWorld();
  await world.commit([numbered(1, { state: 'dead', dead: 'expired' })]);
  const { out } = await world.run(['show', idOf(1), '--format', 'json']);
  const whole = { ...(JSON.parse(out) as object), ...changes };
  const page = { items: [whole], next: null, total: 1 };
  const server = await serving((request, response) => {
    const document = request.url?.includes(idOf(1)) === true ? whole : page;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });
  return { ...server, whole, page, flags: ['--url', server.url] };
}
