// Renderings of the chart against golden files. An object that is also in the rendering of most sets,
// two-namespaces.yaml, is one line there. SLUICE_GOLDEN=write rewrites the files:
//   SLUICE_GOLDEN=write mocha --no-config --extension ts spec/charts/golden.spec.ts

import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { load } from 'js-yaml';
import { isJsonObject, stringAt } from '../../lib/core/json-object.ts';
import { expectGolden } from '../support/golden.ts';
import { findHelm, runHelm } from './helm.ts';
import { GOLDEN, RIGHT_VALUES } from './right-values.ts';

// The set that the others are compared with.
const COMMON = 'two-namespaces';

describe('renderings of the chart', function () {
  this.timeout(60_000);
  let helm = '';
  let common: ReadonlySet<string> = new Set();

  const rendered = (name: string): readonly string[] => {
    const answer = runHelm(helm, ['template'], { values: RIGHT_VALUES[name] ?? {} });
    expect(answer.ok, answer.said).to.equal(true);
    // Another spec covers the checksum, which would make each StatefulSet another one.
    const said = answer.said.replaceAll(/(config-checksum: )"[0-9a-f]{64}"/g, '$1"of the file"');
    return said.split(/^---\n/m).filter((text) => text.trim() !== '');
  };

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
    common = new Set(rendered(COMMON));
  });

  for (const name of Object.keys(RIGHT_VALUES)) {
    it(`are as in the golden file ${name}.yaml`, () => {
      const texts = rendered(name).map((text) =>
        name !== COMMON && common.has(text) ? `# ${nameOf(text)} as in ${COMMON}.yaml\n` : text,
      );
      expectGolden(`${name}.yaml`, texts.map((text) => `---\n${text}`).join(''), GOLDEN);
    });
  }

  it('have no golden file without values', () => {
    const files = readdirSync(GOLDEN).map((file) => file.replace('.yaml', ''));
    expect(files).to.have.members(Object.keys(RIGHT_VALUES));
  });
});

function nameOf(text: string): string {
  const object: unknown = load(text);
  if (!isJsonObject(object)) return '';
  const where = stringAt(object, 'metadata', 'namespace');
  return `${stringAt(object, 'kind')} ${where}/${stringAt(object, 'metadata', 'name')}`;
}
