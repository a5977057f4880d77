// A stand-in for the REST API of GitHub: the two requests that start workflows.
// Source: https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event,
// https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event,
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api,
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api (404 in the place
// of 403), https://docs.github.com/en/rest/about-the-rest-api/api-versions.

import { Buffer } from 'node:buffer';
import { isJsonObject, type JsonObject } from '../../../lib/core/json-object.ts';
import type { Arrived } from '../../triggers/http/support/real-receiver.ts';
import { type Answer, jsonAnswer, objectIn, otherKeys, pathOf, type StandIn } from './answer.ts';

/** State of GitHub. */
export interface GitHub {
  readonly token: string;
  /** Whether the token may write what the request needs. */
  readonly writes: boolean;
  /** `owner/name`. */
  readonly repository: string;
  /** The branches and tags of the repository. */
  readonly refs: readonly string[];
  /** The inputs of each workflow that has `workflow_dispatch`, by its file. */
  readonly workflows: Readonly<Record<string, readonly string[]>>;
  /** The exhausted rate limit. */
  readonly limit: 'none' | 'primary' | 'secondary';
  /** When the primary limit is renewed, in seconds since 1970, asked at each request. */
  readonly resetAt: () => number;
}

const API_VERSIONS = ['2022-11-28', '2026-03-10'];

/** GitHub in one state. */
export function gitHub(world: GitHub): StandIn {
  return (request) => refusalOf(world, request) ?? route(world, request);
}

function refusalOf(world: GitHub, { headers }: Arrived): Answer | undefined {
  if (headers['user-agent'] === undefined) return refused(403, 'a User-Agent header is required');
  const version = headers['x-github-api-version'];
  if (version !== undefined && !API_VERSIONS.includes(String(version))) {
    return refused(400, 'the requested API version is not supported');
  }
  if (headers.authorization !== `Bearer ${world.token}`) return refused(401, 'Bad credentials');
  return limited(world);
}

const PRIMARY = 'API rate limit exceeded for user ID 1.';
const SECONDARY =
  'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';

function limited({ limit, resetAt }: GitHub): Answer | undefined {
  const counted = { 'x-ratelimit-limit': '5000', 'x-ratelimit-reset': String(resetAt()) };
  switch (limit) {
    case 'none':
      return undefined;
    case 'primary':
      return refused(403, PRIMARY, { ...counted, 'x-ratelimit-remaining': '0' });
    case 'secondary':
      return refused(403, SECONDARY, {
        ...counted,
        'x-ratelimit-remaining': '4987',
        'retry-after': '60',
      });
  }
}

function route(world: GitHub, request: Arrived): Answer {
  const { repository, workflows, writes } = world;
  const base = `/repos/${repository}`;
  const path = pathOf(request);
  const file = /\/actions\/workflows\/([^/]+)\/dispatches$/.exec(path)?.[1] ?? '';
  const isRepository = path === `${base}/dispatches`;
  const isWorkflow = path === `${base}/actions/workflows/${file}/dispatches`;
  if (request.method !== 'POST' || !(isRepository || (isWorkflow && file in workflows))) {
    return refused(404, 'Not Found');
  }
  if (!writes) return refused(403, 'Resource not accessible by personal access token');
  const body = objectIn(request);
  if (body === undefined) return refused(400, 'Problems parsing JSON');
  return isRepository
    ? repositoryDispatch(body)
    : workflowDispatch(world, { inputs: workflows[file] ?? [], body });
}

const MOST_PROPERTIES = 10;
const LARGEST_PAYLOAD_BYTES = 64 * 1024;

function repositoryDispatch(body: JsonObject): Answer {
  const unknown = otherKeys(body, ['event_type', 'client_payload']);
  if (unknown.length > 0) return notPermitted(unknown);
  const { event_type: type, client_payload: payload = {} } = body;
  if (typeof type !== 'string' || type === '' || type.length > 100) {
    return refused(422, 'Invalid request. "event_type" is no text of 1 to 100 characters.');
  }
  if (!isJsonObject(payload)) return refused(422, 'Invalid request. No object: client_payload.');
  if (Object.keys(payload).length > MOST_PROPERTIES) {
    return refused(422, `No more than ${MOST_PROPERTIES} properties are allowed.`);
  }
  if (Buffer.byteLength(JSON.stringify(payload)) >= LARGEST_PAYLOAD_BYTES) {
    return refused(422, 'client_payload is too large.');
  }
  return { status: 204, body: '' };
}

interface Dispatch {
  readonly inputs: readonly string[];
  readonly body: JsonObject;
}

const MOST_INPUTS = 25;
const RUN = 17_302_501_776;

function workflowDispatch(world: GitHub, { inputs: known, body }: Dispatch): Answer {
  const unknown = otherKeys(body, ['ref', 'inputs', 'return_run_details']);
  if (unknown.length > 0) return notPermitted(unknown);
  const { ref, inputs = {}, return_run_details: details = false } = body;
  if (typeof ref !== 'string') return refused(422, 'Invalid request. "ref" wasn’t supplied.');
  if (!world.refs.includes(ref)) return refused(422, `No ref found for: ${ref}`);
  if (!isJsonObject(inputs)) return refused(422, 'Invalid request. No object: inputs.');
  const unexpected = otherKeys(inputs, known);
  if (unexpected.length > 0) {
    return refused(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  }
  const isText = Object.values(inputs).every((value) => typeof value === 'string');
  if (!isText || Object.keys(inputs).length > MOST_INPUTS) {
    return refused(422, `Invalid request. inputs: no more than ${MOST_INPUTS} texts.`);
  }
  if (typeof details !== 'boolean') return refused(422, 'Invalid request. return_run_details.');
  if (!details) return { status: 204, body: '' };
  const { repository } = world;
  return jsonAnswer(200, {
    workflow_run_id: RUN,
    run_url: `https://api.github.com/repos/${repository}/actions/runs/${RUN}`,
    html_url: `https://github.com/${repository}/actions/runs/${RUN}`,
  });
}

function notPermitted(keys: readonly string[]): Answer {
  const [key = ''] = keys;
  return refused(422, `Invalid request.\n\n"${key}" is not a permitted key.`);
}

function refused(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const url = 'https://docs.github.com/rest';
  return jsonAnswer(status, { message, documentation_url: url, status: String(status) }, headers);
}
