#!/usr/bin/env node
// A sample pipeline: says what a real one would do with an accepted Event. Sluice passes the facts as
// SLUICE_* variables and the whole document as JSON on standard input, and prefixes each line that is
// written here with the delivery's id. Any program will do; this one runs where Sluice runs, without a shell.
//
// Authors of Events choose these values, so they are only printed here. Nothing is evaluated.
//
// Exit 0: delivered. 75: try again later (retryOn in the configuration). Anything else: refused.
import process from 'node:process';

const env = process.env;
const object = `${env.SLUICE_KIND ?? 'object'} ${env.SLUICE_NAMESPACE ?? 'cluster'}/${env.SLUICE_NAME ?? 'unnamed'}`;

const storage = ['storage', `would check the volumes and Secrets that ${object} asks for`];
const diagnose = ['diagnose', `would collect the logs and the last state of ${object}`];
const steps = {
  BackOff: diagnose,
  Failed: diagnose,
  Unhealthy: diagnose,
  Evicted: diagnose,
  FailedMount: storage,
  FailedAttachVolume: storage,
  FailedScheduling: ['capacity', `would compare the requests of ${object} with the free room on the nodes`],
  Completed: ['promote', `would start the stage after ${object}`],
};

let bytes = 0;
process.stdin.on('error', () => process.exit(75));
for await (const part of process.stdin) bytes += part.length;

const reason = env.SLUICE_REASON ?? '';
const step = Object.hasOwn(steps, reason) ? steps[reason] : ['notify', `would tell the owners of ${object}`];
const lines = [
  ['pipeline', `${object}, ${reason || 'no reason'} x${env.SLUICE_COUNT ?? 1}, attempt ${env.SLUICE_ATTEMPT ?? 1}`],
  step,
  ['message', env.SLUICE_MESSAGE ?? ''],
  ['document', `${bytes} bytes on standard input`],
];
process.stdout.write(lines.map(([what, text]) => `${what}: ${text}\n`).join(''));
