// The probes listener: is it alive, is it ready and if not why, and the metrics. Open to everybody
// who can reach it, so nothing here tells more than names of the configuration.
import express, { type Express, type Response } from 'express';
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
  app.get('/healthz', (_request, response) => {
    const { live, why } = parts.health();
    answer(response, { status: live ? 200 : 503, body: { live, why: live ? [] : why } });
  });
  app.get('/readyz', (_request, response) => {
    const { ready, why } = parts.health();
    answer(response, { status: ready ? 200 : 503, body: { ready, why } });
  });
  app.get('/metrics', async (_request, response) => {
    const { contentType, text } = await parts.metrics();
    // end, not send: express would rewrite the content type's parameters.
    response.status(200).setHeader('Content-Type', contentType).end(text);
  });
  app.all(PATHS, (_request, response) => {
    response.setHeader('Allow', 'GET, HEAD');
    problem(response, { status: 405, title: 'only GET and HEAD are answered here' });
  });
  app.use((_request, response) => {
    problem(response, { status: 404, title: `nothing here; there are ${PATHS.join(', ')}` });
  });
  app.use(failed);
  return app;
}

// express tells a handler of errors by its four parameters.
// eslint's limit of three is for functions of ours to call; this one express calls.
const failed = (...args: [unknown, unknown, Response, unknown]): void => {
  const [error, , response] = args;
  problem(response, { status: 500, title: messageOf(error) });
};

function answer(response: Response, { status, body }: { status: number; body: object }): void {
  response.status(status).setHeader('Cache-Control', 'no-store').json(body);
}

function problem(response: Response, { status, title }: { status: number; title: string }): void {
  response.status(status).type('application/problem+json');
  response.end(JSON.stringify({ type: 'about:blank', title, status }));
}
