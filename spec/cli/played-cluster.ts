// A cluster with one Event, for commands that read one: a playback and a folder, new for each spec.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../../lib/kit/system.ts';
import { type Playback, startPlayback } from '../../lib/playback/playback.ts';
import { anEvent } from '../support/builders.ts';

/** Parts of the cluster, which exist only while a spec runs. */
export interface PlayedCluster {
  readonly folder: string;
  readonly playback: Playback;
}

/** Starts it before every spec of the calling suite, and ends it afterwards. */
export function aPlayedCluster(): () => PlayedCluster {
  let cluster: PlayedCluster | undefined;
  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-played-'));
    const recording = [{ at: 0, type: 'ADDED', object: anEvent() }] as const;
    const options = { recording, speed: 'full', host: '127.0.0.1', port: 0 } as const;
    const playback = await startPlayback(options, { clock: systemClock, random: systemRandom });
    cluster = { folder, playback };
  });
  afterEach(async () => {
    await cluster?.playback[Symbol.asyncDispose]();
    if (cluster !== undefined) await rm(cluster.folder, { recursive: true });
    cluster = undefined;
  });
  return () => {
    if (cluster === undefined) throw new Error('the cluster is asked for outside a spec');
    return cluster;
  };
}
