// Receivers that give no answer in front of a real gateway and a real API server: they hang, reset,
// refuse, are somebody else, or are nowhere a request may go. Beside each another trigger of the
// same rule gets every Event once. Receivers that answer are receivers.spec.ts.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { Authority } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import * as bad from './support/misbehaviour.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { SwitchedReceiver } from './support/switched-receiver.ts';
import { outcomeOf, TwoTriggers } from './support/two-triggers.ts';

const EVENTS = 20;
// The longest first pause of a breaker is 5 s, the second 10 s, each with some room.
const BREAKER_MS = 25_000;

describe('a receiver that does not answer', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  const opened = new AsyncDisposableStack();

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
  });
  after(() => opened.disposeAsync());

  /** Waits until the breaker of `bad` is open, and looks at everything that says so. */
  async function expectOpen(two: TwoTriggers): Promise<void> {
    const isOpen = async (): Promise<boolean> => (await two.status('bad')).breaker !== 'closed';
    await until(isOpen, 'the breaker to open', BREAKER_MS);
    expect((await two.notes()).join()).to.match(/^trigger bad: breaker open/);
    expect(await two.metric('sluice_breaker_open', 'trigger="bad"')).to.equal(1);
    expect(two.breakerLines.map(({ level, breaker }) => [level, breaker])).to.deep.equal([
      ['error', 'open'],
    ]);
    expect((await two.status('good')).breaker).to.equal('closed');
  }

  /** What is there once the receiver is back: everything arrived and the end was told once. */
  async function expectClosed(two: TwoTriggers): Promise<void> {
    await two.expectArrived();
    expect((await two.status('bad')).breaker).to.equal('closed');
    expect(await two.notes()).to.deep.equal([]);
    expect(await two.metric('sluice_breaker_open', 'trigger="bad"')).to.equal(0);
    expect(two.breakerLines.map(({ level }) => level)).to.deep.equal(['error', 'info']);
    expect(two.breakerLines[1]?.['breaker']).to.equal('closed');
  }

  describe('but hangs, and resets connections later', () => {
    let two: TwoTriggers;

    before(async () => {
      const shared = { timeout: '1s', concurrency: 4 };
      two = opened.use(await TwoTriggers.start(plane, await SwitchedReceiver.start(), { shared }));
    });

    it('hanging is aborted in time, retried, and reported as possibly twice', async () => {
      await two.play(bad.HANGING, EVENTS);
      await two.goodIsDone();
      expect(await two.countOf('delivered')).to.equal(0);
      await until(() => two.attempts.length > 0, 'a lost answer');
      two.bad.mend();
      expect(two.outcomes).to.deep.equal(['unknown timeout']);
      await two.expectArrived();
      expect(two.lost.length).to.be.within(1, 8);
      expect(two.bad.ids).to.have.length(EVENTS + two.lost.length);
      expect((await two.status('bad')).breaker).to.equal('closed');
      await two.expectUnhurt();
    });

    it('resetting before it reads causes retries of those requests', async () => {
      for (const socket of two.bad.sockets) socket.destroy();
      await two.play(bad.resettingFirst(two.bad.connections + 4), EVENTS);
      await two.goodIsDone();
      await two.expectArrived();
      // The reset may come before or after the gateway sees that there is a connection.
      const failed = two.outcomes.filter((outcome) => outcome !== 'delivered');
      expect(['retry unreachable', 'unknown connection-lost']).to.include.members(failed);
      expect(two.attempts).to.have.length(EVENTS + 4);
      expect(two.bad.ids, 'what it reset it never read').to.have.length(EVENTS);
      await two.expectUnhurt();
    });

    it('resetting after it has read opens the breaker, and everything arrives once it works', async () => {
      await two.play(bad.RESETTING, EVENTS);
      await two.goodIsDone();
      await expectOpen(two);
      expect(two.outcomes).to.deep.equal(['unknown connection-lost']);
      expect(await two.countOf('delivered')).to.equal(0);
      await two.expectUnhurt();
      two.bad.mend();
      await expectClosed(two);
      expect(two.bad.ids).to.have.length(two.attempts.length);
      await two.stop();
    });
  });

  it('whose port is closed gets no attempts until it is back, which is reported once', async () => {
    await using two = await TwoTriggers.start(plane, await SwitchedReceiver.closed());
    await two.play(two.bad.behaviour, EVENTS);
    await two.goodIsDone();
    await expectOpen(two);
    expect(two.breakerLines[0]?.['why']).to.include('attempts in a row did not reach it');
    const opened = 'sluice_breaker_opened_total';
    await until(
      async () => (await two.metric(opened, 'trigger="bad"')) > 1,
      'an attempt to see to fail',
      BREAKER_MS,
    );
    expect(two.outcomes).to.deep.equal(['retry unreachable']);
    await expectOpen(two);
    await two.expectUnhurt();
    await two.bad.open();
    await expectClosed(two);
    // Nothing was lost on the way, so nothing is in doubt and nothing came twice.
    expect(two.bad.ids).to.have.length(EVENTS);
    expect(two.doubted).to.deep.equal([]);
    await two.stop();
  });

  it('but shows a certificate of another authority gets no request', async () => {
    using ours = new Authority('ours');
    using theirs = new Authority('theirs');
    const folder = await mkdtemp(join(tmpdir(), 'sluice-ca-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const caFile = join(folder, 'ca.crt');
    await writeFile(caFile, ours.cert);
    const receiver = await SwitchedReceiver.start(undefined, theirs.sign('receiver'));
    await using two = await TwoTriggers.start(plane, receiver, { http: { tls: { caFile } } });
    await two.play(receiver.behaviour, EVENTS);
    await two.goodIsDone();
    await expectOpen(two);
    expect(two.outcomes).to.deep.equal(['retry unreachable']);
    expect(two.attempts[0]?.['detail']).to.match(
      /^POST https:\/\/127\.0\.0\.1:\d+\/hook: tls, UNABLE_TO_VERIFY_LEAF_SIGNATURE /,
    );
    expect(receiver.connections).to.be.greaterThan(0);
    expect(receiver.arrived).to.deep.equal([]);
    await two.expectUnhurt();
    await two.stop();
    expect(two.gateway.of('stopped')[0]).to.include({ waiting: EVENTS, abandoned: 0 });
  });

  it('because its address is link-local stops the start, in any form of the address', async () => {
    const hosts = [
      ['169.254.169.254', '169.254.169.254'],
      ['0xa9fea9fe', '169.254.169.254'],
      ['[::ffff:169.254.169.254]', '::ffff:a9fe:a9fe'],
    ] as const;
    for (const [host, shown] of hosts) {
      const url = `http://${host}/latest/meta-data/`;
      const receiver = await SwitchedReceiver.closed();
      const refused: unknown = await TwoTriggers.start(plane, receiver, { url }).catch(
        (error: unknown) => error,
      );
      expect(String(refused), host).to.include(
        `error wrong-value: found the address ${shown}, which is link-local`,
      );
    }
  });

  it('because its address became link-local after the start is never connected to', async () => {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'sluice-link-local-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const urlFile = join(folder, 'url');
    const receiver = await SwitchedReceiver.start();
    await writeFile(urlFile, receiver.url, { mode: 0o600 });
    await using two = await TwoTriggers.start(plane, receiver, { urlFile });
    await writeFile(urlFile, 'http://169.254.169.254/latest/meta-data/');
    await two.play(receiver.behaviour, EVENTS);
    await two.goodIsDone();
    const sockets: string[] = [];
    await until(async () => {
      sockets.push(await readFile(`/proc/${two.gateway.pid}/net/tcp`, 'utf8'));
      return two.attempts.length >= 2 * EVENTS;
    }, 'two attempts of each');
    expect(two.outcomes).to.deep.equal(['retry secret-missing']);
    expect(two.attempts[0]?.['detail']).to.include(
      `file "${urlFile}": holds the address 169.254.169.254, which is link-local`,
    );
    expect(two.attempts[0]?.['level']).to.equal('error');
    expect(sockets.join('')).to.not.include(LINK_LOCAL);
    expect((await two.status('bad')).breaker).to.equal('closed');
    await two.expectUnhurt();
    await two.stop();
    expect(two.gateway.of('stopped')[0]).to.include({ waiting: EVENTS, abandoned: 0 });
  });

  const ends = [
    {
      what: 'sooner than the drain is waited for',
      timeout: '1s',
      args: [],
      left: { waiting: EVENTS, abandoned: 0 },
      outcome: 'unknown timeout',
    },
    {
      what: 'later than the drain is cut off, and said to be lost',
      timeout: '1h',
      args: ['--drain', '1s'],
      left: { waiting: EVENTS, abandoned: 4 },
      outcome: 'unknown stopped',
    },
  ];
  for (const { what, timeout, args, left, outcome } of ends) {
    it(`and times out ${what} at SIGTERM`, async () => {
      const hanging = await SwitchedReceiver.start();
      const shared = { timeout, concurrency: 4 };
      await using two = await TwoTriggers.start(plane, hanging, { shared, args });
      await two.play(bad.HANGING, EVENTS);
      await two.goodIsDone();
      await until(() => hanging.arrived.length >= 4, 'four requests');
      await two.expectUnhurt();
      await two.stop();
      expect([...new Set(two.attempts.map(outcomeOf))]).to.deep.equal([outcome]);
      expect(two.gateway.of('stopped')[0]).to.include(left);
    });
  }
});

// As /proc writes the address: in hexadecimal, in the byte order of the machine.
const LINK_LOCAL = 'FEA9FEA9';
