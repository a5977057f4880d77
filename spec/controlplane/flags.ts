// The command line of every component, as a pure function of where things are. The reasons for
// flags that are not the usual ones stand beside them.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentName } from './build.ts';

/** Settings of one control plane that differ between specs. */
export interface Tuning {
  /** How long an Event lives, as kube-apiserver spells it (`1h0m0s`). */
  readonly eventTTL: string;
  /** How often kube-apiserver compacts etcd, as it spells it; `0s` is never. */
  readonly compactionInterval: string;
  readonly serviceClusterIPRange: string;
  /** Whether controllers run; without them no namespace has a default service account. */
  readonly controllers: boolean;
  readonly extraApiServerFlags: readonly string[];
}

/** Where one control plane keeps its things and listens. */
export interface Layout {
  readonly directory: string;
  readonly etcdUrl: string;
  readonly etcdPeerUrl: string;
  readonly apiServerPort: number;
  /** Absent where no client certificates can be made. */
  readonly clientCaFile: string | undefined;
}

/** The files of a layout that more than one component reads. */
export function toFiles({ directory }: Layout): {
  readonly ca: string;
  readonly certificates: string;
  readonly tokens: string;
  readonly serviceAccountKey: string;
  readonly adminKubeconfig: string;
} {
  const certificates = join(directory, 'certificates');
  return {
    // kube-apiserver makes its own pair and appends the authority that signed it.
    ca: join(certificates, 'apiserver.crt'),
    certificates,
    tokens: join(directory, 'tokens.csv'),
    serviceAccountKey: join(directory, 'service-account.key'),
    adminKubeconfig: join(directory, 'admin.kubeconfig'),
  };
}

/** The flags of a component. */
export function toFlags(name: ComponentName, layout: Layout, tuning: Tuning): readonly string[] {
  switch (name) {
    case 'etcd':
      return etcdFlags(layout);
    case 'kube-apiserver':
      return apiServerFlags(layout, tuning);
    case 'kube-controller-manager':
      return controllerManagerFlags(layout);
    case 'kube-scheduler':
      return [`--kubeconfig=${toFiles(layout).adminKubeconfig}`, ...alone];
    case 'kwok':
      return kwokFlags(layout);
  }
}

const alone = ['--leader-elect=false', '--secure-port=0'];

function etcdFlags({ directory, etcdUrl, etcdPeerUrl }: Layout): readonly string[] {
  return [
    `--data-dir=${join(directory, 'etcd')}`,
    '--name=spec',
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${etcdPeerUrl}`,
    `--initial-advertise-peer-urls=${etcdPeerUrl}`,
    `--initial-cluster=spec=${etcdPeerUrl}`,
    // The data ends with the specs, and fsync is what a busy disk is slowest at.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiServerFlags(layout: Layout, tuning: Tuning): readonly string[] {
  const files = toFiles(layout);
  return [
    `--etcd-servers=${layout.etcdUrl}`,
    `--secure-port=${layout.apiServerPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--cert-dir=${files.certificates}`,
    `--token-auth-file=${files.tokens}`,
    ...(layout.clientCaFile === undefined ? [] : [`--client-ca-file=${layout.clientCaFile}`]),
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--service-cluster-ip-range=${tuning.serviceClusterIPRange}`,
    `--event-ttl=${tuning.eventTTL}`,
    `--etcd-compaction-interval=${tuning.compactionInterval}`,
    // A loopback address is no valid endpoint of the `kubernetes` service.
    '--endpoint-reconciler-type=none',
    '--allow-privileged=true',
    // A namespace may name the node of its pods by an annotation.
    '--enable-admission-plugins=PodNodeSelector',
    // Without controllers nobody makes default service accounts, and every pod would be refused.
    ...(tuning.controllers ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...tuning.extraApiServerFlags,
  ];
}

function controllerManagerFlags(layout: Layout): readonly string[] {
  const files = toFiles(layout);
  return [
    `--kubeconfig=${files.adminKubeconfig}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.ca}`,
    '--use-service-account-credentials=true',
    // At the default rate its first seconds go into making its own accounts.
    '--kube-api-qps=300',
    '--kube-api-burst=600',
    ...alone,
  ];
}

function kwokFlags(layout: Layout): readonly string[] {
  const stages = join(import.meta.dirname, 'stages');
  const names = readdirSync(stages).filter((name) => name.endsWith('.yaml'));
  return [
    `--kubeconfig=${toFiles(layout).adminKubeconfig}`,
    // A spec may have a node of its own, whose pods it runs.
    '--manage-all-nodes=false',
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    '--node-lease-duration-seconds=40',
    '--node-ip=127.0.0.1',
    '--cidr=10.244.0.0/16',
    ...names.sort().map((name) => `--config=${join(stages, name)}`),
  ];
}
