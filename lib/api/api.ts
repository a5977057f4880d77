// The API listener: the table of routes behind the access rules. `apiApp` has the order of all checks
// of a request. Every answer other than a success is a problem document.

import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { SluiceError } from '../core/errors.ts';
import type { Observe } from '../core/observation.ts';
import type { Acted, ActName } from '../delivery/actions.ts';
import type { HeldForecast } from '../intake/release-forecast.ts';
import { type ListenAddress, type Listener, listen, sendDocument } from '../kit/http/listen.ts';
import { printable } from '../kit/text/printable.ts';
import type { Plan } from '../plan/plan.ts';
import { escapedJson } from '../telemetry/line-format.ts';
import { storedDeliveries } from '../views/deliveries.ts';
import type { GatewayFacts } from '../views/delivery-documents.ts';
import type { StatusParts } from '../views/status-documents.ts';
import { type AccessRules, type Caller, strayRefusal, tokenRefusal } from './access.ts';
import type { Token } from './api-token.ts';
import { Explainer } from './explain-request.ts';
import { Feed } from './feed.ts';
import { renderRefusal, SAFE_HEADERS, sendProblem } from './problem-document.ts';
import { RequestLimit } from './request-limit.ts';
import type { Route, RouteAnswer, RouteParts } from './route.ts';
import { ROUTES } from './routes.ts';

/** Dependencies of the API listener. */
export interface ApiParts extends StatusParts {
  readonly plan: Plan;
  readonly token: Token;
  /** Further names under which clients reach the listener. */
  readonly hosts: readonly string[];
  readonly observe: Observe;
  /** Acts on a delivery for a person. */
  readonly act: (name: ActName, id: string) => Promise<Acted>;
  /** Computes when held deliveries start, for one answer. */
  readonly forecasts: () => (id: string) => HeldForecast | null;
}

// A body of 16 MiB over a port-forward takes tens of seconds. Feeds hold at most 16 connections and
// answers another 16. So at least half of all connections are idle, and one can be closed for a new one.
const LIMITS = { requestMs: 60_000, connections: 64, isKeptAlive: true };
// An answer stays in memory until its client has received it. Feeds buffer nothing and do not count.
const ANSWERS = { most: 16, what: '16 requests are being answered' };
const SEE = 'GET /api/v1/openapi.json lists every route';

/**
 * Opens the API listener.
 *
 * **Errors**: throws `address-unusable` with the address if it cannot listen there.
 */
export async function openApi(at: ListenAddress, parts: ApiParts): Promise<Listener> {
  const stop = new AbortController();
  const { clock, plan, watch } = parts;
  const feed = new Feed({ recent: watch.recent, clock, stop: stop.signal });
  const explainer = new Explainer({ plan, clock, stop: stop.signal });
  const explain: RouteParts['explain'] = (call, source) => explainer.explain(call, source);
  const triggers = new Set(plan.triggers.map(({ name }) => name));
  const pause: GatewayFacts['pause'] = (trigger) => watch.standing.trigger(trigger).pause;
  const facts = (): GatewayFacts => ({ triggers, forecast: parts.forecasts(), pause });
  const deliveries = storedDeliveries({ ...parts, facts });
  const app = apiApp({ ...parts, feed, explain, deliveries }, at.host);
  const listener = await listen(app, at, { limits: LIMITS, clock, render: renderRefusal });
  return {
    address: listener.address,
    port: listener.port,
    get connections() {
      return listener.connections;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      // A feed that ends regularly shows its client that the gateway stopped, not the connection.
      await feed.ended();
      await listener[Symbol.asyncDispose]();
    },
  };
}

type OpenParts = ApiParts & RouteParts;

/**
 * Each route checks access as its first step. So do unknown paths, unknown methods and unreadable paths,
 * all as reads: a request without access must not learn which routes exist.
 */
