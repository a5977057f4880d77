// The echo receiver: what it renders, and what it prints.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../support/until.ts';
import { findHelm, renderNotes, renderObjects, theOnly } from './helm.ts';
import { containerOf, type Template, workloadOf } from './workload.ts';

const receiver = join(import.meta.dirname, '../../samples/receiver.js');

describe('the echo receiver of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  const values = { echo: { enabled: true } };

  it('is absent unless asked for', () => {
    expect(renderObjects(helm).map(({ kind }) => kind)).to.not.include('Deployment');
  });

  it('runs the sample receiver behind a Service, without a token', () => {
    const objects = renderObjects(helm, { values });
    const { template } = theOnly(objects, 'Deployment')['spec'] as { template: Template };
    expect(containerOf(template.spec)).to.deep.include({
      command: ['/usr/local/bin/node'],
      args: ['/app/samples/receiver.js', '9000', '0.0.0.0'],
      env: [{ name: 'ECHO', value: '1' }],
    });
    expect(template.spec).to.include({ automountServiceAccountToken: false });
    const named = objects.filter(({ metadata }) => metadata?.name === 'gw-sluice-echo');
    expect(named.map(({ kind }) => kind)).to.have.members(['Deployment', 'Service']);
    expect(renderNotes(helm, { values })).to.include('http://gw-sluice-echo.ci-gateway:9000/');
  });

  it('runs where the gateway may run', () => {
    const more = { nodeSelector: { pool: 'ci' }, tolerations: [{ key: 'ci', operator: 'Exists' }] };
    const objects = renderObjects(helm, { values: { ...values, ...more } });
    const { template } = theOnly(objects, 'Deployment')['spec'] as { template: Template };
    expect(template.spec).to.deep.include(more);
  });

  it('is not selected as the gateway', () => {
    const objects = renderObjects(helm, { values });
    const { template } = theOnly(objects, 'Deployment')['spec'] as { template: Template };
    expect(template.metadata.labels).to.not.include(workloadOf(objects).selector.matchLabels);
  });

  it('prints headers and body of each request, but no value that may be secret', async () => {
    const [port = 0] = await freePorts(1);
    const child = spawn(process.execPath, [receiver, String(port)], { env: { ECHO: '1' } });
    let out = '';
    child.stdout.on('data', (part: Buffer) => void (out += part.toString()));
    const send = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${port}/hooks/shop`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': '01m7',
          'sluice-attempt': '1',
          authorization: 'Bearer hidden',
          'x-token': 'hidden',
        },
        body: '{"a":"b\\u001b"}',
      });
      return answer.status;
    };
    expect(await until(() => send().catch(() => null), 'the receiver')).to.equal(204);
    await until(() => out.includes('  body '), 'its lines');
    const [line, headers = '', body] = out.split('\n');
    expect(line).to.equal('/hooks/shop 01m7 attempt 1');
    expect(JSON.parse(headers.replace(/^ {2}headers /, ''))).to.include({
      'content-type': 'application/json',
      'idempotency-key': '01m7',
      authorization: '(not shown)',
      'x-token': '(not shown)',
    });
    expect(body).to.equal(`  body ${JSON.stringify('{"a":"b\\u001b"}')}`);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).to.deep.equal([0, null]);
  });
});
