// Secrets of the chart: each entry is a file, and a variable if the configuration names it. A
// configuration that names a file or a variable that the pod would not have is refused.

import { expect } from 'chai';
import { findHelm, render, renderNotes, renderObjects } from './helm.ts';
import { containerOf, environmentOf, podOf } from './workload.ts';

const secrets = { CI_TOKEN: { existingSecret: 'ci', key: 'token' } };

/** Values with one http trigger. */
function withHttp(http: object, more: object = {}): Readonly<Record<string, unknown>> {
  const filters = [{ name: 'all', kind: 'Pod', action: 'accept' }];
  const url = 'urlFile' in http || 'urlEnv' in http ? {} : { url: 'https://ci.example.test/' };
  return { config: { filters, triggers: { build: { http: { ...url, ...http } } } }, ...more };
}

describe('the secrets of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  it('are files in a folder of their own', () => {
    const ca = { existingSecret: 'company', key: 'ca.pem' };
    const values = withHttp({}, { secrets: { ...secrets, 'ca.pem': ca } });
    const pod = podOf(renderObjects(helm, { values }));
    expect(pod.volumes).to.deep.include({
      name: 'secrets',
      projected: {
        sources: [
          { secret: { name: 'ci', items: [{ key: 'token', path: 'CI_TOKEN' }] } },
          { secret: { name: 'company', items: [{ key: 'ca.pem', path: 'ca.pem' }] } },
        ],
      },
    });
    const mount = { name: 'secrets', mountPath: '/etc/sluice-secrets', readOnly: true };
    expect(containerOf(pod).volumeMounts).to.deep.include(mount);
  });

  it('are named in the notes, because the pod waits for them', () => {
    const api = { expose: true, existingSecret: 'sluice-api' };
    const notes = renderNotes(helm, { values: withHttp({}, { secrets, api }) });
    expect(notes).to.include(
      'The pod starts only when these Secrets exist in ci-gateway:\n\n  ci (key token)\n  sluice-api (key token)\n',
    );
    expect(renderNotes(helm)).to.not.include('Secrets exist');
  });

  it('are no volume without an entry', () => {
    const pod = podOf(renderObjects(helm, { values: withHttp({}) }));
    expect(pod.volumes?.map(({ name }) => name)).to.deep.equal(['config']);
  });

  it('are variables only if the configuration names them', () => {
    const named = withHttp({ auth: { bearer: { tokenEnv: 'CI_TOKEN' } } }, { secrets });
    expect(environmentOf(renderObjects(helm, { values: named }))).to.deep.include({
      CI_TOKEN: { secretKeyRef: { name: 'ci', key: 'token' } },
    });
    const unnamed = renderObjects(helm, { values: withHttp({}, { secrets }) });
    expect(environmentOf(unnamed)).to.not.have.property('CI_TOKEN');
  });

  it('are variables of a configuration that the chart does not see', () => {
    const existingConfigMap = { name: 'mine' };
    const file = { 'ca.pem': { existingSecret: 'company', key: 'ca' } };
    const values = { existingConfigMap, secrets: { ...secrets, ...file } };
    const environment = environmentOf(renderObjects(helm, { values }));
    expect(environment).to.have.property('CI_TOKEN');
    expect(environment).to.not.have.property('ca.pem');
  });

  describe('a variable', () => {
    const places = [
      { key: 'urlEnv', http: (name: string) => ({ urlEnv: name }) },
      {
        key: 'auth.bearer.tokenEnv',
        http: (name: string) => ({ auth: { bearer: { tokenEnv: name } } }),
      },
      {
        key: 'auth.basic.passwordEnv',
        http: (name: string) => ({ auth: { basic: { username: 'u', passwordEnv: name } } }),
      },
      {
        key: 'auth.header.valueEnv',
        http: (name: string) => ({ auth: { header: { name: 'X-Key', valueEnv: name } } }),
      },
      { key: 'signing.secretEnv', http: (name: string) => ({ signing: { secretEnv: name } }) },
      { key: 'secrets.key.env', http: (name: string) => ({ secrets: { key: { env: name } } }) },
      {
        key: 'proxy.passwordEnv',
        http: (name: string) => ({
          proxy: { url: 'http://p.example.test', username: 'u', passwordEnv: name },
        }),
      },
    ];
    for (const { key, http } of places) {
      it(`that no value gives is refused at ${key}`, () => {
        expect(saidOf(render(helm, { values: withHttp(http('CI_TOKEN')) }))).to.include(
          `values: trigger build names the variable CI_TOKEN (http.${key}), which no value gives: write \`secrets: { CI_TOKEN: { existingSecret: SECRET, key: KEY } }\``,
        );
        expect(render(helm, { values: withHttp(http('CI_TOKEN'), { secrets }) })).to.have.property(
          'ok',
          true,
        );
      });
    }

    const given = [
      { what: 'env', more: { env: [{ name: 'CI_TOKEN', value: 'x' }] } },
      { what: 'envFrom', more: { envFrom: [{ secretRef: { name: 'tokens' } }] } },
    ];
    for (const { what, more } of given) {
      it(`may be given by ${what}`, () => {
        const values = withHttp({ signing: { secretEnv: 'CI_TOKEN' } }, more);
        expect(render(helm, { values })).to.have.property('ok', true);
      });
    }

    it('is not shown if it is no name, because it may be the secret', () => {
      const said = saidOf(render(helm, { values: withHttp({ urlEnv: 'https://u:p@x.test/' }) }));
      expect(said).to.include('trigger build has no name of a variable in http.urlEnv');
      expect(said).to.not.include('u:p@x');
    });

    it('is not read out of an object that a trigger creates', () => {
      const manifest = {
        apiVersion: 'example.com/v1',
        kind: 'Run',
        spec: { tokenEnv: 'NOT_OURS', auth: { bearer: { tokenEnv: 'NEITHER' } } },
      };
      const config = { filters: [], triggers: { run: { kubernetes: { manifest } } } };
      expect(render(helm, { values: { config } })).to.have.property('ok', true);
    });
  });

  describe('a file', () => {
    const tls = (caFile: string): object => ({ tls: { caFile } });
    const mounted = { extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/company/' }] };
    const one = {
      extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/ca.pem', subPath: 'ca.pem' }],
    };
    const beside = { extraVolumeMounts: [{ name: 'ca', mountPath: '/etc/sluice/tls' }] };
    const rows = [
      { file: '/etc/sluice-secrets/CI_TOKEN', more: { secrets }, isFine: true },
      { file: '../sluice-secrets/CI_TOKEN', more: { secrets }, isFine: true },
      { file: '/etc/sluice-secrets/other', more: { secrets }, isFine: false },
      { file: '/etc/sluice-secrets/../passwd', more: { secrets }, isFine: false },
      { file: '/etc/company/ca.pem', more: {}, isFine: false },
      { file: '/etc/company/ca.pem', more: mounted, isFine: true },
      { file: '/etc/company-2/ca.pem', more: mounted, isFine: false },
      { file: '/etc/ca.pem', more: one, isFine: true },
      { file: 'ca.pem', more: {}, isFine: false },
      { file: 'tls/ca.pem', more: beside, isFine: true },
      { file: '/etc/ssl/certs/ca-certificates.crt', more: {}, isFine: true },
      {
        file: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
        more: {},
        isFine: true,
      },
    ];
    for (const { file, more, isFine } of rows) {
      it(`${isFine ? 'may' : 'may not'} be ${file} with ${JSON.stringify(more)}`, () => {
        const rendered = render(helm, { values: withHttp(tls(file), more) });
        expect(rendered).to.have.property('ok', isFine);
        if (isFine) return;
        expect(rendered).to.have.property('said').that.includes('(http.tls.caFile), which');
      });
    }

    it('of the API is checked as well', () => {
      const config = { version: 1, http: { tokenFile: '/etc/sluice-secrets/api' } };
      expect(saidOf(render(helm, { values: { config } }))).to.include(
        'values: the API names the file /etc/sluice-secrets/api (http.tokenFile), which no value gives',
      );
      const api = { existingSecret: 'sluice-api', key: 'token' };
      const values = { config, secrets: { api } };
      expect(render(helm, { values })).to.have.property('ok', true);
    });

    it('of the API may be the token of an exposed one', () => {
      const config = { version: 1, http: { tokenFile: '/etc/sluice-api/token' } };
      expect(render(helm, { values: { config } })).to.have.property('ok', false);
      const api = { expose: true, existingSecret: 'sluice-api' };
      expect(render(helm, { values: { config, api } })).to.have.property('ok', true);
    });
  });

  const variables = [
    { what: 'one that the chart sets', more: { env: [{ name: 'SLUICE_DATA', value: '/x' }] } },
    { what: 'one that is a secret, too', more: { env: [{ name: 'CI_TOKEN' }], secrets } },
  ];
  for (const { what, more } of variables) {
    it(`refuse a variable twice: ${what}`, () => {
      expect(saidOf(render(helm, { values: withHttp({}, more) }))).to.match(/values: .*`env`/);
    });
  }
});

function saidOf(rendered: ReturnType<typeof render>): string {
  if (rendered.ok) throw new Error('expected a refusal');
  return rendered.said;
}
