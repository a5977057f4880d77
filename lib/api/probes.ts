// The probes listener: liveness, readiness with reasons, and metrics. It has no access control, so it
// shows nothing but health and names of the configuration.

import express, { type Express, type Request, type Response } from 'express';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Health } from '../core/observation.ts';
import { type ListenAddress, type Listener, openListener, sendDocument } from './listener.ts';
import { sendProblem } from './problem-document.ts';

/** Dependencies of the probes listener. */
interface ProbesParts {
  health(): Health;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  readonly clock: Clock;
}

// Probes and scrapes are small requests, so a slow one is neither. The connections are enough for a
// kubelet, some scrapers and some people; a flood must not use up the gateway's file descriptors.
const LIMITS = { requestMs: 10_000, connections: 256, isKeptAlive: false };

const PATHS = ['/healthz', '/readyz', '/metrics'];

/**
 * Opens the probes listener.
 *
 * **Errors**: throws `address-unusable` with the address if it cannot listen there.
 */
export function openProbes(at: ListenAddress, parts: ProbesParts): Promise<Listener> {
  return openListener(probesApp(parts), at, { limits: LIMITS, clock: parts.clock });
}

function probesApp(parts: ProbesParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get(
    '/healthz',
    guarded((_request, response) => {
      const { live, why } = parts.health();
      answer(response, { status: live ? 200 : 503, body: { live, why: live ? [] : why } });
    }),
  );
  app.get(
    '/readyz',
    guarded((_request, response) => {
      const { ready, why, notes } = parts.health();
      answer(response, { status: ready ? 200 : 503, body: { ready, why, notes } });
    }),
  );
  app.get(
    '/metrics',
    guarded(async (_request, response) => {
      const { contentType, text } = await parts.metrics();
      // express's send would rewrite the parameters of the content type.
      response.status(200).setHeader('Content-Type', contentType);
      await sendDocument(response, Buffer.from(text));
    }),
  );
  app.all(PATHS, (_request, response) => {
    const headers = { Allow: 'GET, HEAD' };
    sendProblem(response, { status: 405, detail: 'expected GET or HEAD', headers });
  });
  app.use((_request, response) => {
    const detail = `no such path; expected one of ${PATHS.join(', ')}`;
    sendProblem(response, { status: 404, detail });
  });
  return app;
}

type Answering = (request: Request, response: Response) => void | Promise<void>;

// express would answer a failing handler with a page that contains the stack.
function guarded(answering: Answering): Answering {
  return async (request, response) => {
    try {
      await answering(request, response);
    } catch (error) {
      sendProblem(response, { status: 500, detail: messageOf(error) });
    }
  };
}

function answer(response: Response, { status, body }: { status: number; body: object }): void {
  response.status(status).setHeader('Cache-Control', 'no-store').json(body);
}
