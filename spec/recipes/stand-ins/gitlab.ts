// A stand-in for the REST API of GitLab: the two requests that create a pipeline.
// Source: https://docs.gitlab.com/api/pipeline_triggers/#trigger-a-pipeline-with-a-token,
// https://docs.gitlab.com/api/pipelines/#create-a-new-pipeline,
// https://docs.gitlab.com/ci/triggers/, https://docs.gitlab.com/api/rest/troubleshooting/ (status
// codes), and for the texts of refusals lib/api/ci/triggers.rb and lib/api/ci/pipelines.rb of
// gitlab-org/gitlab.

import {
  isJsonList,
  isJsonObject,
  type Json,
  type JsonObject,
  jsonAt,
} from '../../../lib/core/json-object.ts';
import type { Arrived } from '../../triggers/http/support/real-receiver.ts';
import { type Answer, jsonAnswer, mediaTypeOf, objectIn, pathOf, type StandIn } from './answer.ts';

/** State of GitLab. */
export interface GitLab {
  readonly project: string;
  /** The branches and tags of the project. */
  readonly refs: readonly string[];
  /** The project's pipeline trigger token. */
  readonly triggerToken: string;
  /** An access token with the scope `api`. */
  readonly accessToken: string;
  /** Whether sign-in is needed before anything else, as behind a gateway that checks tokens. */
  readonly asksForSignIn: boolean;
}

/** GitLab in one state. */
export function gitLab(world: GitLab): StandIn {
  return (request) => {
    if (world.asksForSignIn) return message(401, '401 Unauthorized');
    const base = `/api/v4/projects/${world.project}`;
    const parameters = parametersIn(request);
    switch (`${request.method} ${pathOf(request)}`) {
      case `POST ${base}/trigger/pipeline`:
        return triggerPipeline(world, parameters);
      case `POST ${base}/pipeline`:
        return createPipeline(world, request, parameters);
      default:
        return message(404, '404 Project Not Found');
    }
  };
}

/** The parameters of a request, from a form or from JSON; undefined if they cannot be read. */
function parametersIn(request: Arrived): JsonObject | undefined {
  switch (mediaTypeOf(request)) {
    case 'application/json':
      return objectIn(request);
    case 'application/x-www-form-urlencoded':
      return fromForm(request.body);
    default:
      return {};
  }
}

/** Rack's nesting of one level: `variables[KEY]=value`. */
function fromForm(body: string): JsonObject {
  const flat: Record<string, Json> = {};
  const nested: Record<string, Record<string, Json>> = {};
  for (const [key, value] of new URLSearchParams(body)) {
    const [, outer, inner] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(key) ?? [];
    if (outer === undefined || inner === undefined) flat[key] = value;
    else nested[outer] = { ...nested[outer], [inner]: value };
  }
  return { ...flat, ...nested };
}

function triggerPipeline(world: GitLab, parameters: JsonObject | undefined): Answer {
  if (parameters === undefined) return badRequest();
  const { ref, token, variables = {} } = parameters;
  const missing = [...emptyIn('ref', ref), ...(token === undefined ? ['token is missing'] : [])];
  if (missing.length > 0) return jsonAnswer(400, { error: missing.join(', ') });
  const isMap = isJsonObject(variables);
  if (!isMap || !Object.values(variables).every((value) => typeof value === 'string')) {
    return message(400, 'variables needs to be a map of key-valued strings');
  }
  if (token !== world.triggerToken) return message(404, '404 Not Found');
  return created(world, ref);
}

function createPipeline(
  world: GitLab,
  { headers }: Arrived,
  parameters: JsonObject | undefined,
): Answer {
  if (headers['private-token'] !== world.accessToken) return message(401, '401 Unauthorized');
  if (parameters === undefined) return badRequest();
  const { ref, variables = [] } = parameters;
  const missing = emptyIn('ref', ref);
  if (missing.length > 0) return jsonAnswer(400, { error: missing.join(', ') });
  if (!isJsonList(variables) || !variables.every(isVariable)) {
    return jsonAnswer(400, { error: 'variables is invalid' });
  }
  return created(world, ref);
}

function isVariable(value: Json): boolean {
  const type = jsonAt(value, 'variable_type') ?? 'env_var';
  const isKnown = type === 'env_var' || type === 'file';
  return isKnown && [jsonAt(value, 'key'), jsonAt(value, 'value')].every(isText);
}

function isText(value: Json | undefined): boolean {
  return typeof value === 'string';
}

function emptyIn(name: string, value: Json | undefined): readonly string[] {
  if (value === undefined) return [`${name} is missing`, `${name} is empty`];
  return value === '' ? [`${name} is empty`] : [];
}

const PIPELINE = 61;

function created({ refs, project }: GitLab, ref: Json | undefined): Answer {
  if (typeof ref !== 'string' || !refs.includes(ref)) {
    return jsonAnswer(400, { message: { base: ['Reference not found'] } });
  }
  return jsonAnswer(201, {
    id: PIPELINE,
    iid: 21,
    project_id: Number(project),
    sha: '384c444e840a515b23f21915ee5766b87068a70d',
    ref,
    status: 'created',
    web_url: `https://gitlab.example.test/platform/diagnose/-/pipelines/${PIPELINE}`,
  });
}

function badRequest(): Answer {
  return jsonAnswer(400, { error: 'The request body cannot be parsed' });
}

function message(status: number, text: string): Answer {
  return jsonAnswer(status, { message: text });
}
