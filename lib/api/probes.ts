// The probes listener: is it alive, is it ready and if not why, and the metrics. Open to everybody
// who can reach it, so nothing here tells more than names of the configuration.

import express, { type Express, type Request, type Response } from 'express';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Health } from '../core/observation.ts';
import { type ListenAddress, type Listener, openListener, sendDocument } from './listener.ts';
import { sendProblem } from './problem-document.ts';

/** What the probes show. */
interface ProbesParts {
  health(): Health;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  readonly clock: Clock;
}

// Probes and scrapes are one small request each; what takes longer than this is not one of them. A
// kubelet, a few scrapers and some people; a flood must not take the gateway's descriptors.
const LIMITS = { requestMs: 10_000, connections: 256, isKeptAlive: false };

const PATHS = ['/healthz', '/readyz', '/metrics'];

/**
 * Opens the probes listener.
 *
 * **Errors**: throws `address-unusable`, naming the address, where it cannot listen.
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
      // Not express's send, which would rewrite the content type's parameters.
      response.status(200).setHeader('Content-Type', contentType);
      await sendDocument(response, Buffer.from(text));
    }),
  );
  app.all(PATHS, (_request, response) => {
    const headers = { Allow: 'GET, HEAD' };
    sendProblem(response, { status: 405, detail: 'only GET and HEAD are answered here', headers });
  });
  app.use((_request, response) => {
    sendProblem(response, { status: 404, detail: `nothing here; there are ${PATHS.join(', ')}` });
  });
  return app;
}

type Answering = (request: Request, response: Response) => void | Promise<void>;

// express's own answer to a failing handler is a page with the stack in it.
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
