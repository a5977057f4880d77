// `helm test`: writes an Event into a watched namespace and waits until the gateway has decided it. The
// image has no shell and no kubectl, so this runs on its Node.js. The decision is read from the API if
// that is exposed, else from the log of the gateway's pod. The Event has the gateway's own reporter, so
// that no rule can start a build from it.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const { env } = process;
const namespace = env.EVENT_NAMESPACE;
const name = `sluice-test-${randomBytes(6).toString('hex')}`;
const deadline = Date.now() + Number(env.TIMEOUT_SECONDS ?? 60) * 1000;
const host = env.KUBERNETES_SERVICE_HOST ?? '';
const cluster = `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT}`;

/** The text of an answer; any other status than 2xx is an error that names the request. */
async function request(url, tokenFile, init = {}) {
  const authorization = `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const answer = await fetch(url, { ...init, headers, signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  if (answer.ok) return text;
  throw new Error(`${init.method ?? 'GET'} ${url}: ${answer.status} ${text.slice(0, 500)}`);
}

const account = env.TOKEN_FILE ?? '/var/run/secrets/kubernetes.io/serviceaccount/token';

// A gateway that is not ready yet skips what was written before its first list, so another is written.
const WRITE_EVERY_MS = 10_000;

async function writeEvent(number) {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${number}`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace },
    ...{ type: 'Normal', reason: 'HelmTest', message: 'An Event of helm test.', count: 1 },
    ...{ firstTimestamp: now, lastTimestamp: now },
    source: { component: 'sluice' },
    reportingComponent: 'sluice.dev/gateway',
  };
  const url = `${cluster}/api/v1/namespaces/${namespace}/events`;
  await request(url, account, { method: 'POST', body: JSON.stringify(event) });
}

/** The decision as the API answers it; undefined if there is none yet. */
async function decisionInApi() {
  const url = `${env.API_URL}/api/v1/decisions?namespace=${namespace}&limit=100&trail=true`;
  const { items } = JSON.parse(await request(url, env.API_TOKEN_FILE));
  const found = items.find(({ event }) => event.name.startsWith(`${name}.`));
  return found === undefined ? undefined : JSON.stringify(found);
}

/** The line of the decision in the log of the gateway's pod; undefined if there is none yet. */
async function decisionInLog() {
  const pod = `${cluster}/api/v1/namespaces/${env.POD_NAMESPACE}/pods/${env.GATEWAY_POD}`;
  const log = await request(`${pod}/log?container=sluice&sinceSeconds=600`, account);
  return log.split('\n').find((line) => line.includes(name));
}

const inApi = env.API_URL !== undefined;
const where = inApi ? `the API at ${env.API_URL}` : `the log of the pod ${env.GATEWAY_POD}`;
let written = 0;
let nextAt = 0;
for (;;) {
  if (Date.now() >= nextAt) {
    written += 1;
    await writeEvent(written);
    console.log(`wrote the Event ${namespace}/${name}.${written}; waiting for its decision in ${where}`);
    nextAt = Date.now() + WRITE_EVERY_MS;
  }
  let failure = 'no decision about it yet';
  try {
    const found = await (inApi ? decisionInApi() : decisionInLog());
    if (found !== undefined) {
      console.log(`decided: ${found}`);
      process.exit(0);
    }
  } catch (error) {
    failure = [error.message, error.cause?.message].filter(Boolean).join(': ');
  }
  if (Date.now() > deadline) {
    console.error(`not decided in time: ${failure}. Is the gateway ready, and does it read ${namespace}?`);
    process.exit(1);
  }
  await sleep(1000);
}
