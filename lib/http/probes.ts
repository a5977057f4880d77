// The probes listener: is it alive, is it ready and if not why, and the metrics. Open to everybody
// who can reach it, so nothing here tells more than names of the configuration.
import express, { type Express, type Request, type Response } from 'express';
import type { Health } from '../core/health.ts';
import { messageOf } from '../core/errors.ts';
import type { Address, Listener } from './listener.ts';
import { openListener } from './listener.ts';

/** What the probes show. */
export interface ProbesParts {
  health(): Health;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const PATHS = ['/healthz', '/readyz', '/metrics'];

/**
 * Opens the probes listener.
 *
 * **Errors**: throws `address-unusable`, naming the address, where it cannot listen.
 */
export function openProbes(at: Address, parts: ProbesParts): Promise<Listener> {
  return openListener(probesApp(parts), at);
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
      // end, not send: express would rewrite the content type's parameters.
      response.status(200).setHeader('Content-Type', contentType).end(text);
    }),
  );
  app.all(PATHS, (_request, response) => {
    response.setHeader('Allow', 'GET, HEAD');
    problem(response, { status: 405, title: 'only GET and HEAD are answered here' });
  });
  app.use((_request, response) => {
    problem(response, { status: 404, title: `nothing here; there are ${PATHS.join(', ')}` });
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
      problem(response, { status: 500, title: messageOf(error) });
    }
  };
}

function answer(response: Response, { status, body }: { status: number; body: object }): void {
  response.status(status).setHeader('Cache-Control', 'no-store').json(body);
}

function problem(response: Response, { status, title }: { status: number; title: string }): void {
  response.status(status).type('application/problem+json');
  response.end(JSON.stringify({ type: 'about:blank', title, status }));
}
