// The original's two variables and its flags in every form: absent, empty, and with a value.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { NAMESPACE_FLAGS, namespacesOf } from '../../lib/cli/cluster-flags.ts';
import { CONFIG_FLAGS, findConfiguration } from '../../lib/cli/configuration.ts';
import { parseFlags } from '../../lib/cli/flags.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { VALIDATORS } from '../support/validators.ts';
import { runLine, specMachine } from './process-context.ts';

const ORIGINAL = '{"project":"org/repo","filters":[{"kind":"Pod","action":"accept"}]}';

describe('GATEWAY_NAMESPACE', () => {
  // Both flags have it as their default; '' reads all namespaces, and builds go to `default`.
  const rows: readonly (readonly [
    variable: string | undefined,
    args: readonly string[],
    namespace: string,
    buildNamespace: string,
  ])[] = [
    [undefined, [], 'default', 'default'],
    ['shop', [], 'shop', 'shop'],
    ['', [], '', 'default'],
    ['shop', ['-namespace', 'pay'], 'pay', 'shop'],
    ['shop', ['-namespace='], '', 'shop'],
    ['shop', ['--build-namespace', 'ci'], 'shop', 'ci'],
    ['shop', ['--build-namespace', ''], 'shop', 'default'],
    ['', ['--namespace', 'pay'], 'pay', 'default'],
    ['', ['--build-namespace', 'ci'], '', 'ci'],
    [undefined, ['--namespace', ''], '', 'default'],
    [undefined, ['--namespace', '', '--build-namespace', ''], '', 'default'],
  ];
  for (const [variable, args, namespace, buildNamespace] of rows) {
    const given = variable === undefined ? 'absent' : JSON.stringify(variable);
    it(`${given} with ${JSON.stringify(args.join(' '))}: reads ${namespace || 'all'}, builds in ${buildNamespace}`, () => {
      const environment = variable === undefined ? {} : { GATEWAY_NAMESPACE: variable };
      const found = namespacesOf(parseFlags(NAMESPACE_FLAGS, args), environment);
      expect(found).to.deep.equal({ namespace, buildNamespace });
    });
  }

  it('may be empty with a file of the original: all namespaces are read, builds go to default', () => {
    const given = parseFlags(NAMESPACE_FLAGS, []);
    const namespaces = namespacesOf(given, { GATEWAY_NAMESPACE: '' });
    const { plan, problems } = loadPlan({
      text: ORIGINAL,
      ...namespaces,
      exec: 'refused',
      validators: VALIDATORS,
    });
    expect(problems).to.deep.equal([]);
    expect(plan?.triggers.map((one) => one.buildNamespaces)).to.deep.equal([['default']]);
    expect(plan?.permissions.map((one) => [one.namespace, one.resource])).to.deep.equal([
      ['default', 'secrets'],
      [null, 'events'],
    ]);
  });
});

describe('GATEWAY_CONFIG', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-environment-'));
    await writeFile(join(folder, 'a.json'), ORIGINAL);
    await writeFile(join(folder, 'b.yaml'), 'version: 1\nfilters: [{ action: reject }]\n');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const rows: readonly (readonly [
    variable: string | undefined,
    args: readonly string[],
    file: string,
    form: string,
  ])[] = [
    [undefined, [], '', 'none'],
    ['', [], '', 'none'],
    ['a.json', [], 'a.json', 'original'],
    ['a.json', ['-config', 'b.yaml'], 'b.yaml', 'ours'],
    ['a.json', ['-config', ''], '', 'none'],
    [undefined, ['--config=b.yaml'], 'b.yaml', 'ours'],
    ['missing.json', [], 'missing.json', 'none'],
  ];
  for (const [variable, args, file, form] of rows) {
    const given = variable === undefined ? 'absent' : JSON.stringify(variable);
    it(`${given} with ${JSON.stringify(args.join(' '))}: ${file || 'no configuration'}`, async () => {
      const environment = variable === undefined ? {} : { GATEWAY_CONFIG: variable };
      const machine = specMachine({ environment, folder });
      const context = { namespace: 'a', buildNamespace: 'a', exec: 'refused' } as const;
      const found = await findConfiguration(parseFlags(CONFIG_FLAGS, args), machine, context);
      expect([found.file, found.form]).to.deep.equal([file, form]);
    });
  }

  it('that is empty is a warning: every Event is logged and rejected', async () => {
    const { code, err } = await runLine(['explain'], { environment: { GATEWAY_CONFIG: '' } });
    expect(code).to.equal(0);
    expect(err).to.match(/warning no-configuration: no configuration: every Event/);
  });
});
