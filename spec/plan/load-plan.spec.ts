// From a text to a Plan: forms, defaults, cross-references, and that nothing makes it throw.
// Files with mistakes and without are configurations.spec.ts.

import { expect } from 'chai';
import { codes, load, plan, TRIGGERS } from './plans.ts';

const RULE = 'filters: [{ kind: Pod, action: accept, triggers: [build] }]\n';

describe('loadPlan', () => {
  describe('detects the form', () => {
    const forms: readonly (readonly [text: string | null, form: string])[] = [
      [null, 'none'],
      ['version: 1', 'ours'],
      [TRIGGERS, 'ours'],
      ['sources: { shop: { events: {} } }', 'ours'],
      ['{"project":"p","filters":[]}', 'original'],
      ['{}', 'original'],
      ['{"Triggers":{}}', 'original'],
      ['{"filters":[],"Triggers":{}}', 'ours'],
    ];
    for (const [text, form] of forms) {
      it(`of ${JSON.stringify(text)}: ${form}`, () => {
        expect(load(text).form).to.equal(form);
      });
    }
  });

  describe('fills in defaults', () => {
    const { sources, triggers, limits, delivery, guard, retention, http, logging, store, ...rest } =
      plan(`${RULE}${TRIGGERS}`);

    it('of a source named events on the gateway’s own namespace', () => {
      expect(
        sources.map(({ name, kind, allowForeign }) => [name, kind, allowForeign]),
      ).to.deep.equal([['events', 'events', false]]);
    });

    it('of delivery, also for a trigger that says nothing', () => {
      const expected = {
        concurrency: 8,
        timeoutMs: 10_000,
        order: 'none',
        retry: { firstMs: 1000, maxMs: 300_000, forMs: 86_400_000 },
      };
      expect(delivery).to.deep.equal(expected);
      expect(triggers[0]).to.deep.include({
        ...expected,
        name: 'build',
        identity: 'build',
        kind: 'brigade',
        prefix: 'brigade-worker',
        usesCluster: true,
        buildNamespaces: ['ci'],
      });
    });

    it('of limits', () => {
      expect(limits).to.deep.equal({
        perObject: { count: 60, perMs: 3_600_000 },
        total: { count: 600, perMs: 3_600_000 },
        holdForMs: 3_600_000,
      });
    });

    it('of guards, retention, store, listeners and log', () => {
      expect(guard).to.deep.equal({ namespaces: ['ci'], prefixes: ['brigade-worker'] });
      expect(retention).to.deep.equal({ goneMs: 7_200_000, settledMs: 86_400_000 });
      expect(store).to.include({ kind: 'sqlite', overflow: 'block', maxBytes: 2 ** 30 });
      expect(http).to.deep.equal({
        probes: { host: '0.0.0.0', port: 8080 },
        api: { host: '127.0.0.1', port: 8081 },
        requireToken: false,
        tokenFile: null,
        hosts: [],
        probePaths: { live: null, ready: null, health: null, metrics: '/metrics' },
        heartbeat: null,
      });
      expect(logging).to.deep.equal({
        format: 'auto',
        level: 'info',
        decisions: 'changes',
        event: 'line',
        file: null,
        podEvents: true,
      });
      expect(rest).to.include({ form: 'ours', clusterName: null, originalProject: null });
    });
  });

  it('takes what delivery says as the base of every trigger, and a trigger’s own keys above it', () => {
    const text = `${RULE}triggers:
  build: { brigade: { project: org/repo }, concurrency: 1, retry: { first: 3s } }
  idle: { brigade: { project: org/repo }, formerly: [old, older], prefix: idle }
delivery: { concurrency: 4, timeout: 1m, order: object, retry: { max: 10m } }
`;
    const [build, idle] = plan(text).triggers;
    expect(build).to.deep.include({
      concurrency: 1,
      timeoutMs: 60_000,
      order: 'object',
      retry: { firstMs: 3000, maxMs: 600_000, forMs: 86_400_000 },
      identity: 'build',
    });
    expect(idle).to.deep.include({ concurrency: 4, identity: 'old', prefix: 'idle' });
  });

  it('switches limits, the listeners and the guard by namespace off', () => {
    const text = `${RULE}${TRIGGERS}limits: { perObject: off, total: off }\nhttp: { probes: off, api: off }\nguard: { namespace: false }\n`;
    const off = plan(text);
    expect(off.limits).to.include({ perObject: null, total: null });
    expect(off.http).to.include({ probes: null, api: null });
    expect(off.guard).to.deep.equal({ namespaces: [], prefixes: ['brigade-worker'] });
    expect(codes(text)).to.deep.equal([['guard-off', '/guard/namespace']]);
  });

  it('guards the names of builds that were started under earlier names, or before there was a prefix', () => {
    const job = 'manifest: { apiVersion: batch/v1, kind: Job }';
    const text = `filters: [{ action: accept, triggers: [Build-2, local] }]
triggers:
  Build-2: { kubernetes: { ${job} }, formerly: ['', diagnose, Build.1], prefix: shop }
  local: { exec: { command: [make] }, formerly: [here] }
`;
    const { guard } = plan(text, { exec: 'allowed' });
    expect(guard.prefixes).to.deep.equal(['build-1', 'build-2', 'diagnose', 'shop']);
  });

  it('keeps ledger entries for the longest quiet and the longest life of Events', () => {
    const text = `sources: { a: { events: { eventTTL: 3h } }, b: { events: {} } }
filters: [{ action: accept, again: { quiet: 30m } }, { action: accept, kind: Pod, again: { quiet: 5h } }]
${TRIGGERS}`;
    expect(plan(text).retention.goneMs).to.equal(8 * 3_600_000);
  });

  it('runs without a configuration, rejecting everything, and says so', () => {
    const { plan: none, problems, form } = load(null);
    expect(form).to.equal('none');
    expect(none?.chain.rules).to.deep.equal([]);
    expect(none?.triggers).to.deep.equal([]);
    expect(none?.sources.map(({ name }) => name)).to.deep.equal(['events']);
    expect(problems).to.have.lengthOf(1);
    expect(problems[0]).to.include({ code: 'no-configuration', severity: 'warning', line: 0 });
  });

  it('refuses local commands unless they are allowed', () => {
    const text = 'triggers: { local: { exec: { command: [./x] } } }\nfilters: [{ action: accept }]';
    expect(codes(text)).to.deep.equal([['not-allowed', '/triggers/local/exec']]);
    expect(codes(text, { exec: 'allowed' })).to.deep.equal([]);
    expect(plan(text, { exec: 'allowed' }).triggers[0]).to.deep.include({
      usesCluster: false,
      buildNamespaces: [],
    });
  });

  it('reports every mistake, whatever else is wrong', () => {
    const text = `version: 1
cluster: 5
filters:
  - kind: 7
    action: accept
    triggers: [nobody]
triggers:
  one: { brigade: {} }
  two: { brigade: { project: org/repo, namespace: Not_A_Namespace } }
delivery: { concurrency: 0, timeout: 0s }
http: { probes: nowhere }
`;
    expect(codes(text)).to.deep.equal([
      ['wrong-type', '/cluster'],
      ['wrong-type', '/filters/0/kind'],
      ['unknown-trigger', '/filters/0/triggers/0'],
      ['missing-key', '/triggers/one/brigade'],
      ['wrong-value', '/triggers/two/brigade/namespace'],
      ['wrong-value', '/delivery/concurrency'],
      ['wrong-value', '/delivery/timeout'],
      ['wrong-value', '/http/probes'],
    ]);
  });

  it('validates a section whose key is misspelled', () => {
    const text = `version: 1
filters: [{ kind: Pod, action: accept, triggers: [build, other] }]
triger: { build: { brigad: { project: org/repo, ref: 5 } } }
`;
    expect(codes(text)).to.deep.equal([
      ['unknown-trigger', '/filters/0/triggers/1'],
      ['unknown-key', '/triger'],
      ['unknown-key', '/triger/build/brigad'],
      ['wrong-type', '/triger/build/brigad/ref'],
    ]);
  });

  it('warns of a waiting time of zero only if it makes dead letters', () => {
    const rows = [
      ['limits: { holdFor: 0s }', '/limits/holdFor'],
      ['limits: { holdFor: 0s, total: off }', '/limits/holdFor'],
      ['delivery: { retry: { for: 0s } }', '/delivery/retry/for'],
    ] as const;
    for (const [section, path] of rows) {
      expect(codes(`${RULE}${TRIGGERS}${section}`)).to.deep.equal([['no-time', path]]);
      expect(load(`${RULE}${TRIGGERS}${section}`).plan).not.to.equal(null);
    }
    const off = 'limits: { holdFor: 0s, perObject: off, total: off }';
    expect(codes(`${RULE}${TRIGGERS}${off}`)).to.deep.equal([]);
    expect(codes(`${RULE}${TRIGGERS}limits: { holdFor: 1ms }`)).to.deep.equal([]);
  });

  it('fills in the size and count of a log file, and refuses one that is too small', () => {
    const logging = (file: string): string => `version: 1\nlogging: { file: ${file} }`;
    const MI = 1024 * 1024;
    for (const [written, file] of [
      ['{ path: a.log }', { path: 'a.log', maxBytes: 10 * MI, count: 5 }],
      ['{ path: /x/a.log, size: 1Mi, count: 2 }', { path: '/x/a.log', maxBytes: MI, count: 2 }],
    ] as const) {
      expect(plan(logging(written)).logging.file).to.deep.equal(file);
    }
    for (const [written, code, path] of [
      ['{}', 'missing-key', '/logging/file'],
      ['{ path: a, size: 63Ki }', 'wrong-value', '/logging/file/size'],
      ['{ path: a, size: many }', 'bad-size', '/logging/file/size'],
      ['{ path: a, count: 1 }', 'wrong-value', '/logging/file/count'],
    ] as const) {
      const found = load(logging(written)).problems.map((one) => [one.code, one.path]);
      expect(found, written).to.deep.equal([[code, path]]);
    }
  });

  it('suggests the level that is near to an unknown one', () => {
    const levels = [
      ['warning', 'warn'],
      ['WARN', 'warn'],
      ['err', 'error'],
      ['information', 'info'],
      ['dbug', 'debug'],
    ];
    for (const [written = '', meant = ''] of levels) {
      const [problem] = load(`version: 1\nlogging: { level: ${written} }`).problems;
      expect(problem).to.include({ code: 'wrong-value', hint: `did you mean ${meant}?` });
    }
  });

  it('reports no unknown trigger in rules if the key triggers is misspelled', () => {
    const text = `version: 1\nfilters: [{ action: accept }, { action: accept, triggers: [build] }]\ntrigers: { build: { brigade: { project: p } } }`;
    expect(codes(text)).to.deep.equal([
      ['shared-identity', '/filters/1'],
      ['unknown-key', '/trigers'],
    ]);
  });

  it('warns of triggers whose objects have the same prefix', () => {
    const manifest = '{ kubernetes: { manifest: { apiVersion: v1, kind: ConfigMap } } }';
    const text = `filters: [{ action: accept, triggers: [same-name-cut-to-twenty-a, same-name-cut-to-twenty-b] }]
triggers:
  same-name-cut-to-twenty-a: ${manifest}
  same-name-cut-to-twenty-b: ${manifest}
`;
    expect(codes(text)).to.deep.equal([['duplicate-name', '/triggers/same-name-cut-to-twenty-b']]);
    expect(load(text).plan).not.to.equal(null);
  });

  it('collects the permissions of everything configured, each once', () => {
    const text = `sources: { a: { events: {} }, b: { events: { namespaces: [shop, pay] } } }
filters: [{ action: accept, triggers: [one, two] }]
triggers:
  one: { brigade: { project: a/b } }
  two: { brigade: { project: c/d } }
`;
    const { permissions } = plan(text);
    expect(
      permissions.map(({ namespace, resource, verbs, names }) => [
        namespace,
        resource,
        verbs,
        names,
      ]),
    ).to.deep.equal([
      ['ci', 'secrets', ['create'], undefined],
      ['pay', 'events', ['list', 'watch'], undefined],
      ['shop', 'events', ['create', 'list', 'watch'], undefined],
      ['shop', 'namespaces', ['get'], ['shop']],
    ]);
    expect(permissions[0]?.why).to.match(/one.*; .*two/);
  });

  it('asks to create Events about its own pod unless the log has none', () => {
    const own = (logging: string) =>
      plan(`${RULE}${TRIGGERS}logging: ${logging}\n`).permissions.filter(
        ({ namespace, resource }) => namespace === 'shop' && resource === 'events',
      );
    expect(own('{}').map(({ verbs }) => verbs)).to.deep.equal([['create', 'list', 'watch']]);
    expect(own('{ podEvents: false }').map(({ verbs }) => verbs)).to.deep.equal([
      ['list', 'watch'],
    ]);
    const { permissions } = plan(`${RULE}${TRIGGERS}`, { runsIn: 'machine' });
    const onEvents = permissions.filter(({ resource }) => resource === 'events');
    expect(onEvents.map(({ verbs }) => verbs)).to.deep.equal([['list', 'watch']]);
  });

  it('asks for Events of the whole cluster, and for no namespace, if it watches all', () => {
    const { permissions } = plan(`${RULE}${TRIGGERS}`, { namespace: '' });
    expect(permissions.map(({ namespace, resource }) => [namespace, resource])).to.deep.equal([
      ['ci', 'secrets'],
      [null, 'events'],
    ]);
  });
});
