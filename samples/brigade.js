// A sample pipeline for Brigade v1: the script of the project that a brigade trigger names.
// samples/brigade.yaml starts its builds.
//
// e.type is <Kind>:<Reason> of the Kubernetes Event, matched as a whole: Brigade has no wildcard here.
// e.payload is the Event as JSON, a string. e.buildID and e.workerID name the build.
//
// Whoever may write Events chose the values in it. They go to jobs in env and nowhere else: a task is
// a line of shell, and there each expansion is quoted. The syntax is that of Node.js 8, which the
// worker of Brigade 0.10 runs on; later workers run it as well.
const { events, Job, Group } = require("brigadier");

// An image with kubectl and /bin/sh. The jobs' service account needs get on pods and pods/log.
const KUBECTL = "example.com/kubectl:1";

// A Pod that was scheduled, pulled and created: say so.
events.on("Pod:Created", e => {
  const { namespace, name } = involvedObject(e);
  console.log(`created: ${printable(namespace)}/${printable(name)}`);
});

// A crash loop: what the Pod is, then what its last container wrote, one after the other.
events.on("Pod:BackOff", async e => {
  const describe = kubectlJob("describe", e, [
    'kubectl describe pod --namespace="$NAMESPACE" -- "$NAME"',
  ]);
  const logs = kubectlJob("logs", e, [
    'kubectl logs --previous --tail=100 --namespace="$NAMESPACE" -- "$NAME"',
  ]);
  const results = await Group.runEach([describe, logs]);
  console.log(`diagnosed: ${results.length} jobs`);
});

// No room: the Pod and the nodes at the same time.
events.on("Pod:FailedScheduling", async e => {
  const group = new Group();
  group.add(
    kubectlJob("pod", e, ['kubectl get pod --namespace="$NAMESPACE" -o wide -- "$NAME"']),
    kubectlJob("nodes", e, ["kubectl describe nodes"])
  );
  await group.runAll();
});

// Brigade fires this one when a handler or a job above fails.
events.on("error", e => {
  console.error(`failed: ${printable(String(e.cause && e.cause.reason))}`);
});

/** What the Event is about; every field is text, '' where the Event has none. */
function involvedObject(e) {
  const event = JSON.parse(e.payload);
  const object = event.involvedObject || {};
  const text = value => (typeof value === "string" ? value : "");
  return {
    namespace: text(object.namespace),
    name: text(object.name),
    message: text(event.message),
  };
}

/** A job with the Event's values in its environment. */
function kubectlJob(name, e, tasks) {
  const object = involvedObject(e);
  const job = new Job(name, KUBECTL, tasks);
  job.env = { NAMESPACE: object.namespace, NAME: object.name, MESSAGE: object.message };
  // There is nothing to clone for it.
  job.useSource = false;
  return job;
}

/** A text without control characters, so that it stays on its line of the log. */
function printable(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, "?");
}
