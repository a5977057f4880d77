// The two recipes for GitLab, from the page to the request and from each answer to its outcome.

import { expect } from 'chai';
import { delivered, itComesTo } from './answers.ts';
import { type GitLab, gitLab } from './stand-ins/gitlab.ts';

const TRIGGER_TOKEN = 'glptt-0123456789abcdef0123456789abcdef01234567';
const ACCESS_TOKEN = 'glpat-0123456789abcdefghij';
const ORIGIN = 'https://gitlab.example.test';
const PIPELINE = `${ORIGIN}/platform/diagnose/-/pipelines/61`;
const MESSAGE =
  'Back-off restarting failed container app in pod ' +
  'checkout-674555b6f9-fggwc_shop(36eb2dcd-cc4f-4673-9b33-da2aa61497a4)';

function world(changes: Partial<GitLab> = {}): GitLab {
  return {
    project: '123456',
    refs: ['main'],
    triggerToken: TRIGGER_TOKEN,
    accessToken: ACCESS_TOKEN,
    asksForSignIn: false,
    ...changes,
  };
}

describe('the recipe for a trigger token of GitLab', () => {
  const sender = { origin: ORIGIN, environment: { GITLAB_TRIGGER_TOKEN: TRIGGER_TOKEN } };

  it('sends token, ref and variables as a form, and keeps the page of the pipeline', async () => {
    const standIn = gitLab(world());
    const { arrived, moved } = await delivered('GitLab: trigger token', { ...sender, standIn });
    const [request] = arrived;
    expect(request).to.include({
      method: 'POST',
      target: '/api/v4/projects/123456/trigger/pipeline',
    });
    expect(request?.headers['content-type']).to.equal('application/x-www-form-urlencoded');
    expect([...new URLSearchParams(request?.body)]).to.deep.equal([
      ['token', TRIGGER_TOKEN],
      ['ref', 'main'],
      ['variables[SLUICE_ID]', request?.headers['idempotency-key']],
      ['variables[POD]', 'shop/checkout-674555b6f9-fggwc'],
      ['variables[MESSAGE]', MESSAGE],
    ]);
    expect(moved['started']).to.include({ url: PIPELINE });
  });

  itComesTo('GitLab: trigger token', sender, [
    { row: '201', standIn: gitLab(world()) },
    { row: '400', standIn: gitLab(world({ refs: ['trunk'] })) },
    { row: '401', standIn: gitLab(world({ asksForSignIn: true })) },
    { row: '404', standIn: gitLab(world({ triggerToken: 'glptt-revoked' })) },
  ]);
});

describe('the recipe for the API of GitLab', () => {
  const sender = { origin: ORIGIN, environment: { GITLAB_TOKEN: ACCESS_TOKEN } };

  it('sends ref and variables as JSON with the token in a header', async () => {
    const standIn = gitLab(world());
    const { arrived, moved } = await delivered('GitLab: API', { ...sender, standIn });
    const [request] = arrived;
    const id = String(request?.headers['idempotency-key']);
    expect(request).to.include({ method: 'POST', target: '/api/v4/projects/123456/pipeline' });
    expect(request?.headers).to.include({
      'content-type': 'application/json',
      'private-token': ACCESS_TOKEN,
    });
    expect(request?.body).to.equal(
      `{"ref":"main","variables":[{"key":"SLUICE_ID","value":"${id}"},` +
        '{"key":"POD","value":"shop/checkout-674555b6f9-fggwc"},' +
        `{"key":"MESSAGE","value":"${MESSAGE}"}]}`,
    );
    expect(moved['started']).to.include({ url: PIPELINE });
  });

  itComesTo('GitLab: API', sender, [
    { row: '201', standIn: gitLab(world()) },
    { row: '400', standIn: gitLab(world({ refs: ['trunk'] })) },
    { row: '401', standIn: gitLab(world({ accessToken: 'glpat-another' })) },
    { row: '404', standIn: gitLab(world({ project: '7' })) },
  ]);
});
