// Wrong values and configurations are refused before anything is installed, with a message that names
// the key: by `helm template` each, and by the other commands that check values.

import { expect } from 'chai';
import { findHelm, type HelmAnswer, type Rendered, render, runHelm } from './helm.ts';
import { WRONG_CONFIGURATIONS, WRONG_VALUES } from './refused-values.ts';

describe('wrong values', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  for (const { names, values } of WRONG_VALUES) {
    it(`are refused for ${names}: ${JSON.stringify(values)}`, () => {
      expectRefused(render(helm, { values }), names);
    });
  }

  describe('of `config`', () => {
    for (const { names, values } of WRONG_CONFIGURATIONS) {
      it(`are refused for ${names}: ${JSON.stringify(values)}`, () => {
        expectRefused(render(helm, { values: { config: values } }), names);
        expectRefused(render(helm, { values: { config: JSON.stringify(values) } }), names);
      });
    }

    it('is refused without a key that tells the forms apart', () => {
      expectRefused(render(helm, { values: { config: { filters: [] } } }), '`version`');
    });

    it('is refused as a text that is no block', () => {
      expectRefused(render(helm, { values: { config: '- a' } }), '`config` is no YAML object');
    });
  });

  const commands = [
    { command: ['template'] },
    { command: ['install', '--dry-run=client'] },
    { command: ['lint'], release: '' },
  ];
  for (const { command, ...more } of commands) {
    it(`are refused by helm ${command.join(' ')}`, () => {
      const config = { version: 1, filters: [{ reason: 'BackOff', action: 'accept' }] };
      expectRefused(runHelm(helm, command, { values: { config }, ...more }), "'reason'");
      // helm lint goes on after `fail` of a template, so there only the schema refuses.
      if (command[0] === 'lint') return;
      const values = { config: JSON.stringify(config) };
      expectRefused(runHelm(helm, command, { values, ...more }), '`reason`');
    });
  }
});

function expectRefused(answer: HelmAnswer | Rendered, names: string): void {
  expect(answer.ok, 'accepted').to.equal(false);
  if (!answer.ok) expect(answer.said).to.include(names);
}
