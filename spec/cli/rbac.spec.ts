// `sluice rbac`: objects for kubectl, and the table. A cluster accepts them in spec/e2e/permissions.spec.ts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { loadAll } from 'js-yaml';
import { RecordingStream } from '../support/doubles/log-stream.ts';
import { runLine } from './process-context.ts';

const CONFIGURATION = `
sources:
  shop: { events: { namespaces: [shop] } }
  all: { events: { namespaces: ["*"] } }
filters: [{ kind: Pod, action: accept, triggers: [diagnose] }]
triggers:
  diagnose: { kubernetes: { manifest: { apiVersion: batch/v1, kind: Job, metadata: { namespace: ci } } } }
`;

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly object[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly object[];
}

describe('sluice rbac', () => {
  let folder = '';
  let file = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-rbac-'));
    file = join(folder, 'sluice.yaml');
    writeFileSync(file, CONFIGURATION);
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (...args: readonly string[]) => runLine(['rbac', ...args]);

  const rolesOf = (text: string): readonly Role[] =>
    (JSON.parse(text) as { items: readonly Role[] }).items;

  it('prints a Role and its binding for each namespace, and a ClusterRole, as a List', async () => {
    const args = ['--namespace', 'gateway', '--format', 'json'];
    const { code, out, err } = await run(file, ...args);
    expect([code, err]).to.deep.equal([0, '']);
    const rule = (group: string, resource: string, ...verbs: readonly string[]) => ({
      ...{ apiGroups: [group], resources: [resource], verbs },
    });
    const roles = rolesOf(out).filter(({ rules }) => rules !== undefined);
    expect(roles.map(({ kind, metadata, rules }) => [kind, metadata, rules])).to.deep.equal([
      [
        'Role',
        { name: 'gateway-sluice', namespace: 'ci' },
        [rule('batch', 'jobs', 'create', 'get')],
      ],
      [
        'Role',
        { name: 'sluice', namespace: 'gateway' },
        [
          rule('', 'events', 'create'),
          { ...rule('', 'namespaces', 'get'), resourceNames: ['gateway'] },
        ],
      ],
      [
        'Role',
        { name: 'gateway-sluice', namespace: 'shop' },
        [rule('', 'events', 'list', 'watch')],
      ],
      ['ClusterRole', { name: 'gateway-sluice' }, [rule('', 'events', 'list', 'watch')]],
    ]);
  });

  it('binds each role to the account alone', async () => {
    const { out } = await run(file, '--namespace', 'gateway', '--format', 'json');
    const all = rolesOf(out);
    const roles = all.filter(({ rules }) => rules !== undefined);
    const bindings = all.filter(({ roleRef }) => roleRef !== undefined);
    expect(bindings).to.have.length(roles.length);
    for (const [place, { kind, metadata, roleRef, subjects }] of bindings.entries()) {
      const role = roles[place];
      expect(metadata).to.deep.equal(role?.metadata);
      expect(kind).to.equal(`${role?.kind}Binding`);
      expect(roleRef).to.include({ kind: role?.kind, name: role?.metadata.name });
      const account = { kind: 'ServiceAccount', name: 'sluice', namespace: 'gateway' };
      expect(subjects).to.deep.equal([account]);
    }
  });

  it('prints the same objects as YAML by default, with the purpose of each rule', async () => {
    const json = await run(file, '--format', 'json');
    const yaml = await run(file);
    expect(loadAll(yaml.out)).to.deep.equal(rolesOf(json.out));
    const purposes = yaml.out.split('\n').filter((line) => line.startsWith('  # '));
    expect(purposes).to.deep.equal([
      '  # trigger diagnose creates its objects, and reads an existing one to compare its delivery id',
      '  # the gateway reports failures as Events about its own pod',
      '  # the gateway recognizes the cluster by the uid of its own namespace',
      '  # source shop reads Events',
      '  # source all reads Events',
    ]);
  });

  it('prints a table with the purpose of each permission', async () => {
    const { out } = await run(file, '--namespace', 'gateway', '--format', 'table');
    const [titles = [], ...rows] = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(titles).to.deep.equal(['NAMESPACE', 'RESOURCE', 'VERBS', 'NAMES', 'WHY']);
    expect(rows.map((row) => row.slice(0, 4).join(' '))).to.deep.equal([
      'ci jobs.batch create,get -',
      'gateway events create -',
      'gateway namespaces get gateway',
      'shop events list,watch -',
      '* events list,watch -',
    ]);
    expect(rows.map((row) => row[4])).to.include('source shop reads Events');
  });

  const tableOn = async (columns: number): Promise<string> => {
    const stdout = new RecordingStream({ isTTY: true, columns });
    await runLine(['rbac', file, '--namespace', 'gateway', '--format', 'table'], { stdout });
    return stdout.text;
  };

  it('names the columns that a narrow terminal lacks, and the format that has them', async () => {
    const lines = (await tableOn(60)).trimEnd().split('\n');
    for (const line of lines) expect(line.length).to.be.at.most(60);
    expect(lines.at(-1)).to.equal('not shown: NAMES (wider, or --format yaml)');
  });

  it('takes 80 columns for a terminal that reports 0', async () => {
    expect(await tableOn(0)).to.equal(await tableOn(80));
  });

  it('reads GATEWAY_CONFIG, --config and standard input', async () => {
    const { code, out } = await run(file);
    expect(code).to.equal(0);
    expect(out).to.include('kind: ClusterRole');
    const byFlag = await run('--config', file);
    const byVariable = await runLine(['rbac'], { environment: { GATEWAY_CONFIG: file } });
    const stdin = Object.assign(Readable.from([Buffer.from(CONFIGURATION)]), { isTTY: false });
    const byInput = await runLine(['rbac', '-'], { stdin });
    const inputAgain = Object.assign(Readable.from([Buffer.from(CONFIGURATION)]), { isTTY: false });
    const byFlagInput = await runLine(['rbac', '--config', '-'], { stdin: inputAgain });
    for (const one of [byFlag, byVariable, byInput, byFlagInput]) expect(one.out).to.equal(out);
  });

  it('refuses two configurations, of which it would read one', async () => {
    const { code, out, err } = await run(file, '--config', file);
    expect([code, out]).to.deep.equal([2, '']);
    expect(err).to.include('rbac reads one configuration: FILE or --config');
  });

  it('takes another account and another name', async () => {
    const args = ['--service-account', 'ops/gate', '--name', 'gate', '--format', 'json'];
    const { out } = await run(file, '--namespace', '', ...args);
    const all = rolesOf(out);
    expect(new Set(all.map(({ metadata }) => metadata.name))).to.have.all.keys('ops-gate');
    const bindings = all.filter(({ kind }) => /Binding$/.test(kind));
    expect(bindings).to.not.be.empty;
    const account = { kind: 'ServiceAccount', name: 'gate', namespace: 'ops' };
    for (const { subjects } of bindings) expect(subjects).to.deep.equal([account]);
  });

  it('says without a configuration that nothing is started', async () => {
    const { code, err } = await runLine(['rbac']);
    expect(code).to.equal(0);
    expect(err).to.match(/^rbac: warning no-configuration: /);
  });

  it('refuses a configuration with errors, and shows them', async () => {
    const bad = join(folder, 'bad.yaml');
    writeFileSync(bad, 'version: 1\nfiltrs: []\n');
    const { code, out, err } = await run(bad);
    expect([code, out]).to.deep.equal([3, '']);
    expect(err).to.include('filtrs');
  });

  const wrong = [
    [['--format', 'xml'], /flag --format takes one of yaml, json, table, not "xml"/],
    [['--name', 'A'], /flag --name: found "A"/],
    [['--service-account', 'a/b/c d'], /flag --service-account/],
    [['--service-account', '/a'], /flag --service-account: found ""/],
    [['--namespace', 'My_Gateway'], /flag --namespace: found "My_Gateway"/],
    [['--namespace', ''], /needs NAMESPACE\/NAME/],
  ] as const;
  for (const [args, said] of wrong) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, out, err } = await run(file, ...args);
      expect([code, out]).to.deep.equal([2, '']);
      expect(err).to.match(said);
    });
  }
});
