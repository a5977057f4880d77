// What receivers are sent while they misbehave, read over the wire with the official packages of
// Standard Webhooks and CloudEvents: several deliveries in one request, and signed requests that a
// receiver with a memory takes once. Behind it are a real gateway and a real API server.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CloudEvent, HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { until } from '../support/until.ts';
import * as bad from './support/misbehaviour.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';
import { type Arrived, SwitchedReceiver, toldIn, WELL } from './support/switched-receiver.ts';
import { idOf, TwoTriggers } from './support/two-triggers.ts';

const EVENTS = 30;
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

describe('a request to a receiver', function () {
  this.timeout(60_000);
  let plane: ControlPlane;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
  });

  it('in batches is a list of CloudEvents, repeated whole after a lost answer', async () => {
    const batch = { max: 50, wait: '200ms' };
    const http = { format: 'cloudevents', batch };
    const receiver = await SwitchedReceiver.start();
    await using two = await TwoTriggers.start(plane, receiver, { http });
    const hangsFirst = bad.where(({ before }) => before === 0, bad.RESETTING);
    await two.play(hangsFirst, EVENTS);
    await two.goodIsDone();
    await two.badAre('delivered');
    const ids = await two.idsOf('bad');
    const [lost, ...taken] = receiver.arrived.map(eventsIn);
    expect(taken.flat().map(({ id }) => id)).to.have.members([...ids.values()]);
    for (const { body } of receiver.arrived) {
      for (const { id, event } of toldIn(body)) expect(id).to.equal(ids.get(event));
    }
    expect(two.doubted).to.have.members(lost?.map(({ id }) => id) ?? []);
    expect(lost).to.have.length.greaterThan(0);
    const requests = new Set(receiver.ids);
    expect(requests.size, 'each request has an id of its own').to.equal(receiver.arrived.length);
    expect(receiver.arrived.length).to.be.below(EVENTS / 2);
    expect(two.outcomes).to.deep.equal(['delivered', 'unknown connection-lost']);
    await two.expectUnhurt();
    await two.stop();
  });

  it('with a signature verifies at each attempt, and is accepted once by a receiver that knows its key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-secret-'));
    await using opened = new AsyncDisposableStack();
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const secretFile = join(folder, 'secret');
    await writeFile(secretFile, SECRET, { mode: 0o600 });
    const http = { signing: { secretFile }, receiver: 'deduplicates', format: 'cloudevents' };
    const receiver = await SwitchedReceiver.start();
    await using two = await TwoTriggers.start(plane, receiver, { http });
    const taken = new Map<string, string>();
    let resets = 0;
    await two.play(
      {
        // Every third is taken and its answer is lost: only the key tells the repetition.
        answer: (response, arrived) => {
          taken.set(String(arrived.headers['idempotency-key']), arrived.body);
          const isLost = arrived.attempt === 1 && arrived.before % 3 === 0;
          if (isLost) resets += 1;
          (isLost ? bad.RESETTING : WELL).answer(response, arrived);
        },
      },
      EVENTS,
    );
    await two.goodIsDone();
    await two.badAre('delivered');
    await until(() => two.moved('delivered').length === EVENTS, 'a line of each');
    for (const arrived of receiver.arrived) {
      const headers = { ...arrived.headers } as Record<string, string>;
      const [event] = eventsIn(arrived);
      expect(new Webhook(SECRET).verify(arrived.body, headers)).to.deep.include({ id: event?.id });
      expect(arrived.id).to.equal(event?.id);
      expect(arrived.headers['idempotency-key']).to.equal(arrived.id);
      expect(arrived.body, 'the same at each attempt').to.equal(taken.get(arrived.id));
    }
    const ids = [...(await two.idsOf('bad')).values()];
    expect([...taken.keys()]).to.have.members(ids);
    expect(resets).to.be.greaterThan(0);
    // A request on a kept connection goes out again at once, within the same attempt.
    expect(two.lost.length).to.be.at.most(resets);
    expect(receiver.ids).to.have.length(EVENTS + resets);
    expect(two.moved('delivered').map(idOf)).to.have.members(ids);
    expect(two.doubted, 'the receiver told the repetitions').to.deep.equal([]);
    expect(JSON.stringify(two.gateway.lines)).to.not.include(SECRET);
    await two.expectUnhurt();
    await two.stop();
  });
});

/** What the official package reads in a request. */
function eventsIn({ headers, body }: Arrived): readonly CloudEvent[] {
  return [HTTP.toEvent({ headers, body })].flat().map((event) => {
    if (!(event instanceof CloudEvent)) throw new Error('no CloudEvent');
    // It only notes what is wrong where nobody asks.
    event.validate();
    return event;
  });
}
