// `sluice playback`: a recording as a Kubernetes API server, for trying rules with no cluster.

import { access, constants, readFile, writeFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf, SluiceError } from '../core/errors.ts';
import { aborted } from '../kit/async/abort.ts';
import { fileTrouble } from '../kit/file-trouble.ts';
import type { TlsPair } from '../kit/http/listen.ts';
import {
  type Playback,
  renderKubeconfig,
  type Speed,
  startPlayback,
} from '../playback/playback.ts';
import { openRecording } from '../playback/recording.ts';
import type { Command } from './command.ts';
import { addressOf, durationOf, type GivenFlags, textFlag, usage } from './flags.ts';

// Clients look at the subjectAltName alone (RFC 9110 §4.3.4), therefore -addext.
const MAKE_CERTIFICATE =
  'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 ' +
  '-subj /CN=playback -addext subjectAltName=IP:127.0.0.1 -keyout playback.key -out playback.crt';

/** Serves a recording. */
export const playbackCommand: Command = {
  name: 'playback',
  summary: 'serves a recording as a Kubernetes API server: discovery, LIST and WATCH of Events',
  synopsis: 'FILE [--listen ADDRESS] [--speed 1|100|full] [flags]',
  arguments: 1,
  argumentsAre: 'files',
  flags: {
    listen: textFlag('HOST:PORT', 'where; default 127.0.0.1:8001, port 0: any'),
    speed: textFlag('N|full', 'how many times as fast as recorded; default 1'),
    'after-watches': textFlag('N', 'begin once N watches are open; default 1'),
    compact: textFlag('DURATION', 'forget old history every DURATION; default: never'),
    ahead: textFlag('DURATION', 'report a server time that is DURATION ahead; default 0s'),
    'write-kubeconfig': textFlag('FILE', 'write how to reach it'),
    'tls-cert': textFlag('FILE', 'serve HTTPS with this certificate (PEM)'),
    'tls-key': textFlag('FILE', 'private key of --tls-cert (PEM)'),
    tls: {
      type: 'boolean',
      isRemoved: true,
      help: `make a certificate with \`${MAKE_CERTIFICATE}\` and give it with --tls-cert and --tls-key`,
    },
  },
  notes:
    'Runs until stopped. Then: sluice run --master http://127.0.0.1:8001 --namespace "" …\n' +
    'It answers under loopback names, its own address and the host of --listen alone (else 421).',
  run: async (given, { clock, random, stdout, stop }) => {
    const [file] = given.positionals;
    if (file === undefined) throw usage('playback needs the recording FILE');
    const speed = speedOf(given.text('speed') ?? '1');
    const listen = addressOf('listen', given.text('listen') ?? '8001', '127.0.0.1');
    const compactEveryMs = durationOf(given, 'compact');
    const aheadMs = durationOf(given, 'ahead');
    const tls = await tlsOf(given);
    await mustBeRecording(file);
    await using playback = await startPlayback(
      {
        recording: openRecording(file),
        speed,
        ...listen,
        afterWatches: countOf(given, 'after-watches', 1),
        ...(tls === null ? {} : { tls }),
        ...(compactEveryMs === undefined ? {} : { compactEveryMs }),
        ...(aheadMs === undefined ? {} : { aheadMs }),
      },
      { clock, random },
    );
    await writeKubeconfig(given.text('write-kubeconfig'), { url: playback.url, tls });
    stdout.write(`serving ${file} on ${playback.url}\n`);
    await Promise.race([finished(playback, stdout), aborted(stop)]);
    await aborted(stop);
    return 0;
  },
};

/** Validates a recording at the start, because it is otherwise opened only when it is first played. */
export async function mustBeRecording(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK);
  } catch (cause) {
    throw new SluiceError('input-unusable', `read the recording ${file}: ${fileTrouble(cause)}`, {
      cause,
    });
  }
  // Returning after the first entry closes the file.
  for await (const _first of openRecording(file)) return;
}

/** Parses a speed. **Errors**: `usage`. */
export function speedOf(text: string): Speed {
  if (text === 'full') return 'full';
  const speed = Number(text.replace(/x$/, ''));
  if (Number.isFinite(speed) && speed > 0) return speed;
  throw usage(`flag --speed takes a number above 0 or full, not "${text}"`);
}

async function writeKubeconfig(
  file: string | undefined,
  { url, tls }: { readonly url: string; readonly tls: TlsPair | null },
): Promise<void> {
  if (file === undefined) return;
  try {
    await writeFile(file, renderKubeconfig(tls === null ? { url } : { url, cert: tls.cert }));
  } catch (cause) {
    throw new SluiceError('output-unusable', `write ${file}: ${fileTrouble(cause)}`, { cause });
  }
}

async function finished(playback: Playback, stdout: NodeJS.WritableStream): Promise<void> {
  await playback.done;
  const { applied, skipped } = playback.progress();
  stdout.write(`played ${applied} notifications, skipped ${skipped}; still serving\n`);
}

function countOf(given: GivenFlags, flag: string, fallback: number): number {
  const text = given.text(flag);
  if (text === undefined) return fallback;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usage(`flag --${flag} takes a whole number, not "${text}"`);
}

async function tlsOf(given: GivenFlags): Promise<TlsPair | null> {
  const cert = given.text('tls-cert');
  const key = given.text('tls-key');
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) {
    throw usage('flags --tls-cert and --tls-key go together');
  }
  const pair = { cert: await readPem(cert), key: await readPem(key) };
  try {
    createSecureContext(pair);
  } catch (cause) {
    const message = `flags --tls-cert ${cert} and --tls-key ${key}: ${messageOf(cause)}`;
    throw new SluiceError('usage', `${message} (expected a certificate and its key, both PEM)`, {
      cause,
    });
  }
  return pair;
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SluiceError('input-unusable', `read ${file}: ${fileTrouble(cause)}`, { cause });
  }
}
