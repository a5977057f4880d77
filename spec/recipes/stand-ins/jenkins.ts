// A stand-in for the remote API of Jenkins: a build with parameters, and its authorization.
// Source: https://www.jenkins.io/doc/book/using/remote-access-api/,
// https://www.jenkins.io/doc/book/system-administration/authenticating-scripted-clients/,
// https://www.jenkins.io/doc/book/security/csrf-protection/ (no crumb with an API token), and
// hudson.model.ParametersDefinitionProperty, jenkins.model.ParameterizedJobMixIn and
// hudson.security.csrf.CrumbFilter of jenkinsci/jenkins (201 with Location, 409, 403).

import { Buffer } from 'node:buffer';
import type { Arrived } from '../../triggers/http/support/real-receiver.ts';
import { type Answer, mediaTypeOf, pathOf, type StandIn } from './answer.ts';

/** State of Jenkins. */
export interface Jenkins {
  readonly user: string;
  readonly password: string;
  readonly apiToken: string;
  readonly crumb: string;
  readonly job: string;
  readonly isDisabled: boolean;
  /** The parameters that the job defines; others are dropped. */
  readonly parameters: readonly string[];
}

/** Parameters of a queued build by name. */
export type Queued = Readonly<Record<string, string>>;

const ITEM = 3901;

/** Jenkins in one state; it passes each queued build to `queued`. */
export function jenkins(world: Jenkins, queued: (parameters: Queued) => void): StandIn {
  return (request) => refusalOf(world, request) ?? build(world, request, queued);
}

function refusalOf(world: Jenkins, { headers }: Arrived): Answer | undefined {
  const { user, password, apiToken, crumb } = world;
  const { authorization = '' } = headers;
  if (authorization === basic(user, apiToken)) return undefined;
  if (authorization !== '' && authorization !== basic(user, password)) {
    return page(401, 'Unauthorized');
  }
  // Without credentials too: the crumb is looked for before the permission.
  return headers['jenkins-crumb'] === crumb
    ? undefined
    : page(403, 'No valid crumb was included in the request');
}

function basic(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`, 'utf8').toString('base64')}`;
}

function build(
  { job, isDisabled, parameters }: Jenkins,
  request: Arrived,
  queued: (parameters: Queued) => void,
): Answer {
  const isKnown = pathOf(request) === `/job/${job}/buildWithParameters`;
  if (request.method !== 'POST' || !isKnown) return page(404, 'Not Found');
  if (isDisabled) return page(409, `${job} is not buildable!`);
  const isForm = mediaTypeOf(request) === 'application/x-www-form-urlencoded';
  const sent = new URLSearchParams(isForm ? request.body : '');
  queued(Object.fromEntries(parameters.map((name) => [name, sent.get(name) ?? ''])));
  const location = `http://${request.headers.host ?? ''}/queue/item/${ITEM}/`;
  return { status: 201, headers: { location }, body: '' };
}

function page(status: number, reason: string): Answer {
  const headers = { 'content-type': 'text/html;charset=iso-8859-1' };
  const body = `<html><body><h2>HTTP ERROR ${status} ${reason}</h2></body></html>`;
  return { status, headers, body };
}
