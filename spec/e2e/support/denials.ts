// Admission that says no to Jobs in one namespace: a policy of the server, and a webhook with a server
// of its own on loopback.

import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Json, stringAt } from '../../../lib/core/json-object.ts';
import type { ControlPlane } from '../../controlplane/control-plane.ts';
import { Authority } from '../../support/certificates.ts';

const GROUP = '/apis/admissionregistration.k8s.io/v1';
const JOBS = { apiGroups: ['batch'], apiVersions: ['v1'], resources: ['jobs'] };

const inNamespace = (namespace: string): Json => ({
  matchLabels: { 'kubernetes.io/metadata.name': namespace },
});

/** A ValidatingAdmissionPolicy against Jobs in a namespace; '' leaves its reason out. */
export async function denyJobs(
  plane: ControlPlane,
  namespace: string,
  reason: string,
): Promise<AsyncDisposable & { readonly name: string }> {
  const metadata = { name: namespace };
  const rule = { ...JOBS, operations: ['CREATE'] };
  const validation = { expression: 'false', message: 'no Jobs here', ...(reason && { reason }) };
  const namespaceSelector = inNamespace(namespace);
  const policies = `${GROUP}/validatingadmissionpolicies`;
  const bindings = `${GROUP}/validatingadmissionpolicybindings`;
  await plane.admin.request('POST', policies, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata,
    spec: { matchConstraints: { resourceRules: [rule] }, validations: [validation] },
  });
  await plane.admin.request('POST', bindings, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata,
    spec: {
      policyName: namespace,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector },
    },
  });
  return {
    name: namespace,
    [Symbol.asyncDispose]: async () => {
      await plane.admin.request('DELETE', `${bindings}/${namespace}`);
      await plane.admin.request('DELETE', `${policies}/${namespace}`);
    },
  };
}

/** A validating webhook against Jobs in a namespace, with a Status that can be changed. */
export class DenyingWebhook implements AsyncDisposable {
  /** What the next answer says; the server fills in what is missing. */
  status: Readonly<Record<string, Json>> = {};
  readonly #server: Server;
  readonly #forget: () => Promise<unknown>;

  private constructor(server: Server, forget: () => Promise<unknown>) {
    this.#server = server;
    this.#forget = forget;
  }

  /** Starts its server and registers it. */
  static async start(plane: ControlPlane, namespace: string): Promise<DenyingWebhook> {
    using authority = new Authority();
    const server = createServer(authority.sign('127.0.0.1'));
    const path = `${GROUP}/validatingwebhookconfigurations`;
    const webhook = new DenyingWebhook(server, async () =>
      plane.admin.request('DELETE', `${path}/${namespace}`),
    );
    server.on('request', (request, response) => {
      void text(request).then((body) => {
        const uid = stringAt(JSON.parse(body) as Json, 'request', 'uid');
        const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
        const answer = { uid, allowed: false, status: webhook.status };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ ...review, response: answer }));
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await plane.admin.request('POST', path, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: namespace },
      webhooks: [
        {
          name: 'deny.sluice.dev',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          timeoutSeconds: 5,
          namespaceSelector: inNamespace(namespace),
          rules: [{ ...JOBS, operations: ['CREATE'] }],
          clientConfig: {
            url: `https://127.0.0.1:${port}/`,
            caBundle: Buffer.from(authority.cert).toString('base64'),
          },
        },
      ],
    });
    return webhook;
  }

  /** Stops its server and leaves it registered. */
  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#forget();
    this.stop();
  }
}
