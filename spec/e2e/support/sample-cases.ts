// Every sample and recipe that starts something in or from a cluster: its configuration, its secrets, and the
// receiver that stands in for the real one.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { RECIPES, type RecipeName, recipeOf } from '../../recipes/page.ts';
import { alertmanager } from '../../recipes/stand-ins/alertmanager.ts';
import { type StandIn, textAnswer } from '../../recipes/stand-ins/answer.ts';
import { eventListener } from '../../recipes/stand-ins/event-listener.ts';
import { gitHub } from '../../recipes/stand-ins/github.ts';
import { gitLab } from '../../recipes/stand-ins/gitlab.ts';
import { jenkins } from '../../recipes/stand-ins/jenkins.ts';
import { slack } from '../../recipes/stand-ins/slack.ts';

/** A sample or recipe. */
export interface SampleCase {
  readonly name: string;
  /** The values of the chart, as a user writes them. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Origin of the receiver in values and secrets; absent if it creates an object of the cluster. */
  readonly origin?: string;
  readonly standIn: StandIn;
  /** Reason of an Event that it accepts. */
  readonly reason: string;
}

/** The receiver of a recipe. */
type Receiver = Pick<SampleCase, 'origin' | 'standIn' | 'secrets'>;

const TOKEN = 'a-token-of-the-spec-0123456789';
const NONE: Receiver = { standIn: () => textAnswer(500, ''), secrets: {} };

const RECEIVERS: Readonly<Record<RecipeName, Receiver>> = {
  'GitHub: repository_dispatch': gitHubs(),
  'GitHub: workflow_dispatch': gitHubs(),
  'GitLab: trigger token': gitLabs('GITLAB_TRIGGER_TOKEN'),
  'GitLab: API': gitLabs('GITLAB_TOKEN'),
  Jenkins: {
    origin: 'https://jenkins.example.test',
    secrets: { JENKINS_API_TOKEN: TOKEN },
    standIn: jenkins(
      {
        user: 'sluice',
        password: 'another',
        apiToken: TOKEN,
        crumb: '0123456789abcdef',
        job: 'diagnose',
        isDisabled: false,
        parameters: ['SLUICE_ID', 'POD', 'MESSAGE'],
      },
      ignore,
    ),
  },
  Slack: {
    origin: 'https://hooks.slack.com',
    secrets: { SLACK_WEBHOOK_URL: `https://hooks.slack.com/services/T0/B0/${TOKEN}` },
    standIn: slack({ path: `/services/T0/B0/${TOKEN}`, state: 'open' }),
  },
  Alertmanager: {
    origin: 'http://alertmanager.monitoring.svc:9093',
    secrets: {},
    standIn: alertmanager(ignore),
  },
  'Tekton: EventListener': {
    origin: 'http://el-sluice.tekton.svc:8080',
    secrets: { TEKTON_TOKEN: TOKEN },
    standIn: eventListener({ token: TOKEN, isGuarded: false }, ignore),
  },
  'Tekton: PipelineRun': NONE,
  'Argo Workflows': NONE,
  'Brigade v1': NONE,
};

/** Every case. The sample of the demo is none: it runs a local command, which the chart refuses. */
export function sampleCases(): readonly SampleCase[] {
  const secret = `whsec_${Buffer.from(TOKEN).toString('base64')}`;
  return [
    { name: 'original.json', values: sample('original.json'), ...NONE, reason: 'BackOff' },
    { name: 'brigade.yaml', values: ours('brigade.yaml'), ...NONE, reason: 'BackOff' },
    {
      ...NONE,
      name: 'kubernetes-job.yaml',
      values: ours('kubernetes-job.yaml'),
      reason: 'FailedScheduling',
    },
    {
      name: 'http-webhook.yaml',
      values: ours('http-webhook.yaml'),
      origin: 'http://127.0.0.1:9000',
      secrets: { SLUICE_SIGNING_SECRET: secret },
      standIn: ({ headers }) =>
        textAnswer(headers['webhook-signature'] === undefined ? 401 : 204, ''),
      reason: 'BackOff',
    },
    ...RECIPES.map((name) => ({
      name,
      values: { config: load(recipeOf(name).configuration) },
      ...RECEIVERS[name],
      reason: 'BackOff',
    })),
  ];
}

/** The parsed configuration of a sample. */
export function sample(file: string): Readonly<Record<string, unknown>> {
  const text = readFileSync(join(import.meta.dirname, '../../../samples', file), 'utf8');
  return load(text) as Readonly<Record<string, unknown>>;
}

function ours(file: string): Readonly<Record<string, unknown>> {
  return { config: sample(file) };
}

function gitHubs(): Receiver {
  const standIn = gitHub({
    token: TOKEN,
    writes: true,
    repository: 'octo-org/octo-repo',
    refs: ['main'],
    workflows: { 'diagnose.yml': ['id', 'namespace', 'pod', 'message'] },
    limit: 'none',
    resetAt: () => 0,
  });
  return { origin: 'https://api.github.com', secrets: { GITHUB_TOKEN: TOKEN }, standIn };
}

function gitLabs(variable: string): Receiver {
  const standIn = gitLab({
    project: '123456',
    refs: ['main'],
    triggerToken: TOKEN,
    accessToken: TOKEN,
    asksForSignIn: false,
  });
  return { origin: 'https://gitlab.example.test', secrets: { [variable]: TOKEN }, standIn };
}

function ignore(): void {
  // Other specs look at what arrives.
}
