// The permissions of the chart for every configuration of this repository: samples, recipes and the
// configurations of specs. They are those that the gateway derives from the same text.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadPlan } from '../../lib/plan/load-plan.ts';
import { readRecipes } from '../recipes/page.ts';
import { VALIDATORS } from '../support/validators.ts';
import { findHelm, releaseNamespace, renderObjects } from './helm.ts';
import { askedFor, inOrder, rulesOf } from './rules.ts';

const root = join(import.meta.dirname, '../..');

const EXEC = /runs a local command/;

/** Configurations that the chart refuses, each with the reason in its message. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'samples/config.yaml': EXEC,
  'spec/data/configs/good/all-settings.yaml': /where the kubelet cannot reach it/,
  'spec/data/configs/good/design-example.yaml': EXEC,
  'spec/data/configs/good/guard-off.yaml': EXEC,
  // Helm reads JSON as YAML, which has fewer escapes.
  'spec/data/configs/good/json-with-tabs.json': /unknown escape character/,
};

/** Secrets and room for each of them; they change no permission. */
const SURROUNDINGS = {
  envFrom: [{ secretRef: { name: 'secrets' } }],
  extraVolumes: [{ name: 'files', emptyDir: {} }],
  extraVolumeMounts: ['secrets', 'api-token', 'tls', 'certs'].map((name) => {
    return { name: 'files', mountPath: `/etc/sluice/${name}` };
  }),
  persistence: { size: '64Gi' },
};

function textsIn(folder: string): readonly (readonly [name: string, text: string])[] {
  const files = readdirSync(join(root, folder)).filter((name) => /\.(?:yaml|json)$/.test(name));
  return files.map((name) => [`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')]);
}

describe('the permissions of the chart for each configuration', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  const texts = [
    ...textsIn('samples'),
    ...textsIn('spec/data/configs/good'),
    ...readRecipes().map(({ heading, configuration }) => [heading, configuration] as const),
  ];
  for (const [name, config] of texts) {
    const reason = REFUSED[name];
    it(`are those that the gateway asks for in ${name}`, () => {
      const context = { namespace: releaseNamespace, buildNamespace: releaseNamespace };
      const own = { ...context, exec: 'allowed', validators: VALIDATORS } as const;
      const { plan } = loadPlan({ text: config, ...own });
      const values = { ...SURROUNDINGS, config };
      if (reason !== undefined) {
        expect(() => renderObjects(helm, { values })).to.throw(reason);
        return;
      }
      const objects = renderObjects(helm, { values });
      const asked = inOrder(askedFor(plan?.permissions ?? []));
      expect(inOrder(rulesOf(objects))).to.deep.equal(asked);
    });
  }
});
