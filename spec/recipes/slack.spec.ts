// The recipe for Slack, from the page to the message and from each answer to its outcome.

import { expect } from 'chai';
import { delivered, itComesTo } from './answers.ts';
import { type Slack, slack } from './stand-ins/slack.ts';

const PATH = '/services/T00000000/B00000000/s3cr3ts3cr3ts3cr3ts3cr3t';
const ORIGIN = 'https://hooks.slack.com';
const SENDER = { origin: ORIGIN, environment: { SLACK_WEBHOOK_URL: `${ORIGIN}${PATH}` } };

function inState(state: Slack['state'], path = PATH): ReturnType<typeof slack> {
  return slack({ path, state });
}

describe('the recipe for Slack', () => {
  it('sends a message in which no text of an Event is markup', async () => {
    const standIn = inState('open');
    const { arrived } = await delivered('Slack', { ...SENDER, standIn });
    const [request] = arrived;
    expect(request).to.include({ method: 'POST', target: PATH });
    expect(request?.headers['content-type']).to.equal('application/json');
    expect(request?.body).to.equal(
      '{"text":"Sluice: crash-loop","blocks":[{"type":"section","text":{"type":"plain_text",' +
        '"emoji":false,"text":"BackOff ×3 in shop/checkout-674555b6f9-fggwc: Back-off ' +
        'restarting failed container app in pod ' +
        'checkout-674555b6f9-fggwc_shop(36eb2dcd-cc4f-4673-9b33-da2aa61497a4)"}}]}',
    );
  });

  itComesTo('Slack', SENDER, [
    { row: '200', standIn: inState('open') },
    {
      row: '400',
      standIn: inState('open'),
      edit: ['text: "Sluice: ${rule}"', 'text: [ "Sluice: ${rule}" ]'],
    },
    { row: '403', standIn: inState('prohibited') },
    { row: '404', standIn: inState('open', '/services/T00000000/B00000000/revoked') },
    { row: '410', standIn: inState('archived') },
    { row: '429', standIn: inState('limited'), pauseMs: 30_000 },
  ]);
});
