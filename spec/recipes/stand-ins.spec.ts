// The stand-ins themselves: each refuses the requests that the real receiver refuses by its
// documentation. So a recipe works if its stand-in accepts it.

import { expect } from 'chai';
import type { JsonObject } from '../../lib/core/json-object.ts';
import type { Arrived } from '../triggers/http/support/real-receiver.ts';
import { alertmanager } from './stand-ins/alertmanager.ts';
import type { StandIn } from './stand-ins/answer.ts';
import { eventListener } from './stand-ins/event-listener.ts';
import { gitHub } from './stand-ins/github.ts';
import { gitLab } from './stand-ins/gitlab.ts';
import { jenkins } from './stand-ins/jenkins.ts';
import { slack } from './stand-ins/slack.ts';

const GITHUB = gitHub({
  token: 't',
  writes: true,
  repository: 'o/r',
  refs: ['main'],
  workflows: { 'a.yml': ['id'] },
  limit: 'none',
  resetAt: () => 0,
});
const GITLAB = gitLab({
  project: '7',
  refs: ['main'],
  triggerToken: 'trigger',
  accessToken: 'access',
  asksForSignIn: false,
});
const JENKINS_WORLD = {
  user: 'u',
  password: 'p',
  apiToken: 't',
  crumb: 'c',
  job: 'j',
  isDisabled: false,
  parameters: ['ID'],
};
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

interface Request {
  readonly target: string;
  readonly headers?: Arrived['headers'];
  readonly body?: JsonObject | readonly JsonObject[] | string;
}

function statusOf(standIn: StandIn, { target, headers = {}, body = '' }: Request): number {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = { 'content-type': JSON_TYPE, 'user-agent': 'spec' };
  return standIn({ method: 'POST', target, headers: { ...type, ...headers }, body: text }).status;
}

type Case = readonly [what: string, request: Partial<Request>, status: number];

function itAnswers(standIn: StandIn, usual: Request, cases: readonly Case[]): void {
  for (const [what, request, status] of cases) {
    it(`answers ${status} to ${what}`, () => {
      expect(statusOf(standIn, { ...usual, ...request })).to.equal(status);
    });
  }
}

function properties(count: number): JsonObject {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, at]));
}

describe('the stand-in for GitHub', () => {
  const headers = { authorization: 'Bearer t' };
  itAnswers(GITHUB, { target: '/repos/o/r/dispatches', headers }, [
    ['ten properties', { body: { event_type: 'a', client_payload: properties(10) } }, 204],
    ['eleven properties', { body: { event_type: 'a', client_payload: properties(11) } }, 422],
    ['64 KiB', { body: { event_type: 'a', client_payload: { p: 'x'.repeat(65_536) } } }, 422],
    ['a payload that is a text', { body: { event_type: 'a', client_payload: 'x' } }, 422],
    ['no type', { body: { client_payload: {} } }, 422],
    ['a type of 101 characters', { body: { event_type: 'a'.repeat(101) } }, 422],
    ['an unknown field', { body: { event_type: 'a', ref: 'main' } }, 422],
    ['no JSON', { body: 'event_type=a' }, 400],
    ['no token', { headers: {}, body: { event_type: 'a' } }, 401],
    ['no user agent', { headers: { ...headers, 'user-agent': undefined } }, 403],
    ['an unknown version', { headers: { ...headers, 'x-github-api-version': '1' } }, 400],
  ]);
  itAnswers(GITHUB, { target: '/repos/o/r/actions/workflows/a.yml/dispatches', headers }, [
    ['an input', { body: { ref: 'main', inputs: { id: '1' } } }, 204],
    ['the wish for details', { body: { ref: 'main', return_run_details: true } }, 200],
    ['an input that is a number', { body: { ref: 'main', inputs: { id: 1 } } }, 422],
    ['an input that is not named', { body: { ref: 'main', inputs: { other: '1' } } }, 422],
    ['no ref', { body: { inputs: {} } }, 422],
    ['an unknown ref', { body: { ref: 'trunk' } }, 422],
    ['an unknown workflow', { target: '/repos/o/r/actions/workflows/b.yml/dispatches' }, 404],
  ]);
});

