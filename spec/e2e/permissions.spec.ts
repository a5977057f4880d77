// Permissions on a real API server: a gateway names at its start each verb that its account lacks and
// each manifest that the server refuses, and ends with 4 if it may read nothing. `sluice rbac` prints
// exactly what it needs.

import { Readable } from 'node:stream';
import { expect } from 'chai';
import { loadAll } from 'js-yaml';
import { isJsonObject, type JsonObject } from '../../lib/core/json-object.ts';
import type { Permission } from '../../lib/core/ports/kind.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { runLine } from '../cli/process-context.ts';
import type { NamespacedRules } from '../controlplane/accounts.ts';
import type { KubeObject } from '../controlplane/admin-client.ts';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { until } from '../support/until.ts';
import { VALIDATORS } from '../support/validators.ts';
import { GatewayProcess, type LogLine } from './support/gateway-process.ts';
import { sharedControlPlane, sharedStartMs } from './support/shared-control-plane.ts';

const SECRET = 'geheim-7f3a';

const container = {
  ...{ name: 'a', image: 'example.test/a:1' },
  env: [{ name: 'TOKEN', value: SECRET }],
};
const SPEC = { template: { spec: { restartPolicy: 'Never', containers: [container] } } };

interface Places {
  readonly own: string;
  readonly shop: string;
  readonly pay: string;
  readonly ci: string;
  /** A quota allows no Job here. */
  readonly full: string;
}

/** One verb on one resource in one namespace. */
interface Verb {
  readonly namespace: string | null;
  readonly resource: string;
  readonly verb: string;
}

