// The two recipes for GitHub, from the page to the request and from each answer to its outcome.

import { expect } from 'chai';
import { systemClock } from '../../lib/kit/system.ts';
import { userAgent } from '../../lib/kit/version.ts';
import { type AnswerCase, delivered, itComesTo } from './answers.ts';
import { type GitHub, gitHub } from './stand-ins/github.ts';

const TOKEN = 'github_pat_11AAAAAAA0123456789';
const SENDER = { origin: 'https://api.github.com', environment: { GITHUB_TOKEN: TOKEN } };
const RESET_MS = 1_800_000;

function world(changes: Partial<GitHub> = {}): GitHub {
  return {
    token: TOKEN,
    writes: true,
    repository: 'octo-org/octo-repo',
    refs: ['main'],
    workflows: { 'diagnose.yml': ['id', 'namespace', 'pod', 'message'] },
    limit: 'none',
    resetAt: () => Math.ceil((systemClock.now() + RESET_MS) / 1000),
    ...changes,
  };
}

/** The refusals that both requests share. */
const REFUSALS: readonly AnswerCase[] = [
  { row: '401', standIn: gitHub(world({ token: 'another' })) },
  {
    row: '403 with x-ratelimit-remaining: 0',
    standIn: gitHub(world({ limit: 'primary' })),
    pauseMs: RESET_MS,
  },
  {
    row: '403 with retry-after',
    standIn: gitHub(world({ limit: 'secondary' })),
    pauseMs: 60_000,
  },
  { row: '403', standIn: gitHub(world({ writes: false })) },
  { row: '404', standIn: gitHub(world({ repository: 'octo-org/elsewhere' })) },
];

describe('the recipe for repository_dispatch', () => {
  it('sends the event and its payload as the page shows them', async () => {
    const { arrived } = await delivered('GitHub: repository_dispatch', {
      ...SENDER,
      standIn: gitHub(world()),
    });
    const [request] = arrived;
    const id = String(request?.headers['idempotency-key']);
    expect(request).to.include({ method: 'POST', target: '/repos/octo-org/octo-repo/dispatches' });
    expect(request?.headers).to.include({
      accept: 'application/vnd.github+json',
      'content-type': 'application/json',
      'x-github-api-version': '2022-11-28',
      authorization: `Bearer ${TOKEN}`,
      'user-agent': userAgent(),
    });
    expect(request?.body).to.equal(
      '{"event_type":"kubernetes","client_payload":{' +
        `"id":"${id}","rule":"crash-loop","namespace":"shop","pod":"checkout-674555b6f9-fggwc",` +
        '"reason":"BackOff","message":"Back-off restarting failed container app in pod ' +
        'checkout-674555b6f9-fggwc_shop(36eb2dcd-cc4f-4673-9b33-da2aa61497a4)","count":3}}',
    );
  });

  itComesTo('GitHub: repository_dispatch', SENDER, [
    { row: '204', standIn: gitHub(world()) },
    ...REFUSALS,
    {
      row: '422',
      standIn: gitHub(world()),
      edit: ['event_type: kubernetes', 'event_type: kubernetes\n        ref: main'],
    },
  ]);
});

describe('the recipe for workflow_dispatch', () => {
  it('sends the inputs as texts, and keeps the page of the run', async () => {
    const { arrived, moved } = await delivered('GitHub: workflow_dispatch', {
      ...SENDER,
      standIn: gitHub(world()),
    });
    const [request] = arrived;
    const id = String(request?.headers['idempotency-key']);
    expect(request).to.include({
      method: 'POST',
      target: '/repos/octo-org/octo-repo/actions/workflows/diagnose.yml/dispatches',
    });
    expect(request?.body).to.equal(
      `{"ref":"main","inputs":{"id":"${id}","namespace":"shop","pod":"checkout-674555b6f9-fggwc",` +
        '"message":"Back-off restarting failed container app in pod ' +
        'checkout-674555b6f9-fggwc_shop(36eb2dcd-cc4f-4673-9b33-da2aa61497a4)"},' +
        '"return_run_details":true}',
    );
    expect(moved['started']).to.include({
      url: 'https://github.com/octo-org/octo-repo/actions/runs/17302501776',
    });
  });

  itComesTo('GitHub: workflow_dispatch', SENDER, [
    { row: '200', standIn: gitHub(world()) },
    {
      row: '204',
      standIn: gitHub(world()),
      edit: ['        return_run_details: true\n', ''],
    },
    ...REFUSALS,
    { row: '422', standIn: gitHub(world({ workflows: { 'diagnose.yml': ['id'] } })) },
  ]);
});
