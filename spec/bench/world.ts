// Where a part of the bench runs: a folder, a certificate, a stand-in API server, a receiver, and
// the two things that are measured on them, a bare reader and the gateway. Disposing ends them all.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderKubeconfig } from '../../lib/playback/playback.ts';
import { Authority } from '../support/certificates.ts';
import { build } from './build.ts';
import { folderOnDisk } from './disk.ts';
import type { Mix } from './event-lines.ts';
import { GatewayChild } from './gateway.ts';
import { Program } from './program.ts';
import type { Reading } from './programs/reader.ts';
import type { Preparation } from './programs/stand-in.ts';

/** Parts shared by all cases of a part. */
export interface World extends AsyncDisposable {
  readonly standIn: Program;
  readonly receiver: Program;
  readonly receiverUrl: string;
  /** Says which Events there will be, where those are not the ones that are ready. */
  readonly prepare: (wanted: Mix & Partial<Preparation>) => Promise<void>;
  /** Starts a reader whose watch is not open yet, and what opens it. */
  readonly startReader: (
    reading: Omit<Reading, 'url' | 'ca' | 'receiver'>,
  ) => Promise<{ readonly reader: Program; readonly open: () => Promise<void> }>;
  /** Starts another receiver and returns its address. */
  readonly startReceiver: () => Promise<{ readonly receiver: Program; readonly url: string }>;
  /** Starts a program that commits to a store of its own making. */
  readonly startCommitter: () => Promise<Program>;
  /** Starts a program that imports modules; the caller ends it. */
  readonly startImporter: () => Promise<Program>;
  /** Makes an empty folder for a store, on the disk of the repository. */
  readonly newData: () => string;
  /** Starts a gateway and waits until it is ready. */
  readonly startGateway: (
    configuration: Readonly<Record<string, unknown>>,
    more?: GatewayExtras,
  ) => Promise<GatewayChild>;
  /** The executable that is measured, for its other commands. */
  readonly executable: string;
  /** The module that the executable runs. */
  readonly entry: string;
}

/** Rare options of a gateway. */
export interface GatewayExtras {
  /** Where its store lies; an empty folder of its own where absent. */
  readonly data?: string;
  /** `off` where absent. */
  readonly api?: 'on' | 'off';
}

/** Dependencies of a world. */
export interface WorldRequest {
  /** Where profiles of the gateway go; null: none are made. */
  readonly cpuProf: string | null;
}

/** Starts a world. */
export async function openWorld({ cpuProf }: WorldRequest): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const folder = mkdtempSync(join(folderOnDisk(), 'sluice-bench-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const { sluice: executable, entry, programs } = build(folder);
  const authority = opened.use(new Authority());
  const standIn = opened.use(await Program.start(programs, 'stand-in'));
  const receiver = opened.use(await Program.start(programs, 'receiver'));
  const url = await standIn.ask<string>('listen', authority.sign('stand-in'));
  const receiverUrl = await receiver.ask<string>('listen');
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, renderKubeconfig({ url, cert: authority.cert }));
  const nodeArgs = cpuProf === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProf}`];
  const kept = opened.move();
  let gateways = 0;
  let stores = 0;
  let prepared = '';
  const newData = (): string => {
    stores += 1;
    const data = join(folder, `data-${stores}`);
    mkdirSync(data);
    return data;
  };
  return {
    executable,
    entry,
    newData,
    standIn,
    receiver,
    receiverUrl,
    prepare: async (mix) => {
      const wanted: Preparation = { stored: 0, as: 'pieces', ...mix };
      const text = JSON.stringify(wanted);
      if (text === prepared) return;
      prepared = text;
      await standIn.ask('prepare', wanted);
    },
    startReader: async (reading) => {
      const reader = kept.use(await Program.start(programs, 'reader'));
      const told: Reading = { ...reading, url, ca: authority.cert, receiver: receiverUrl };
      return { reader, open: () => reader.ask('read', told) };
    },
    startReceiver: async () => {
      const another = kept.use(await Program.start(programs, 'receiver'));
      return { receiver: another, url: await another.ask<string>('listen') };
    },
    startCommitter: async () => kept.use(await Program.start(programs, 'committer')),
    startImporter: () => Program.start(programs, 'importer'),
    startGateway: async (configuration, { data = newData(), api = 'off' } = {}) => {
      gateways += 1;
      const own = join(folder, `gateway-${gateways}`);
      mkdirSync(own);
      const guard = standIn;
      const files = { executable, folder: own, data, kubeconfig };
      const request = { ...files, configuration, api, nodeArgs, guard };
      return kept.use(await GatewayChild.start(request));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
