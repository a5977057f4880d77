// The probes listener: liveness, readiness with reasons, and metrics. It has no access control, so it
// shows nothing but health and names of the configuration.

import express, { type Express, type Request, type Response } from 'express';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Health, HealthCheck } from '../core/observation.ts';
import { type ListenAddress, type Listener, listen, sendDocument } from '../kit/http/listen.ts';
import type { ProbePaths } from '../plan/plan.ts';
import { renderRefusal, sendProblem } from './problem-document.ts';

/** Dependencies of the probes listener. */
interface ProbesParts {
  readonly health: () => Health;
  /** Its checks, one by one. */
  readonly checks: () => readonly HealthCheck[];
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Paths of the configuration. */
  readonly paths: ProbePaths;
  readonly version: string;
  readonly clock: Clock;
}

// Probes and scrapes are small requests, so a slow one is neither. The connections are enough for a
// kubelet, some scrapers and some people; a flood must not use up the gateway's file descriptors.
const LIMITS = { requestMs: 10_000, connections: 256, isKeptAlive: false };

/**
 * Opens the probes listener.
 *
 * **Errors**: throws `address-unusable` with the address if it cannot listen there.
 */
export function openProbes(at: ListenAddress, parts: ProbesParts): Promise<Listener> {
  const { clock } = parts;
  return listen(probesApp(parts), at, { limits: LIMITS, clock, render: renderRefusal });
}

function probesApp(parts: ProbesParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const { live, ready, health, metrics } = parts.paths;
  const routes: readonly (readonly [string | null, Answering])[] = [
    ['/healthz', answerLive],
    [live, answerLive],
    ['/readyz', answerReady],
    [ready, answerReady],
    [health, answerHealth],
    [metrics, answerMetrics],
  ];
  const paths = routes.flatMap(([path, answering]) => {
    if (path === null) return [];
    app.get(path, guarded(answering, parts));
    return [path];
  });
  app.all(paths, (_request, response) => {
    const headers = { Allow: 'GET, HEAD' };
    sendProblem(response, { status: 405, detail: 'expected GET or HEAD', headers });
  });
  app.use((_request, response) => {
    const detail = `no such path; expected one of ${[...new Set(paths)].join(', ')}`;
    sendProblem(response, { status: 404, detail });
  });
  return app;
}

type Answering = (response: Response, parts: ProbesParts) => void | Promise<void>;

const answerLive: Answering = (response, { health }) => {
  const { live, why } = health();
  answer(response, { status: live ? 200 : 503, body: { live, why: live ? [] : why } });
};

const answerReady: Answering = (response, { health }) => {
  const { ready, why, notes } = health();
  answer(response, { status: ready ? 200 : 503, body: { ready, why, notes } });
};

/** Each check with its state, under the keys that Kollect used. Checks of triggers do not count. */
const answerHealth: Answering = (response, parts) => {
  const { live, ready } = parts.health();
  const healthy = live && ready;
  const checks = parts.checks();
  const body = { application: 'sluice', version: parts.version, healthy, checks };
  answer(response, { status: healthy ? 200 : 503, body });
};

const answerMetrics: Answering = async (response, { metrics }) => {
  const { contentType, text } = await metrics();
  // express's send would rewrite the parameters of the content type.
  response.status(200).setHeader('Content-Type', contentType);
  await sendDocument(response, Buffer.from(text));
};

// express would answer a failing handler with a page that contains the stack.
function guarded(
  answering: Answering,
  parts: ProbesParts,
): (request: Request, response: Response) => Promise<void> {
  return async (_request, response) => {
    try {
      await answering(response, parts);
    } catch (error) {
      sendProblem(response, { status: 500, detail: messageOf(error) });
    }
  };
}

function answer(response: Response, { status, body }: { status: number; body: object }): void {
  response.status(status).setHeader('Cache-Control', 'no-store').json(body);
}
