// The samples: every configuration loads without an error, and the script treats all values of an
// Event as data.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { loadDocument } from '../../lib/config/load-document.ts';
import { createValidator } from '../../lib/config/validate.ts';
import type { Json } from '../../lib/core/json-object.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { editorSchema } from '../../lib/plan/schema.ts';
import { runLine } from '../cli/process-context.ts';
import { VALIDATORS } from '../support/validators.ts';

const samples = join(import.meta.dirname, '../../samples');

function toJson(text: string): Json {
  const document = loadDocument(text);
  if (!document.ok) throw new Error(document.problems[0]?.message);
  return document.value;
}

describe('the samples', () => {
  const forms = [
    { file: 'config.yaml', form: 'ours' },
    { file: 'http-webhook.yaml', form: 'ours' },
    { file: 'kubernetes-job.yaml', form: 'ours' },
    { file: 'brigade.yaml', form: 'ours' },
    { file: 'original.json', form: 'original' },
  ];

  it('are all named here', () => {
    const files = readdirSync(samples).filter((name) => /\.(yaml|json)$/.test(name));
    expect(files).to.have.members(forms.map(({ file }) => file));
  });

  for (const { file, form } of forms) {
    it(`load from ${file} without findings`, () => {
      const loaded = loadPlan({
        text: readFileSync(join(samples, file), 'utf8'),
        namespace: 'gateway',
        buildNamespace: 'gateway',
        exec: 'allowed',
        validators: VALIDATORS,
      });
      expect(loaded.problems).to.deep.equal([]);
      expect(loaded).to.have.property('form', form);
    });
  }
});

describe('the samples in an editor', () => {
  const MODELINE = /^# yaml-language-server: \$schema=(\S+)\n/;
  const yaml = readdirSync(samples).filter((name) => name.endsWith('.yaml'));

  for (const file of yaml) {
    it(`name the schema of the package in ${file}`, async () => {
      const text = readFileSync(join(samples, file), 'utf8');
      const [, path = ''] = MODELINE.exec(text) ?? [];
      const schema: unknown = JSON.parse(readFileSync(join(samples, path), 'utf8'));
      expect(schema).to.deep.equal(JSON.parse((await runLine(['schema'])).out));
      const root = join(samples, '..');
      const shipped: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
      const [folder = ''] = relative(root, join(samples, path)).split('/');
      expect(shipped).to.have.property('files').that.includes(folder).and.includes('samples');
      expect(createValidator(editorSchema())(toJson(text)), file).to.deep.equal([]);
    });
  }
});

describe('the sample pipeline script', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-sample-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const run = (environment: Readonly<Record<string, string>>, input = '{}') =>
    spawnSync(process.execPath, [join(samples, 'on-event.js')], {
      cwd: directory,
      env: { PATH: '/usr/bin:/bin', ...environment },
      input,
      encoding: 'utf8',
    });

  it('says what would be done for the reason', () => {
    const ended = run({ SLUICE_KIND: 'Pod', SLUICE_NAME: 'web', SLUICE_REASON: 'FailedMount' });
    expect(ended.status).to.equal(0);
    expect(ended.stdout).to.match(/^storage: .*Pod cluster\/web/m);
  });

  it('works with only the document', () => {
    const ended = run({}, '{"a":1}');
    expect(ended.status, ended.stderr).to.equal(0);
    expect(ended.stdout).to.include('document: 7 bytes');
  });

  const hostile = [
    '$(touch owned)',
    '`touch owned`',
    '; touch owned #',
    '" && touch owned && "',
    "'; touch owned; '",
    '%s%n%d \\n \\x41',
    '-n -e --',
    '* ? [a-z] ~ ${HOME}',
    '| touch owned &',
  ];
  for (const value of hostile) {
    it(`prints ${JSON.stringify(value)} as it is and runs nothing`, () => {
      const names = ['KIND', 'NAMESPACE', 'NAME', 'REASON', 'COUNT', 'ATTEMPT', 'MESSAGE'];
      const ended = run(
        Object.fromEntries(names.map((name) => [`SLUICE_${name}`, value])),
        JSON.stringify({ value }),
      );
      expect(ended.status, ended.stderr).to.equal(0);
      expect(ended.stdout.split('\n')).to.include(`message: ${value}`);
      expect(readdirSync(directory)).to.deep.equal([]);
    });
  }
});
