// The files of deploy/: they are the chart's rendering of today, and kustomize builds the base.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadAll } from 'js-yaml';
import { isJsonObject, type JsonObject, stringAt } from '../../lib/core/json-object.ts';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { plainManifests } from '../../tools/chart/plain-manifests.ts';
import { ensureKustomize } from '../controlplane/build.ts';
import { leaveOut } from '../support/left-out.ts';
import { VALIDATORS } from '../support/validators.ts';
import { findHelm } from './helm.ts';

const root = join(import.meta.dirname, '../..');
const base = join(root, 'deploy/base');

describe('the plain manifests', function () {
  this.timeout(60_000);

  it('are the rendering of the chart (make manifests writes them)', async function () {
    this.timeout(600_000);
    for (const [path, text] of plainManifests(await findHelm(this))) {
      expect(text.split('\n'), path).to.deep.equal(read(path).split('\n'));
    }
  });

  it('name nothing of helm', () => {
    expect(read('deploy/sluice.yaml')).to.not.match(/helm\.sh|managed-by/);
  });

  it('begin with a configuration without a problem', () => {
    const { problems } = loadPlan({
      text: read('deploy/base/config.yaml'),
      namespace: 'sluice',
      buildNamespace: 'sluice',
      exec: 'refused',
      validators: VALIDATORS,
    });
    expect(problems).to.be.empty;
  });
});

describe('the base for kustomize', function () {
  this.timeout(60_000);
  let kustomize = '';

  before(async function () {
    this.timeout(600_000);
    const build = await ensureKustomize();
    if (build.kind !== 'built') return leaveOut(this, 'specs with kustomize', build.reason);
    kustomize = build.file;
  });

  it('has the objects of the plain manifests', () => {
    const built = objectsOf(build(kustomize, base)).map(nameOf);
    const plain = objectsOf(read('deploy/sluice.yaml')).map(nameOf);
    expect(built.map((name) => name.replace(/-[a-z0-9]{10}$/, ''))).to.have.members(plain);
  });

  it('mounts the ConfigMap that it generates, so that a changed file restarts the pod', () => {
    expect(mountedIn(build(kustomize, base))).to.match(/^sluice-[a-z0-9]{10}$/);
  });

  it('takes the configuration of an overlay', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-kustomize-'));
    try {
      cpSync(base, join(folder, 'base'), { recursive: true });
      const generator = /^# {3}(resources|configMapGenerator):[^]*?(?=^apiVersion)/m;
      const [shown = ''] = generator.exec(read('deploy/base/kustomization.yaml')) ?? [];
      const overlay = join(folder, 'base/../overlay');
      cpSync(base, overlay, { recursive: true });
      writeFileSync(join(overlay, 'kustomization.yaml'), shown.replaceAll(/^# {3}/gm, ''));
      writeFileSync(join(overlay, 'config.yaml'), 'version: 1\n');
      const text = build(kustomize, overlay);
      const maps = objectsOf(text).filter(({ kind }) => kind === 'ConfigMap');
      expect(maps.map(({ data }) => data)).to.deep.equal([{ 'config.yaml': 'version: 1\n' }]);
      expect(mountedIn(text)).to.not.equal(mountedIn(build(kustomize, base)));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function build(kustomize: string, folder: string): string {
  return execFileSync(kustomize, [folder], { encoding: 'utf8' });
}

function objectsOf(text: string): readonly JsonObject[] {
  return loadAll(text).filter((one): one is JsonObject => isJsonObject(one));
}

function nameOf(object: JsonObject): string {
  return `${stringAt(object, 'kind')} ${stringAt(object, 'metadata', 'name')}`;
}

/** The ConfigMap in the pod's volume `config`. */
function mountedIn(text: string): string {
  const workload = objectsOf(text).find(({ kind }) => kind === 'StatefulSet');
  const names = [...JSON.stringify(workload).matchAll(/"configMap":\{"name":"([^"]*)"/g)];
  return names[0]?.[1] ?? '';
}
