// The token: its file, owner and mode, comparison and rotation.

import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type FoundToken, keepToken, readToken, Token } from '../../lib/api/api-token.ts';
import { FakeClock } from '../support/fake-clock.ts';

const GOOD = 'a-token-of-twenty-characters';
const OWNER = process.geteuid?.() ?? 0;

describe('the token file', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-token-'));
    file = join(folder, 'sluice.token');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (content: string, mode: number): void => {
    writeFileSync(file, content);
    chmodSync(file, mode);
  };

  it('is made with 256 random bits for its owner alone, and leaves no draft behind', async () => {
    const found = await keepToken(folder, OWNER);
    expect(found).to.deep.equal({ ok: true, file, token: readFileSync(file, 'utf8').trim() });
    expect(tokenOf(found)).to.match(/^[\w-]{43}$/);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.deep.equal(['sluice.token']);
  });

  it('is used again by the next start', async () => {
    const first = await keepToken(folder, OWNER);
    expect(await keepToken(folder, OWNER)).to.deep.equal(first);
  });

  it('is one for all that begin together', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => keepToken(folder, OWNER)));
    expect(new Set(all.map(tokenOf)).size).to.equal(1);
    expect(readdirSync(folder)).to.deep.equal(['sluice.token']);
  });

  const unusable: readonly (readonly [what: string, prepare: () => void, why: RegExp])[] = [
    ['that others may read', () => write(GOOD, 0o644), /has mode 0644, expected 0600$/],
    ['that its group may write', () => write(GOOD, 0o620), /has mode 0620, expected 0600$/],
    ['that is empty', () => write('', 0o600), /has 0 characters, expected at least 16$/],
    ['that is short', () => write('short\n', 0o600), /has 5 characters, expected at least 16$/],
    ['with a line end inside', () => write(`${GOOD}\n${GOOD}`, 0o600), /invalid in a header$/],
    ['that is far too long', () => write('a'.repeat(5000), 0o600), /is not a token file$/],
    [
      'that is a symbolic link',
      () => {
        const target = join(folder, 'elsewhere');
        writeFileSync(target, GOOD, { mode: 0o600 });
        symlinkSync(target, file);
      },
      /is not used: it is a symbolic link, expected a file$/,
    ],
    ['that is a folder', () => mkdirSync(file, { mode: 0o700 }), /is not a token file$/],
  ];
  for (const [what, prepare, why] of unusable) {
    it(`${what} is not used, and what to do is said`, async () => {
      prepare();
      const found = await keepToken(folder, OWNER);
      expect(tokenOf(found)).to.equal(null);
      expect(messageOf(found)).to.match(why).and.to.include(file).and.not.to.include(GOOD);
      expect(found).to.have.nested.property('finding.severity', 'warning');
      expect(found).to.have.nested.property('finding.hint').that.includes('remove it');
    });
  }

  it('of another user is not used', async () => {
    write(GOOD, 0o600);
    const found = await keepToken(folder, OWNER + 1);
    expect(messageOf(found)).to.include(`it belongs to user ${OWNER}, expected ${OWNER + 1}`);
  });

  it('of another user is not used', function () {
    if (OWNER !== 0) this.skip();
    write(GOOD, 0o600);
    chownSync(file, 12_345, 12_345);
    return keepToken(folder, OWNER).then((found) =>
      expect(messageOf(found)).to.include('it belongs to user 12345, expected 0'),
    );
  });

  it('is not created in a folder that is missing or read-only, which is an info', async () => {
    const found = await keepToken(join(folder, 'none'), OWNER);
    expect(found).to.deep.include({ ok: false });
    expect(messageOf(found)).to.match(/^cannot store a token: writing .*: no such file$/);
    expect(found).to.have.nested.property('finding.severity', 'info');
  });

  describe('that the configuration names', () => {
    it('may be a link that all may read, as a mounted Secret is', async () => {
      const target = join(folder, '..data');
      writeFileSync(target, `${GOOD}\n`, { mode: 0o644 });
      symlinkSync(target, file);
      expect(await readToken(file)).to.deep.equal({ ok: true, file, token: GOOD });
    });

    it('is never made', async () => {
      const found = await readToken(file);
      expect(messageOf(found)).to.equal(`reading the token from ${file}: no such file`);
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    it('is refused when it is short', async () => {
      write('short', 0o600);
      expect(messageOf(await readToken(file))).to.include('has 5 characters, expected at least 16');
    });
  });
});

describe('the token', () => {
  const check = (authorization: string | undefined) =>
    new Token(async () => GOOD, new FakeClock()).check(authorization);
  const headers: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'absent'],
    [`Bearer ${GOOD}`, 'right'],
    [`bearer  ${GOOD} `, 'right'],
    [`Bearer ${GOOD}x`, 'wrong'],
    [`Bearer ${GOOD.slice(1)}`, 'wrong'],
    [`Bearer ${GOOD} ${GOOD}`, 'wrong'],
    ['Bearer', 'wrong'],
    [`Basic ${GOOD}`, 'wrong'],
    [GOOD, 'wrong'],
    ['', 'wrong'],
  ];
  for (const [header, expected] of headers) {
    it(`in ${JSON.stringify(header)} is ${expected}`, async () => {
      expect(await check(header)).to.equal(expected);
    });
  }

  it('is unset if there is none', async () => {
    const token = new Token(async () => null, new FakeClock());
    expect(await token.check(`Bearer ${GOOD}`)).to.equal('unset');
  });

  it('is waited for by all who ask while it is read for the first time', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const token = new Token(() => promise, new FakeClock());
    const checks = [token.check(`Bearer ${GOOD}`), token.check(`Bearer ${GOOD}`)];
    resolve(GOOD);
    expect(await Promise.all(checks)).to.deep.equal(['right', 'right']);
  });

  it('is read again after a second, and stays valid while its file is unreadable', async () => {
    const clock = new FakeClock();
    let content: string | null = GOOD;
    const token = new Token(async () => content, clock);
    expect(await token.check(`Bearer ${GOOD}`)).to.equal('right');
    content = 'another-token-of-the-same-file';
    expect(await token.check(`Bearer ${GOOD}`)).to.equal('right');
    await clock.advance(1_000);
    expect(await token.check(`Bearer ${GOOD}`)).to.equal('wrong');
    expect(await token.check(`Bearer ${content}`)).to.equal('right');
    content = null;
    await clock.advance(1_000);
    expect(await token.check('Bearer another-token-of-the-same-file')).to.equal('right');
  });

  it('ends ten seconds after its file went away, and is back with it', async () => {
    const clock = new FakeClock();
    let content: string | null = GOOD;
    const token = new Token(async () => content, clock);
    const after = async (ms: number): Promise<string> => {
      await clock.advance(ms);
      return token.check(`Bearer ${GOOD}`);
    };
    expect(await after(0)).to.equal('right');
    content = null;
    expect(await after(3_600_000), 'the first time it is missed').to.equal('right');
    expect(await after(9_000)).to.equal('right');
    expect(await after(1_000)).to.equal('unset');
    content = GOOD;
    expect(await after(1_000)).to.equal('right');
  });
});

function tokenOf(found: FoundToken): string | null {
  return found.ok ? found.token : null;
}

function messageOf(found: FoundToken): string {
  return found.ok ? '' : found.finding.message;
}
