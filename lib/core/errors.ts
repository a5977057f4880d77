// The one class of thrown errors and the one table of their codes. What is expected to fail is a
// value elsewhere; thrown are invalid input at start, what no retry cures, and bugs.

interface ErrorEntry {
  /** What it means, for docs/operations.md. */
  readonly meaning: string;
  /** What the command line exits with. */
  readonly exitCode: 1 | 2 | 3 | 4;
  /** What the reader can do about it. */
  readonly nextStep: string;
}

/** Every code, with its meaning, exit code and next step. */
export const ERRORS = {
  internal: {
    meaning: 'a bug in Sluice',
    exitCode: 1,
    nextStep: 'report it with the log line that says so',
  },
  'address-unusable': {
    meaning: 'a listener could not be opened',
    exitCode: 1,
    nextStep:
      'choose another address with --probes or --api, http.probes or http.api, or stop what listens there',
  },
  'output-unusable': {
    meaning: 'a file could not be written',
    exitCode: 1,
    nextStep: 'check that the folder exists, is writable and has room',
  },
  usage: {
    meaning: 'the command line was not understood',
    exitCode: 2,
    nextStep: 'see sluice <command> --help',
  },
  'input-unusable': {
    meaning: 'a file of Events or a recording could not be read, or holds something else',
    exitCode: 2,
    nextStep:
      'name a readable recording, or for explain Events as kubectl get events -o json or -o yaml prints them',
  },
  'configuration-refused': {
    meaning: 'the configuration has errors; nothing was listed, watched or started',
    exitCode: 3,
    nextStep: 'mend what is named above; sluice check FILE names it without running anything',
  },
  'kubeconfig-unusable': {
    meaning: 'no usable way to reach a cluster',
    exitCode: 4,
    nextStep:
      'check --kubeconfig, --context and --master or KUBECONFIG; inside a cluster leave them out',
  },
  'store-unusable': {
    meaning: 'the store can not be opened, or can not be used any more',
    exitCode: 1,
    nextStep: 'do what the message says; the file was not changed',
  },
  'store-unavailable': {
    meaning: 'the store does not take anything at the moment: no room, or no answer',
    exitCode: 1,
    nextStep: 'make room or mend the disk; what was not stored is tried again by itself',
  },
  'gateway-unusable': {
    meaning: 'a command found no gateway that answers it',
    exitCode: 1,
    nextStep:
      'mend what the message names, or name the gateway’s address with --url and its token with --token-file, or, with it stopped, its store with --store',
  },
  'cluster-refused': {
    meaning: 'the API server refuses what no retry cures',
    exitCode: 4,
    nextStep: 'check the path, the selector and the permissions named in the message',
  },
} as const satisfies Record<string, ErrorEntry>;

/** What went wrong, from a closed set. */
export type ErrorCode = keyof typeof ERRORS;

/** The one class of errors that Sluice throws on purpose. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  /** Facts for the log: never a secret. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** What may accompany a thrown error. */
interface SluiceErrorOptions {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** Whether this was thrown with this code. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof SluiceError && error.code === code;
}

/** The exit code for whatever was thrown. */
export function exitCodeOf(error: unknown): number {
  return error instanceof SluiceError ? ERRORS[error.code].exitCode : ERRORS.internal.exitCode;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
