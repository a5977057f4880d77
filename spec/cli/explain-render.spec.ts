// `sluice explain --render`: what each trigger would send, without any secret.

import { Readable } from 'node:stream';
import { expect } from 'chai';
import { anEvent } from '../support/builders.ts';
import { aConfiguration } from './configured.ts';
import { runLine } from './process-context.ts';

const CONFIG = `
cluster: dev
sources: { cluster: { events: { namespaces: ["*"] } } }
filters:
  - { name: all, eventNamespace: shop, action: accept, triggers: [job, hook, old, local, bad] }
  - { name: rest, action: reject }
triggers:
  job:
    kubernetes:
      manifest:
        apiVersion: batch/v1
        kind: Job
        metadata: { namespace: ci, annotations: { about: "\${event.message}" } }
        spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: b }] } } }
  hook:
    http:
      url: "https://ci.example.test/hooks/\${event.involvedObject.name}?why=\${event.reason}"
      auth: { bearer: { tokenEnv: CI_TOKEN } }
      signing: { secretFile: /run/secrets/signing }
  old: { brigade: { project: org/repo, namespace: ci } }
  local: { exec: { command: [./on-event.sh, --now], passEnv: [API_KEY], env: { MODE: fast } } }
  bad: { http: { url: "https://ci.example.test/\${event.metadata.labels.missing}/x" } }
`;

describe('sluice explain --render', () => {
  const at = aConfiguration(CONFIG);

  const environment = { CI_TOKEN: 'hidden-token', API_KEY: 'hidden-key', PATH: '/hidden' };
  const explain = async (event: object, ...more: readonly string[]) =>
    runLine(['explain', '--config', at.file, '--render', ...more], {
      environment,
      stdin: Readable.from([JSON.stringify(event)]),
    });
  const ID = '0'.repeat(26);

  it('shows the Job, the request, the Secret and the command', async () => {
    const { code, out, err } = await explain(anEvent());
    expect(code, err).to.equal(0);
    for (const part of [
      '  job would send (ids are placeholders):\n    POST /apis/batch/v1/namespaces/ci/jobs\n',
      `"name": "job-${ID}"`,
      '"about": "Back-off restarting failed container web in pod web-1"',
      '    POST https://ci.example.test/hooks/web-1?why=BackOff\n',
      `    idempotency-key: ${ID}\n    sluice-attempt: 1\n`,
      '    webhook-signature: <made with file "/run/secrets/signing">\n',
      '    authorization: Bearer <variable "CI_TOKEN">\n',
      `    {"id":"${ID}","cluster":{"id":"id-of-the-cluster","name":"dev"},"source":"cluster"`,
      '    POST /api/v1/namespaces/ci/secrets\n',
      '"event_type": "Pod:BackOff"',
      '"payload": "{\\"metadata\\":{',
      `    run ["./on-event.sh","--now"] in ${at.folder}\n`,
      ', LC_*, API_KEY\n    MODE=fast\n',
      '    SLUICE_REASON=BackOff\n',
      '  bad would send nothing: make the URL: path segment 1 of the URL is empty',
    ]) {
      expect(out).to.include(part);
    }
    expect(out).not.to.include('hidden');
  });

  it('has the same values as JSON', async () => {
    const { out } = await explain(anEvent(), '--format', 'json');
    const { previews } = JSON.parse(out) as { previews: readonly Record<string, unknown>[] };
    expect(previews.map(({ trigger }) => trigger)).to.deep.equal([
      'job',
      'hook',
      'old',
      'local',
      'bad',
    ]);
    expect(previews[1]?.['text']).to.match(/^POST https:\/\/ci\.example\.test\/hooks\/web-1\?/);
    expect(previews[4])
      .to.have.property('refused')
      .that.matches(/^make the URL: /);
    expect(out).not.to.include('hidden');
  });

  it('is absent unless asked for', async () => {
    const stdin = Readable.from([JSON.stringify(anEvent())]);
    const { out } = await runLine(['explain', '--config', at.file, '--format', 'json'], { stdin });
    expect(JSON.parse(out)).not.to.have.property('previews');
  });

  it('shows no request of an Event that starts nothing', async () => {
    const rejected = anEvent({ metadata: { name: 'a', namespace: 'ops' } });
    const looping = anEvent({ involvedObject: { kind: 'Pod', namespace: 'ci', name: 'x' } });
    for (const event of [rejected, looping]) {
      const { out } = await explain(event, '--format', 'json');
      expect(JSON.parse(out)).to.have.property('previews').that.deep.equals([]);
    }
  });

  it('prevents an Event from forging a line or controlling the terminal', async () => {
    const message = 'x\n  accept by rule 9\u001b[2J\u202e';
    const { out } = await explain(anEvent({ message }));
    expect(out.replaceAll('\n', '')).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(out).not.to.match(/^\s+accept by rule 9/m);
  });
});