describe('the permissions of a gateway', function () {
  this.timeout(60_000);
  let plane: ControlPlane;
  let at: Places;
  let accounts = 0;

  before(async function () {
    this.timeout(sharedStartMs);
    plane = await sharedControlPlane();
    at = {
      own: await plane.createNamespace('gateway'),
      shop: await plane.createNamespace('shop'),
      pay: await plane.createNamespace('pay'),
      ci: await plane.createNamespace('ci'),
      full: await plane.createNamespace('full'),
    };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota' };
    const metadata = { namespace: at.full, name: 'no-jobs' };
    await plane.apply([{ ...quota, metadata, spec: { hard: { 'count/jobs.batch': '0' } } }]);
  });

  const manifestOf = (more: JsonObject = {}): JsonObject => ({
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: at.ci }, spec: SPEC },
    ...more,
  });

  const configurationOf = (manifests: Readonly<Record<string, JsonObject>>): JsonObject => ({
    sources: { all: { events: { namespaces: [at.shop, at.pay] } } },
    filters: [{ kind: 'Pod', action: 'accept', triggers: Object.keys(manifests) }],
    triggers: Object.fromEntries(
      Object.entries(manifests).map(([name, manifest]) => [name, { kubernetes: { manifest } }]),
    ),
  });

  const permissionsOf = (configuration: JsonObject): readonly Permission[] => {
    const text = JSON.stringify(configuration);
    const context = { namespace: at.own, buildNamespace: at.own, exec: 'refused' } as const;
    return loadPlan({ text, ...context, validators: VALIDATORS }).plan?.permissions ?? [];
  };

  /** A kubeconfig of a new account with these permissions, without some of their verbs. */
  async function accountWith(
    permissions: readonly Permission[],
    lacks: (one: Verb) => boolean = () => false,
  ): Promise<string> {
    accounts += 1;
    const rules = permissions.flatMap((permission): readonly NamespacedRules[] => {
      const { namespace, group, resource, verbs, names } = permission;
      const kept = verbs.filter((verb) => !lacks({ namespace, resource, verb }));
      if (namespace === null || kept.length === 0) return [];
      const rule = { apiGroups: [group], resources: [resource], verbs: kept };
      return [{ namespace, rules: [{ ...rule, ...(names && { resourceNames: names }) }] }];
    });
    // One Role a namespace has all its rules.
    const byNamespace = Map.groupBy(rules, ({ namespace }) => namespace);
    const joined = [...byNamespace].map(([namespace, of]) => {
      return { namespace, rules: of.flatMap((one) => one.rules) };
    });
    const name = `account-${accounts}`;
    return plane.kubeconfigFor({ namespace: at.own, name, rules: joined });
  }

  const notesOf = async (gateway: GatewayProcess): Promise<readonly string[]> => {
    const body: unknown = JSON.parse((await gateway.probe('/readyz')).text);
    return isJsonObject(body) && Array.isArray(body['notes']) ? body['notes'].map(String) : [];
  };

  const shown = ({ verb, resource, namespace }: LogLine): string =>
    `${String(verb)} ${String(resource)} ${String(namespace)}`;

  const VERBS = [
    ['list', 'events', 'shop'],
    ['watch', 'events', 'pay'],
    ['create', 'jobs', 'ci'],
    ['get', 'jobs', 'ci'],
    ['create', 'events', 'own'],
    ['get', 'namespaces', 'own'],
  ] as const;
  for (const [verb, resource, where] of VERBS) {
    it(`name ${verb} on ${resource} in the namespace ${where} if it is missing`, async () => {
      const configuration = configurationOf({ diagnose: manifestOf() });
      const kubeconfig = await accountWith(
        permissionsOf(configuration),
        (one) => one.verb === verb && one.resource === resource && one.namespace === at[where],
      );
      // Only a gateway in a pod reports as Events.
      const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1' };
      const request = { configuration, kubeconfig, namespace: at.own, environment };
      await using gateway = await GatewayProcess.start(request);
      await until(() => gateway.of('permission').length > 0, 'the missing permission', 20_000);
      const [line, ...more] = gateway.of('permission');
      expect(more).to.deep.equal([]);
      expect(line).to.include({ level: 'error', state: 'missing' });
      expect(shown(line ?? {})).to.equal(`${verb} ${resource} ${at[where]}`);
      expect(String(line?.['text'])).to.include('sluice rbac');
      const note = await until(
        async () => (await notesOf(gateway)).find((one) => one.startsWith('permission missing')),
        'the note',
      );
      expect(note).to.include(`${verb} on ${resource}`).and.include(at[where]);
    });
  }

  it('end the start with 4 if no source may be read, whatever else is granted', async () => {
    const configuration = configurationOf({ diagnose: manifestOf() });
    const kubeconfig = await accountWith(
      permissionsOf(configuration),
      ({ verb, resource }) => resource === 'events' && verb === 'watch',
    );
    const request = { configuration, kubeconfig, namespace: at.own };
    await using gateway = await GatewayProcess.start(request);
    expect(await gateway.ended()).to.deep.equal({ code: 4, signal: null });
    expect(gateway.of('permission').map(shown)).to.have.members([
      `watch events ${at.shop}`,
      `watch events ${at.pay}`,
    ]);
    expect(gateway.errors).to.include('forbidden').and.include('sluice rbac');
  });

  const mistakes = () => ({
    misspelled: manifestOf({ spec: { ...SPEC, backofLimit: 1 } }),
    required: manifestOf({ spec: { templat: SPEC.template } }),
    invalid: manifestOf({
      spec: { template: { spec: { ...SPEC.template.spec, restartPolicy: SECRET } } },
    }),
    'wrong-type': manifestOf({ spec: { ...SPEC, backoffLimit: '1' } }),
    'no-crd': manifestOf({ apiVersion: 'example.test/v1', kind: 'Pipeline' }),
    'no-namespace': manifestOf({ metadata: { namespace: `${at.ci}-gone` } }),
    // No mistakes: these may pass.
    quota: manifestOf({ metadata: { namespace: at.full } }),
    fine: manifestOf(),
  });

  const FAULTS = {
    misspelled: ['unknown-field', 'spec.backofLimit'],
    required: ['unknown-field', 'spec.templat'],
    invalid: ['invalid', 'spec.template.spec.restartPolicy (NotSupported)'],
    'wrong-type': ['invalid', 'spec.backoffLimit has a wrong type'],
    'no-crd': ['no-such-kind', 'no pipelines in example.test/v1'],
  } as const;

  it('do not hide a mistake in a manifest: it is a warning before the first Event', async () => {
    const configuration = configurationOf(mistakes());
    const request = { configuration, kubeconfig: plane.adminKubeconfig, namespace: at.own };
    await using gateway = await GatewayProcess.startReady(request);
    await until(() => gateway.of('dry-run').length >= 6, 'the warnings', 20_000);
    const found = gateway
      .of('dry-run')
      .map(({ level, trigger, fault, detail }) => [level, trigger, fault, detail]);
    expect(found).to.have.deep.members([
      ...Object.entries(FAULTS).map(([trigger, fault]) => ['warn', trigger, ...fault]),
      ['warn', 'no-namespace', 'no-such-namespace', `no namespace ${at.ci}-gone`],
    ]);
    expect(gateway.of('permission')).to.deep.equal([]);
    expect(gateway.output).to.not.include(SECRET);
    const notes = (await notesOf(gateway)).filter((one) => one.includes('refuses its manifest'));
    expect(notes).to.have.length(6);
    const jobs = await plane.admin.list(`/apis/batch/v1/namespaces/${at.ci}/jobs`);
    expect(jobs).to.deep.equal([]);
  });

  it('are told to check --cluster, with the mistakes', async () => {
    const configuration = configurationOf(mistakes());
    const kubeconfig = await accountWith(
      permissionsOf(configuration),
      ({ verb, resource }) => verb === 'get' && resource === 'jobs',
    );

    const stdin = Object.assign(Readable.from([Buffer.from(JSON.stringify(configuration))]), {
      isTTY: false,
    });
    const args = ['--cluster', '--kubeconfig', kubeconfig, '--namespace', at.own];
    const { code, out } = await runLine(['check', '-', ...args, '--format', 'json'], { stdin });
    expect(code).to.equal(0);
    const { problems } = JSON.parse(out) as {
      problems: readonly Record<'code' | 'path', string>[];
    };
    const said = problems.map(({ code: found, path }) => `${found} ${path}`);
    expect(said).to.include.members([
      'permission-missing ',
      ...Object.keys(FAULTS).map((name) => `manifest-refused /triggers/${name}/kubernetes`),
    ]);
    expect(said.filter((one) => /[/](?:fine|quota)[/]/.test(one))).to.deep.equal([]);
    expect(out).to.not.include(SECRET);
  });

  it('are what sluice rbac prints: with them nothing is missing, and a build starts', async () => {
    const configuration = configurationOf({ diagnose: manifestOf() });

    const stdin = Object.assign(Readable.from([Buffer.from(JSON.stringify(configuration))]), {
      isTTY: false,
    });
    const flags = ['--namespace', at.own, '--service-account', 'printed'];
    const { out } = await runLine(['rbac', '-', ...flags], { stdin });
    const kubeconfig = await plane.kubeconfigFor({ namespace: at.own, name: 'printed' });
    await plane.apply(loadAll(out) as KubeObject[]);
    const request = { configuration, kubeconfig, namespace: at.own };
    await using gateway = await GatewayProcess.startReady(request);
    await plane.apply([podEvent(at.shop)]);
    const path = `/apis/batch/v1/namespaces/${at.ci}/jobs`;
    const [job] = await plane.waitFor(
      async () => {
        const jobs = await plane.admin.list(path);
        return jobs.length > 0 ? jobs : null;
      },
      20_000,
      'the Job',
    );
    expect(job?.metadata?.labels).to.include({ 'sluice.dev/trigger': 'diagnose' });
    for (const kind of ['permission', 'access-review', 'dry-run']) {
      expect(gateway.of(kind), kind).to.deep.equal([]);
    }
    expect(await notesOf(gateway)).to.deep.equal([]);
  });
});

function podEvent(namespace: string): KubeObject {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: 'web.1' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name: 'web', uid: 'u-1' },
    ...{ type: 'Warning', reason: 'BackOff', message: 'm', count: 1 },
    source: { component: 'spec' },
    firstTimestamp: now,
    lastTimestamp: now,
  };
}
