// The recipe for an EventListener of Tekton, from the page to the trigger and from each answer to
// its outcome.

import { expect } from 'chai';
import { isJsonList, type JsonObject, jsonAt } from '../../lib/core/json-object.ts';
import { delivered, itComesTo } from './answers.ts';
import { EVENT_NAME } from './recorded-series.ts';
import { eventListener } from './stand-ins/event-listener.ts';

const TOKEN = 'the-token-of-the-filter';
const SENDER = {
  origin: 'http://el-sluice.tekton.svc:8080',
  environment: { TEKTON_TOKEN: TOKEN },
};

function ignore(): void {
  // The triggered body is checked by another spec.
}

describe('the recipe for an EventListener', () => {
  it('sends the document that the bindings of the page read, past the filter', async () => {
    const bodies: JsonObject[] = [];
    const world = { token: TOKEN, isGuarded: false };
    const standIn = eventListener(world, (body) => void bodies.push(body));
    const { arrived } = await delivered('Tekton: EventListener', { ...SENDER, standIn });
    const [request] = arrived;
    expect(request).to.include({ method: 'POST', target: '/' });
    expect(request?.headers).to.include({ 'content-type': 'application/json' });
    expect(bodies).to.have.length(1);
    const [body] = bodies;
    expect(body?.['id']).to.equal(request?.headers['idempotency-key']);
    const occurrences = jsonAt(body, 'occurrences');
    const event = isJsonList(occurrences) ? jsonAt(occurrences[0], 'event') : undefined;
    expect(jsonAt(event, 'metadata', 'name')).to.equal(EVENT_NAME);
    expect(jsonAt(event, 'involvedObject', 'name')).to.equal('checkout-674555b6f9-fggwc');
  });

  itComesTo('Tekton: EventListener', SENDER, [
    { row: '202', standIn: eventListener({ token: TOKEN, isGuarded: false }, ignore) },
    {
      row: '400',
      standIn: eventListener({ token: TOKEN, isGuarded: false }, ignore),
      edit: ['receiver: deduplicates', 'receiver: deduplicates\n      batch: { wait: 0s }'],
    },
    { row: '401', standIn: eventListener({ token: TOKEN, isGuarded: true }, ignore) },
  ]);

  it('is answered 202 although the filter stops it, as the page warns', async () => {
    const bodies: JsonObject[] = [];
    const world = { token: 'another', isGuarded: false };
    const standIn = eventListener(world, (body) => void bodies.push(body));
    await delivered('Tekton: EventListener', { ...SENDER, standIn });
    expect(bodies).to.deep.equal([]);
  });
});