function apiApp(parts: OpenParts, listenHost: string): Express {
  const rules: AccessRules = {
    listenHost,
    requireToken: parts.plan.http.requireToken,
    hosts: new Set(parts.hosts.map((host) => host.toLowerCase().replace(/^\[(.*)\]$/, '$1'))),
  };
  const router = express.Router({ strict: true, caseSensitive: true });
  const limit = new RequestLimit({ ...ANSWERS, clock: parts.clock });
  for (const route of ROUTES) {
    const steps = [admitting(route, parts, rules), answering(route, parts, limit)];
    if (route.method === 'GET') router.get(expressPath(route.path), steps);
    else router.post(expressPath(route.path), steps);
  }
  const admitted = admitting({ isRead: true }, parts, rules);
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const headers = { Allow: methodsOf(path).join(', ') };
    router.all(expressPath(path), admitted, (_request, response) => {
      sendProblem(response, { status: 405, detail: SEE, headers });
    });
  }
  router.use(admitted, (_request, response) => {
    sendProblem(response, { status: 404, detail: SEE });
  });
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.disable('query parser');
  app.use(hardened);
  app.use((request, response) => {
    // The router calls this after an error.
    router(request, response, (error?: unknown) => {
      const answer = (why: unknown): void => failed(why, { request, response, parts });
      // No route has checked access if the path cannot be decoded.
      if (error instanceof URIError) {
        admitted(request, response, () => answer(error)).catch(answer);
      } else answer(error);
    });
  });
  return app;
}

function hardened(request: Request, response: Response, next: NextFunction): void {
  for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
  if (request.url.startsWith('/')) next();
  else sendProblem(response, { status: 400, detail: 'expected a path that begins with /' });
}

/** Makes the step that checks Host, Origin and token. */
function admitting(
  { isRead }: Pick<Route, 'isRead'>,
  { token }: OpenParts,
  rules: AccessRules,
): (request: Request, response: Response, next: NextFunction) => Promise<void> {
  return async (request, response, next) => {
    const caller = callerOf(request);
    const refusal =
      strayRefusal(caller, rules) ??
      tokenRefusal(caller, {
        isRead,
        check: await token.check(request.headers.authorization),
        rules,
      });
    if (refusal === null) next();
    else sendProblem(response, refusal);
  };
}

function answering(route: Route, parts: OpenParts, limit: RequestLimit): express.RequestHandler {
  const isFeed = route.mediaType === 'text/event-stream';
  return async (request, response) => {
    if (request.accepts(route.mediaType) === false) {
      const detail = `this route answers ${route.mediaType}, which the Accept header excludes`;
      sendProblem(response, { status: 406, detail });
      return;
    }
    const refusal = isFeed ? null : limit.admit(response);
    if (refusal === null) await send(await route.serve(parts, { request, response }), response);
    else sendProblem(response, refusal);
  };
}

async function send(answer: RouteAnswer, response: Response): Promise<void> {
  if (answer.kind === 'refusal') sendProblem(response, answer.refusal);
  if (answer.kind !== 'document') return;
  response.setHeader('Content-Type', 'application/json');
  await sendDocument(response, Buffer.from(`${escapedJson(answer.document, 0)}\n`));
}

/** Answers a failure: bad paths are the client's fault, a failing store is 503, the rest is a bug. */
function failed(
  error: unknown,
  { request, response, parts }: { request: Request; response: Response; parts: OpenParts },
): void {
  if (request.destroyed) return;
  if (error instanceof URIError) {
    const detail = 'found a path that is not percent-encoded UTF-8';
    sendProblem(response, { status: 400, detail });
    return;
  }
  if (error instanceof SluiceError && error.code.startsWith('store-')) {
    // The gateway logs the failure and retries the store, so the client may ask again.
    const detail = printable(error.message, 500);
    sendProblem(response, { status: 503, detail, headers: { 'Retry-After': '5' } });
    return;
  }
  parts.observe({ kind: 'bug', where: `${request.method} ${request.path}`, error });
  sendProblem(response, { status: 500, detail: 'a bug in Sluice; its log has the details' });
}

function methodsOf(path: string): readonly string[] {
  return ROUTES.filter((route) => route.path === path).flatMap(({ method }) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
}

function expressPath(path: string): string {
  return path.replaceAll(/\{([^}]*)\}/g, ':$1');
}

function callerOf({ headers, headersDistinct, socket }: Request): Caller {
  const one = (name: string): string | undefined => headersDistinct[name]?.join(', ');
  return {
    remoteAddress: socket.remoteAddress ?? '',
    localAddress: socket.localAddress ?? '',
    hosts: headersDistinct['host'] ?? [],
    origin: headers.origin,
    fetchSite: one('sec-fetch-site'),
    fetchMode: one('sec-fetch-mode'),
  };
}
