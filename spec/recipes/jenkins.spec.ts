// The recipe for Jenkins, from the page to the queued build and from each answer to its outcome.

import { expect } from 'chai';
import { delivered, itComesTo } from './answers.ts';
import { type Jenkins, jenkins, type Queued } from './stand-ins/jenkins.ts';

const PASSWORD = 'the-password-of-sluice';
const API_TOKEN = '11aabbccddeeff00112233445566778899';
const ORIGIN = 'https://jenkins.example.test';
const SENDER = { origin: ORIGIN, environment: { JENKINS_API_TOKEN: API_TOKEN } };

function world(changes: Partial<Jenkins> = {}): Jenkins {
  return {
    user: 'sluice',
    password: PASSWORD,
    apiToken: API_TOKEN,
    crumb: '0123456789abcdef',
    job: 'diagnose',
    isDisabled: false,
    parameters: ['SLUICE_ID', 'POD', 'MESSAGE'],
    ...changes,
  };
}

function ignore(): void {
  // The queued build is checked by another spec.
}

describe('the recipe for Jenkins', () => {
  it('queues one build with its parameters, and keeps the page of the queue item', async () => {
    const builds: Queued[] = [];
    const standIn = jenkins(world(), (parameters) => void builds.push(parameters));
    const { arrived, origin, moved } = await delivered('Jenkins', { ...SENDER, standIn });
    const [request] = arrived;
    expect(request).to.include({ method: 'POST', target: '/job/diagnose/buildWithParameters' });
    expect(request?.headers).to.include({
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`sluice:${API_TOKEN}`).toString('base64')}`,
    });
    expect(builds).to.deep.equal([
      {
        SLUICE_ID: request?.headers['idempotency-key'],
        POD: 'shop/checkout-674555b6f9-fggwc',
        MESSAGE:
          'Back-off restarting failed container app in pod ' +
          'checkout-674555b6f9-fggwc_shop(36eb2dcd-cc4f-4673-9b33-da2aa61497a4)',
      },
    ]);
    expect(moved['started']).to.include({ url: `${origin}/queue/item/3901/` });
  });

  itComesTo('Jenkins', SENDER, [
    { row: '201', standIn: jenkins(world(), ignore) },
    { row: '401', standIn: jenkins(world({ apiToken: 'revoked' }), ignore) },
    // The password of the user instead of an API token.
    { row: '403', standIn: jenkins(world({ apiToken: 'none', password: API_TOKEN }), ignore) },
    { row: '404', standIn: jenkins(world({ job: 'renamed' }), ignore) },
    { row: '409', standIn: jenkins(world({ isDisabled: true }), ignore) },
  ]);
});
