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

    it('is refused as a text without a key', () => {
      for (const config of ['', ' ', '# later\n']) {
        expectRefused(render(helm, { values: { config } }), '`config` is an empty text');
      }
    });

    it('is refused as a text that is no block', () => {
      expectRefused(render(helm, { values: { config: '- a' } }), '`config` is no YAML object');
    });
  });

  it('are refused for one port of the API and the probes', () => {
    const api = { expose: true, existingSecret: 'token', port: 8080 };
    expectRefused(render(helm, { values: { api } }), '`api.port`');
  });

  it('are refused for a configuration that no ConfigMap holds', () => {
    const config = `version: 1\n${`# ${'a'.repeat(97)}\n`.repeat(11_000)}`;
    expectRefused(render(helm, { values: { config } }), 'has 1100011 bytes');
  });

  it('are told without the forms that were not meant', () => {
    const config = 'sources: { shop: { events: { namespaces: [Shop] } } }';
    const answer = render(helm, { values: { config } });
    expectRefused(answer, 'config.sources.shop.events.namespaces[0]');
    if (!answer.ok) expect(answer.said).not.to.include('expected string');
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
