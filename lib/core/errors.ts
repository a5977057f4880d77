// The one class of thrown errors and the one table of their codes. Expected failures are values
// elsewhere. Thrown are invalid input at start, failures that no retry cures, and bugs.

interface ErrorEntry {
  /** Its meaning, as in docs/operations.md. */
  readonly meaning: string;
  /** The exit code of the command line. */
  readonly exitCode: 1 | 2 | 3 | 4;
  /** The reader's next step. */
  readonly nextStep: string;
}

/** The table of error codes. */
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
    meaning: 'the command line is invalid',
    exitCode: 2,
    nextStep: 'see sluice <command> --help',
  },
  'input-unusable': {
    meaning: 'a file of Events or a recording could not be read, or has other content',
    exitCode: 2,
    nextStep:
      'name a readable recording, or for explain Events as kubectl get events -o json or -o yaml prints them',
  },
  'configuration-refused': {
    meaning: 'the configuration has errors; nothing was listed, watched or started',
    exitCode: 3,
    nextStep: 'correct the problems above; sluice check FILE lists them without running anything',
  },
  'kubeconfig-unusable': {
    meaning: 'no usable way to reach a cluster',
    exitCode: 4,
    nextStep:
      'check --kubeconfig, --context and --master or KUBECONFIG; inside a cluster leave them out',
  },
  'store-unusable': {
    meaning: 'the store cannot be opened, or can no longer be used',
    exitCode: 1,
    nextStep: 'do what the message says; the file was not changed',
  },
  'store-unavailable': {
    meaning: 'the store accepts no changes for now: no space, or no answer',
    exitCode: 1,
    nextStep: 'free space or repair the disk; failed calls are retried automatically',
  },
  'gateway-unusable': {
    meaning: 'a command gets no usable answer from a gateway',
    exitCode: 1,
    nextStep:
      'correct what the message names, or give the gateway’s address with --url and its token with --token-file; if the gateway is stopped, give its store with --store',
  },
  'cluster-refused': {
    meaning: 'the API server refused a request, and no retry helps',
    exitCode: 4,
    nextStep: 'check the path, the selector and the permissions named in the message',
  },
} as const satisfies Record<string, ErrorEntry>;

/** The code of an error, from a closed set. */
export type ErrorCode = keyof typeof ERRORS;

/** The only error that Sluice throws on purpose. */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: ErrorCode;
  /** Facts for the log; never a secret. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

interface SluiceErrorOptions {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** Checks whether an error is a SluiceError with this code. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof SluiceError && error.code === code;
}

/** The exit code of any thrown value. */
export function exitCodeOf(error: unknown): number {
  return error instanceof SluiceError ? ERRORS[error.code].exitCode : ERRORS.internal.exitCode;
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
