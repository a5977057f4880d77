// `format: brigade`: the lines of the original gateway on its streams.

import { expect } from 'chai';
import {
  aDecision,
  aDelivery,
  anAcceptance,
  anEvent,
  anOccurrence,
  aRejection,
} from '../support/builders.ts';
import { AT, heard, ID } from './support.ts';

const KEY = 'shop/web-1.17f1e2d3c4b5a697';
// The original's typed client dropped kind and apiVersion.
const UNTYPED = Object.fromEntries(
  Object.entries(anEvent()).filter(([name]) => name !== 'kind' && name !== 'apiVersion'),
);

describe('format: brigade', () => {
  it('writes a default rejection as the original did', async () => {
    const trace = [
      'rule 0: namespace mismatch',
      'rule 1: failed filter 0 "Killing"',
      'default rejection',
    ];
    const { telemetry, lines, errors } = heard(
      { format: 'brigade' },
      { originalTrace: () => trace },
    );
    telemetry.observe(aRejection());
    expect((await lines()).join('\n')).to.equal(
      `Processing ${KEY}: ${JSON.stringify(UNTYPED, null, 2)}`,
    );
    expect(await errors()).to.deep.equal([
      `Adding to workqueue:  ${KEY}`,
      ...trace,
      `Rejecting ${KEY} by filter`,
    ]);
  });

  it('adds `default rejection` itself if there is no trace', async () => {
    const { telemetry, errors } = heard({ format: 'brigade' });
    telemetry.observe(aRejection());
    expect((await errors()).slice(1)).to.deep.equal([
      'default rejection',
      `Rejecting ${KEY} by filter`,
    ]);
  });

  it('writes a rejection by a rule without `default rejection`', async () => {
    const originalTrace = () => ['rule 0: matched all conditions of rule'];
    const { telemetry, errors } = heard({ format: 'brigade' }, { originalTrace });
    telemetry.observe(aRejection({ decision: aDecision({ action: 'reject', triggers: [] }) }));
    expect((await errors()).slice(1)).to.deep.equal([
      'rule 0: matched all conditions of rule',
      `Rejecting ${KEY} by filter`,
    ]);
  });

  it('writes an acceptance and its build', async () => {
    const parts = {
      originalTrace: () => ['rule 0: pass filter 0 "BackOff"'],
      originalProject: 'brigade-830c16d4',
    };
    const { telemetry, errors } = heard({ format: 'brigade' }, parts);
    telemetry.observe(anAcceptance());
    telemetry.observe({ kind: 'attempt-started', delivery: aDelivery() });
    const [adding, pass, ...build] = await errors();
    expect([adding, pass]).to.deep.equal([
      `Adding to workqueue:  ${KEY}`,
      'rule 0: pass filter 0 "BackOff"',
    ]);
    const text = build.join('\n');
    expect(
      text.startsWith('Build: {\n  "id": "",\n  "project_id": "brigade-830c16d4",\n'),
    ).to.equal(true);
    expect(JSON.parse(text.slice('Build: '.length))).to.deep.equal({
      id: '',
      project_id: 'brigade-830c16d4',
      type: 'Pod:BackOff',
      provider: 'k8s-gateway',
      revision: { commit: '', ref: 'refs/heads/master' },
      payload: Buffer.from(JSON.stringify(UNTYPED)).toString('base64'),
    });
  });

  it('escapes <, > and & as Go does', async () => {
    const { telemetry, lines } = heard({ format: 'brigade' });
    telemetry.observe(
      aRejection({ occurrence: anOccurrence({ event: anEvent({ message: '<a&b>' }) }) }),
    );
    expect((await lines()).join('\n')).to.contain('"message": "\\u003ca\\u0026b\\u003e"');
  });

  it('writes retries and dropped deliveries', async () => {
    const { telemetry, errors } = heard({ format: 'brigade' });
    const delivery = aDelivery();
    const outcome = {
      outcome: 'retry',
      reason: 'unavailable',
      detail: 'create secret: 503',
    } as const;
    telemetry.observe({ kind: 'attempt-ended', delivery, outcome, durationMs: 1 });
    const refused = { kind: 'delivery-moved', delivery, from: 'running', to: 'refused' } as const;
    telemetry.observe({ ...refused, dead: null, why: 'create secret: 422' });
    expect(await errors()).to.include.members([
      `retry for ${KEY}: create secret: 503`,
      `Dropping ${KEY} from queue: create secret: 422`,
      `${AT} error build: ${ID} refused: create secret: 422`,
    ]);
  });

  it('writes only Events to stdout and everything else to stderr', async () => {
    const { telemetry, lines, errors } = heard({ format: 'brigade' });
    telemetry.observe({ kind: 'credentials-reread', why: '401' });
    expect(await lines()).to.deep.equal([]);
    expect(await errors()).to.deep.equal([`${AT} info  credentials read again: 401`]);
  });
});