describe('the stand-in for GitLab', () => {
  const form = { 'content-type': FORM };
  itAnswers(GITLAB, { target: '/api/v4/projects/7/trigger/pipeline', headers: form }, [
    ['a form', { body: 'token=trigger&ref=main&variables%5BA%5D=1' }, 201],
    ['JSON', { headers: {}, body: { token: 'trigger', ref: 'main', variables: { A: '1' } } }, 201],
    [
      'a variable that is a number',
      { headers: {}, body: { token: 'trigger', ref: 'main', variables: { A: 1 } } },
      400,
    ],
    ['no ref', { body: 'token=trigger' }, 400],
    ['no token', { body: 'ref=main' }, 400],
    ['the token of another project', { body: 'token=other&ref=main' }, 404],
    [
      'a form that says it is text',
      { headers: { 'content-type': 'text/plain' }, body: 'token=trigger&ref=main' },
      400,
    ],
  ]);
  const headers = { 'private-token': 'access' };
  itAnswers(GITLAB, { target: '/api/v4/projects/7/pipeline', headers }, [
    ['a list of variables', { body: { ref: 'main', variables: [{ key: 'A', value: '1' }] } }, 201],
    ['a map of variables', { body: { ref: 'main', variables: { A: '1' } } }, 400],
    ['a variable without a value', { body: { ref: 'main', variables: [{ key: 'A' }] } }, 400],
    ['no access token', { headers: {}, body: { ref: 'main' } }, 401],
    ['an unknown ref', { body: { ref: 'trunk' } }, 400],
  ]);
});

describe('the stand-in for Jenkins', () => {
  const basic = (secret: string): string =>
    `Basic ${Buffer.from(`u:${secret}`).toString('base64')}`;
  const form = { 'content-type': FORM };
  const usual = { target: '/job/j/buildWithParameters', body: 'ID=1&OTHER=2' };
  const standIn = jenkins(JENKINS_WORLD, () => undefined);
  itAnswers(standIn, usual, [
    ['an API token', { headers: { ...form, authorization: basic('t') } }, 201],
    [
      'a password with its crumb',
      { headers: { ...form, authorization: basic('p'), 'jenkins-crumb': 'c' } },
      201,
    ],
    ['a password without a crumb', { headers: { ...form, authorization: basic('p') } }, 403],
    ['a wrong password', { headers: { ...form, authorization: basic('x') } }, 401],
    ['no credentials', { headers: form }, 403],
    [
      'an unknown job',
      { target: '/job/k/buildWithParameters', headers: { authorization: basic('t') } },
      404,
    ],
  ]);

  it('queues the parameters that the job defines, from a form alone', () => {
    const queued: unknown[] = [];
    const keeping = jenkins(JENKINS_WORLD, (parameters) => void queued.push(parameters));
    for (const headers of [form, { 'content-type': JSON_TYPE }]) {
      statusOf(keeping, { ...usual, headers: { ...headers, authorization: basic('t') } });
    }
    expect(queued).to.deep.equal([{ ID: '1' }, { ID: '' }]);
  });
});

describe('the stand-in for Slack', () => {
  const section = (text: JsonObject): JsonObject => ({ blocks: [{ type: 'section', text }] });
  itAnswers(slack({ path: '/services/a', state: 'open' }), { target: '/services/a' }, [
    ['a text', { body: { text: 'a' } }, 200],
    ['a block', { body: section({ type: 'plain_text', text: 'a' }) }, 200],
    ['no text', { body: { username: 'a' } }, 400],
    ['an empty text', { body: { text: '' } }, 400],
    ['a text that is a list', { body: '{"text":["a"]}' }, 400],
    [
      'a block of 3,001 characters',
      { body: section({ type: 'plain_text', text: 'a'.repeat(3001) }) },
      400,
    ],
    ['an empty block', { body: section({ type: 'plain_text', text: '' }) }, 400],
    ['emoji beside mrkdwn', { body: section({ type: 'mrkdwn', text: 'a', emoji: true }) }, 400],
    ['no JSON', { body: 'payload' }, 400],
    [
      'JSON that says it is a form',
      { headers: { 'content-type': FORM }, body: { text: 'a' } },
      400,
    ],
  ]);
});

describe('the stand-in for Alertmanager', () => {
  const standIn = alertmanager(() => undefined);
  itAnswers(standIn, { target: '/api/v2/alerts' }, [
    ['an alert', { body: [{ labels: { a: '1' }, startsAt: '2026-01-31T12:00:00Z' }] }, 200],
    ['an alert outside a list', { body: { labels: { a: '1' } } }, 400],
    ['a label that is a number', { body: [{ labels: { a: 1 } }] }, 400],
    ['a time that is none', { body: [{ labels: { a: '1' }, startsAt: 'today' }] }, 400],
    ['labels without a value', { body: [{ labels: { a: '' } }] }, 400],
    ['a name that is none', { body: [{ labels: { 'a b': '1' } }] }, 400],
    ['no labels', { body: [{ annotations: {} }] }, 422],
    ['no content type of JSON', { headers: { 'content-type': 'text/plain' }, body: [] }, 415],
    ['version 1 of the API', { target: '/api/v1/alerts', body: [] }, 404],
  ]);
});

describe('the stand-in for an EventListener', () => {
  const standIn = eventListener({ token: 't', isGuarded: false }, () => undefined);
  itAnswers(standIn, { target: '/' }, [
    ['an object', { body: {} }, 202],
    ['a list', { body: [{}] }, 400],
    ['no JSON', { body: 'a=b' }, 400],
  ]);
});
