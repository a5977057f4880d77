// Discovery against a fake API server, in both forms: the same cluster is found, what is away is named,
// and no document makes it throw.

import { expect } from 'chai';
import fc from 'fast-check';
import type { Json } from '../../../lib/core/json-object.ts';
import type { ApiAnswer } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import { type Discovery, discover } from '../../../lib/kubernetes/discovery/discovery.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { NEVER } from '../../support/never.ts';
import {
  aFailure,
  anAnswer,
  aStatus,
  FakeApi,
  type Script,
} from '../../triggers/support/fake-api.ts';
import {
  aggregatedDocument,
  CLUSTER,
  discoveryServer,
  groupsDocument,
  servedIn,
} from './documents.ts';

const FORMS = ['v2', 'v2beta1', 'older'] as const;

async function found(script: Script, signal: AbortSignal = NEVER) {
  const api = new FakeApi();
  api.script = script;
  const discovery = await discover(api, { clock: new FakeClock(), signal });
  return { discovery, calls: api.calls };
}

const whyOf = (discovery: Discovery): string => (discovery.ok ? '' : discovery.why);

describe('discovery', () => {
  for (const form of FORMS) {
    describe(`of a server with the form ${form}`, () => {
      it('finds each type, in order of groups and with the preferred version first', async () => {
        const { discovery } = await found(discoveryServer(CLUSTER, form));
        expect(discovery).to.deep.include({ ok: true, groups: servedIn(CLUSTER) });
      });

      it('names the version whose server is away, with the reason, and finds the others', async () => {
        const { discovery } = await found(discoveryServer(CLUSTER, form));
        expect(discovery).to.have.property('unavailable').with.lengthOf(1);
        expect(discovery).to.have.nested.property('unavailable[0].group', 'metrics.example');
        expect(discovery).to.have.nested.property('unavailable[0].version', 'v1');
        expect(discovery).to.have.nested.property('unavailable[0].why').that.is.not.empty;
      });
    });
  }

  it('needs two requests of a server with the aggregated form', async () => {
    const { calls } = await found(discoveryServer(CLUSTER, 'v2'));
    expect(calls.map(({ path }) => path)).to.have.members(['/api', '/apis']);
    for (const { accept } of calls) {
      // The order of parameters and types that the server compares.
      expect(accept).to.equal(
        'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json',
      );
    }
  });

  it('needs one request more for each version of a server with the older form', async () => {
    const { calls } = await found(discoveryServer(CLUSTER, 'older'));
    const versions = CLUSTER.flatMap((one) =>
      one.versions.map(({ version }) =>
        one.group === '' ? `/api/${version}` : `/apis/${one.group}/${version}`,
      ),
    );
    expect(calls.map(({ path }) => path)).to.have.members(['/api', '/apis', ...versions]);
  });

  it('reads each root in its own form', async () => {
    const [older, newer] = [discoveryServer(CLUSTER, 'older'), discoveryServer(CLUSTER, 'v2')];
    const { discovery } = await found((call) =>
      call.path === '/apis' ? newer(call) : older(call),
    );
    expect(discovery).to.deep.include({ ok: true, groups: servedIn(CLUSTER) });
  });

  it('takes no types from a stale document', async () => {
    const model = [{ group: 'a.test', versions: [{ version: 'v1', types: [] }] }];
    const item = { resource: 'as', responseKind: { kind: 'A' }, scope: 'Cluster' };
    const versions = [{ version: 'v1', freshness: 'Stale', resources: [item] }];
    const body = {
      ...aggregatedDocument(model),
      items: [{ metadata: { name: 'a.test' }, versions }],
    };
    const { discovery } = await found(() => anAnswer(body));
    expect(discovery).to.deep.include({ ok: true, groups: [] });
    expect(discovery).to.have.property('unavailable').with.lengthOf(1);
  });

  it('finds a cluster without a core group', async () => {
    const server = discoveryServer(CLUSTER, 'v2');
    const script: Script = (call) =>
      call.path === '/api' ? aStatus(404, 'NotFound') : server(call);
    const { discovery } = await found(script);
    expect(discovery).to.deep.include({ groups: servedIn(CLUSTER.slice(1)) });
  });

  const refusals: readonly (readonly [what: string, answer: ApiAnswer, why: string])[] = [
    ['no answer', aFailure('never', 'refused'), 'refused: the fake says refused'],
    [
      'a refusal',
      aStatus(403, 'Forbidden', { message: 'no\u001b[31m' }),
      'status 403: no\\u001b[31m',
    ],
    ['an error', aStatus(500, 'InternalError'), 'status 500'],
    [
      'another document',
      anAnswer({ kind: 'Pod' }, 200, { 'content-type': 'application/json' }),
      'found no document of discovery',
    ],
    [
      'a login page',
      anAnswer(null, 200, { 'content-type': 'text/html' }),
      '200 text/html: this is no API server',
    ],
  ];
  for (const path of ['/api', '/apis']) {
    for (const [what, answer, why] of refusals) {
      it(`has failed after ${what} to ${path}, and says why`, async () => {
        const server = discoveryServer(CLUSTER, 'v2');
        const { discovery } = await found((call) => (call.path === path ? answer : server(call)));
        expect(discovery).to.have.property('ok', false);
        expect(whyOf(discovery)).to.include(`GET ${path}: ${why}`);
      });
    }
  }

  it('keeps what it read if the server hangs after 30 seconds, and names the rest', async () => {
    const api = new FakeApi();
    const clock = new FakeClock();
    const server = discoveryServer(CLUSTER, 'older');
    const request = api.request.bind(api);
    api.request = (call, signal) => {
      api.silent = call.path === '/apis/apps/v1';
      return request(call, signal);
    };
    api.script = server;
    const discovering = discover(api, { clock, signal: NEVER });
    await clock.advance(30_000);
    const discovery = await discovering;
    expect(discovery).to.have.property('ok', true);
    const unavailable = discovery.ok ? discovery.unavailable.map((one) => one.group) : [];
    expect(unavailable).to.deep.equal(['apps', 'metrics.example']);
  });

  it('has failed after an abort', async () => {
    const stopped = AbortSignal.abort(new Error('SIGTERM'));
    const { discovery } = await found(discoveryServer(CLUSTER, 'v2'), stopped);
    expect(whyOf(discovery)).to.include('aborted');
  });

  it('bounds each answer', async () => {
    const { calls } = await found(discoveryServer(CLUSTER, 'older'));
    for (const { maxBytes, timeoutMs } of calls) {
      expect(maxBytes).to.be.at.most(32 * 1024 * 1024);
      expect(timeoutMs).to.be.at.most(10_000);
    }
  });

  const odd: readonly (readonly [what: string, type: Json])[] = [
    ['a sub-resource', { name: 'pods/log', kind: 'Pod', verbs: ['get'] }],
    ['no kind', { name: 'pods', verbs: ['list'] }],
    ['a name that is no path', { name: '../x', kind: 'X' }],
    ['a name with a control character', { name: 'x\u001b', kind: 'X' }],
    ['a kind with a line break', { name: 'xs', kind: 'X\nY' }],
    ['another type', 7],
  ];
  for (const [what, item] of odd) {
    it(`leaves out a type with ${what}`, async () => {
      const server = discoveryServer(CLUSTER, 'older');
      const { discovery } = await found((call) =>
        call.path === '/api/v1'
          ? anAnswer({ kind: 'APIResourceList', resources: [item] })
          : server(call),
      );
      expect(discovery).to.have.nested.property('groups[0].versions[0].types').that.is.empty;
    });
  }

  it('finds a group, a version and a resource once, the first if they are repeated', async () => {
    const first = { name: 'as', kind: 'A', namespaced: true, verbs: [] };
    const resources = [first, { ...first, kind: 'B' }];
    const groups = [{ name: 'a.test', versions: [{ version: 'v1' }, { version: 'v1' }] }];
    const { discovery, calls } = await found(({ path }) => {
      if (path === '/apis')
        return anAnswer({ kind: 'APIGroupList', groups: [...groups, ...groups] });
      return path === '/api'
        ? anAnswer({ kind: 'APIVersions' })
        : anAnswer({ kind: 'APIResourceList', resources });
    });
    expect(calls).to.have.lengthOf(3);
    expect(discovery).to.have.nested.property('groups.length', 1);
    expect(discovery).to.have.nested.property('groups[0].versions.length', 1);
    expect(discovery).to.have.nested.property('groups[0].versions[0].types.length', 1);
    expect(discovery).to.have.nested.property('groups[0].versions[0].types[0].kind', 'A');
  });

  it('never throws, whatever the documents hold', async () => {
    const keys = [
      'items',
      'groups',
      'versions',
      'resources',
      'metadata',
      'name',
      'version',
      'kind',
    ];
    const leaf = fc.oneof(fc.constantFrom<Json>(null, true, 1, 'v1', 'pods', ''), fc.string());
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4 }),
      ),
    }));
    const kind = fc.constantFrom('APIGroupDiscoveryList', 'APIGroupList', 'APIVersions', 'Status');
    const document = fc
      .tuple(kind, fc.dictionary(fc.constantFrom(...keys), value))
      .map(([named, body]) => ({ ...body, kind: named }));
    await fc.assert(
      fc.asyncProperty(document, document, value, async (core, others, types) => {
        const { discovery } = await found(({ path }) =>
          anAnswer(path === '/api' ? core : path === '/apis' ? others : types),
        );
        const listed = discovery.ok ? discovery.groups : [];
        expect(new Set(listed.map((one) => one.group))).to.have.lengthOf(listed.length);
      }),
    );
  });

  it('reads the older document of groups with any preferred version', async () => {
    const model = CLUSTER.filter(({ group }) => group === 'example.com');
    const body = groupsDocument(model);
    expect(JSON.stringify(body)).to.match(/"versions":\[\{[^}]*v1"\},\{[^}]*v2"/);
    const { discovery } = await found(discoveryServer(model, 'older'));
    expect(discovery).to.have.nested.property('groups[0].versions[0].version', 'v2');
  });
});
