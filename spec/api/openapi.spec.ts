// The document describes what is served and nothing else; the copy for users is what a gateway answers.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { openApiDocument, ROUTES } from '../../lib/api/routes.ts';
import { version } from '../../lib/kit/version.ts';
import { ApiBench } from './api-bench.ts';

interface Described {
  readonly paths: Readonly<
    Record<
      string,
      Record<string, { operationId: string; parameters: { name: string; in: string }[] }>
    >
  >;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

describe('the OpenAPI document', () => {
  let bench: ApiBench;
  before(async () => void (bench = await ApiBench.open()));
  after(() => bench[Symbol.asyncDispose]());

  it('is served as it is written for users', async () => {
    const { json } = await bench.ask({ path: '/api/v1/openapi.json' });
    expect(json).to.deep.equal(openApiDocument(ROUTES, '1.2.3'));
    const written: unknown = JSON.parse(
      readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
    );
    expect(written).to.deep.equal(openApiDocument(ROUTES, version()));
  });

  it('has each method of each path that is served, and no other', async () => {
    const { paths } = openApiDocument(ROUTES, '') as { paths: Record<string, object> };
    for (const [path, operations] of Object.entries(paths)) {
      const served: string[] = [];
      for (const method of METHODS) {
        // What a route answers does not matter here, only that it is one: a bad parameter ends it.
        const asked = { method, path: `${path.replace(/\{.*\}/, 'x')}?no-such-parameter` };
        const { status } = await bench.ask(asked);
        if (status !== 405) served.push(method.toLowerCase());
      }
      expect(served, path).to.have.members(Object.keys(operations));
    }
    const { status } = await bench.ask({ path: '/api/v1/anything-else' });
    expect(status).to.equal(404);
  });

  it('has an id for each operation, once, and a place for each parameter of a path', () => {
    const document: unknown = openApiDocument(ROUTES, '');
    const { paths } = document as Described;
    const ids: string[] = [];
    for (const [path, operations] of Object.entries(paths)) {
      for (const { operationId, parameters } of Object.values(operations)) {
        ids.push(operationId);
        const inPath = parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`);
        expect(path.match(/\{.*?\}/g) ?? []).to.deep.equal(inPath);
      }
    }
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ids).to.include('getDecisionsSequence');
  });
});
