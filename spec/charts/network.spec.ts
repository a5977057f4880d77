// The NetworkPolicy of the chart: in, the probes and the API; out, DNS, the API server, and what the
// configuration names.

import { expect } from 'chai';
import { findHelm, renderNotes, renderObjects, theOnly } from './helm.ts';

interface Rule {
  readonly ports?: readonly { readonly port: number; readonly protocol?: string }[];
  readonly from?: readonly object[];
  readonly to?: readonly object[];
}

interface Policy {
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  readonly policyTypes: readonly string[];
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
}

const DNS = {
  ports: [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ],
};
const API_SERVER = { ports: [{ port: 443 }, { port: 6443 }] };

const testLabels = {
  'app.kubernetes.io/name': 'sluice',
  'app.kubernetes.io/instance': 'gw',
  'app.kubernetes.io/component': 'test',
};

function http(url: string, more: object = {}): object {
  return { triggers: { build: { http: { url, ...more } } } };
}

describe('the network policy of the chart', function () {
  this.timeout(60_000);
  let helm = '';

  before(async function () {
    this.timeout(600_000);
    helm = await findHelm(this);
  });

  const policyFor = ({ networkPolicy = {}, ...values }: Readonly<Record<string, unknown>>) => {
    const given = { ...values, networkPolicy: { enabled: true, ...(networkPolicy as object) } };
    return theOnly(renderObjects(helm, { values: given }), 'NetworkPolicy')['spec'] as Policy;
  };

  it('is absent unless asked for', () => {
    expect(renderObjects(helm).map(({ kind }) => kind)).to.not.include('NetworkPolicy');
  });

  it('opens the probes, DNS and the API server', () => {
    const policy = policyFor({});
    expect(policy.podSelector.matchLabels).to.have.property(
      'app.kubernetes.io/component',
      'gateway',
    );
    expect(policy.policyTypes).to.deep.equal(['Ingress', 'Egress']);
    expect(policy.ingress).to.deep.equal([{ ports: [{ port: 8080 }] }]);
    expect(policy.egress).to.deep.equal([DNS, API_SERVER]);
  });

  it('opens the API only if it is exposed', () => {
    const api = { expose: true, port: 9000, existingSecret: 'token' };
    expect(policyFor({ api }).ingress).to.deep.equal([{ ports: [{ port: 8080 }, { port: 9000 }] }]);
  });

  it('admits only the peers of the values, and the test of the release', () => {
    const from = [{ namespaceSelector: { matchLabels: { team: 'ops' } } }];
    const api = { expose: true, existingSecret: 'token' };
    const [rule, test, ...others] = policyFor({ api, networkPolicy: { from } }).ingress;
    expect(rule).to.have.deep.property('from', from);
    expect(test).to.have.deep.property('ports', [{ port: 8081 }]);
    expect(test).to.have.deep.property('from', [{ podSelector: { matchLabels: testLabels } }]);
    expect(others).to.deep.equal([]);
    expect(policyFor({ networkPolicy: { from } }).ingress).to.have.length(1);
  });

  it('reaches the API server at the addresses and ports of the values', () => {
    const apiServer = { cidrs: ['10.0.0.1/32', '10.0.0.2/32'], ports: [8443] };
    expect(policyFor({ networkPolicy: { apiServer } }).egress[1]).to.deep.equal({
      ports: [{ port: 8443 }],
      to: [{ ipBlock: { cidr: '10.0.0.1/32' } }, { ipBlock: { cidr: '10.0.0.2/32' } }],
    });
  });

  const proxied = { proxy: { url: 'http://proxy.example.test:3128' } };
  const targets = [
    { what: 'https', config: http('https://ci.example.test/a'), is: [{ ports: [{ port: 443 }] }] },
    { what: 'http', config: http('http://ci.example.test?a'), is: [{ ports: [{ port: 80 }] }] },
    {
      what: 'a port, after a user name and with a template',
      config: http('HTTPS://u@ci.example.test:8443/a/${event.reason}?b=${event.type}'),
      is: [{ ports: [{ port: 8443 }] }],
    },
    {
      what: 'an address',
      config: http('http://10.1.2.3:9000/'),
      is: [{ ports: [{ port: 9000 }], to: [{ ipBlock: { cidr: '10.1.2.3/32' } }] }],
    },
    {
      what: 'an address of IPv6',
      config: http('http://[fd00::1]:9000/'),
      is: [{ ports: [{ port: 9000 }], to: [{ ipBlock: { cidr: 'fd00::1/128' } }] }],
    },
    { what: 'its own machine', config: http('http://127.0.0.1:9000/'), is: [] },
    {
      what: 'a proxy',
      config: http('https://ci.example.test/', proxied),
      is: [{ ports: [{ port: 3128 }, { port: 443 }] }],
    },
  ];
  for (const { what, config, is } of targets) {
    it(`reaches ${what}`, () => {
      expect(policyFor({ config }).egress.slice(2)).to.deep.equal(is);
    });
  }

  it('reaches a proxy of the environment', () => {
    const env = [{ name: 'https_proxy', value: 'http://proxy.example.test:3128' }];
    expect(policyFor({ env }).egress[2]).to.deep.equal({ ports: [{ port: 3128 }] });
  });

  it('has the further rules of the values', () => {
    const extraIngress = [{ ports: [{ port: 1 }] }];
    const extraEgress = [{ ports: [{ port: 2 }] }];
    const policy = policyFor({ networkPolicy: { extraIngress, extraEgress } });
    expect(policy.ingress.at(-1)).to.deep.equal(extraIngress[0]);
    expect(policy.egress.at(-1)).to.deep.equal(extraEgress[0]);
  });

  it('is explained in the notes, with what it cannot know', () => {
    const networkPolicy = { enabled: true };
    const notes = renderNotes(helm, { values: { networkPolicy } });
    expect(notes).to.include('NetworkPolicy knows ports and addresses, but no host names');
    const secrets = { HOOK: { existingSecret: 'chat', key: 'url' } };
    const config = { triggers: { chat: { http: { urlEnv: 'HOOK' } } } };
    const unseen = renderNotes(helm, { values: { networkPolicy, config, secrets } });
    expect(unseen).to.include('networkPolicy.extraEgress');
    expect(unseen).to.include('a URL is in a file or a variable');
  });
});
