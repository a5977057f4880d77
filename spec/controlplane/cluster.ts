// `make cluster`: a control plane with one fake node in the foreground, for trying things by hand.
// It says how to use it, and ends cleanly with Ctrl-C, SIGTERM or its terminal.

import { startControlPlane } from './control-plane.ts';

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function main(): Promise<void> {
  const ended = Promise.withResolvers<string>();
  for (const signal of endings) process.on(signal, () => ended.resolve(signal));
  const starting = startControlPlane();
  // Nothing reads this timer; it keeps the process here while only unreferenced children run.
  const alive = setInterval(() => undefined, 60_000);
  try {
    await using plane = await starting;
    await plane.addNode('node-a');
    process.stdout.write(howTo(plane.adminKubeconfig, plane.directory));
    const signal = await ended.promise;
    process.stderr.write(`cluster: ${signal}, ending\n`);
  } finally {
    clearInterval(alive);
  }
}

function howTo(kubeconfig: string, directory: string): string {
  return `
A Kubernetes control plane is running: API server, controllers, scheduler, one fake node.

  export KUBECONFIG=${kubeconfig}

  kubectl get events --all-namespaces --watch     (if you have kubectl)
  node bin/sluice.js …                            reads KUBECONFIG as kubectl does

Pods run and those of Jobs complete; to see trouble, give a pod the label
spec.sluice.dev/behaviour: crash, image, mount or unhealthy (spec/controlplane/stages).

Output of the components: ${directory}/*.log
Ctrl-C ends it and removes everything.
`;
}

await main();
