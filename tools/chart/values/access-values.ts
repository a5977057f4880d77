// Values about who may reach the gateway, and what the gateway may do in the cluster.

import {
  block,
  flag,
  kubernetesList,
  list,
  port,
  text,
  texts,
  type ValueGroup,
} from '../value-schema.ts';

/** The API and the network. */
export const networkValues: ValueGroup = {
  title: 'API and network',
  values: {
    api: block('The HTTP API, which answers what was decided and why.', {
      expose: flag(
        "Whether it listens on the pod's address behind a Service, with a token for every request. Otherwise it listens on loopback, where `kubectl port-forward` reaches it.",
        false,
      ),
      port: port('Its port if it is exposed.', 8081),
      existingSecret: text(
        "A Secret of the release's namespace with the token, at least 16 characters. Needed by `api.expose`.",
        { examples: ['sluice-api'] },
      ),
      secretKey: text('The key of the token in that Secret.', { default: 'token', minLength: 1 }),
      hosts: list(
        'Names beside those of the Service, such as an Ingress host.',
        {
          type: 'string',
          minLength: 1,
        },
        { examples: [['ci.example.test']] },
      ),
    }),
    networkPolicy: block(
      'A NetworkPolicy: in, the probes and the API; out, DNS, the API server and the hosts that the configuration names.',
      {
        enabled: flag('Whether it is created.', false),
        apiServer: block('The API server, which a policy cannot select by label.', {
          cidrs: list(
            'Its addresses. Empty: any address, on the ports below.',
            {
              type: 'string',
              pattern: '^[0-9a-fA-F.:]+/[0-9]{1,3}$',
            },
            { examples: [['10.0.0.1/32']] },
          ),
          ports: list(
            'Its ports.',
            { type: 'integer', minimum: 1, maximum: 65_535 },
            {
              default: [443, 6443],
            },
          ),
        }),
        from: kubernetesList('Peers that may reach the probes and the API. Empty: all.', {
          examples: [[{ namespaceSelector: { matchLabels: { team: 'monitoring' } } }]],
        }),
        extraIngress: kubernetesList('Further rules for traffic in.'),
        extraEgress: kubernetesList('Further rules for traffic out.', {
          examples: [[{ ports: [{ port: 3128 }] }]],
        }),
      },
    ),
  },
};

/** The service account and its permissions. */
export const permissionValues: ValueGroup = {
  title: 'Permissions',
  values: {
    serviceAccount: block('The service account of the gateway.', {
      create: flag('Whether it is created.', true),
      name: text(
        'Its name. Empty: the name of the other objects, or `default` if none is created.',
      ),
      annotations: texts('Its annotations.', { 'example.com/role': 'ci' }),
    }),
    rbac: block('Its Roles and bindings.', {
      enabled: flag(
        'Whether the Roles that the configuration needs are created, and nothing more. The watched and the build namespaces must exist. Otherwise the notes after installing list what to grant.',
        true,
      ),
      extraRules: list(
        'Further rules for the account, each in the Role of its `namespace` (absent: that of the release, `*`: cluster-wide).',
        {
          type: 'object',
          additionalProperties: false,
          required: ['verbs'],
          properties: {
            namespace: { type: 'string', minLength: 1 },
            apiGroups: { type: 'array', items: { type: 'string' } },
            resources: { type: 'array', items: { type: 'string' } },
            resourceNames: { type: 'array', items: { type: 'string' } },
            nonResourceURLs: { type: 'array', items: { type: 'string' } },
            verbs: { type: 'array', minItems: 1, items: { type: 'string' } },
          },
        },
        {
          examples: [
            [{ namespace: 'ci', apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }],
          ],
        },
      ),
    }),
  },
};
