// Problems of a configuration as values: all are reported at once, each with its place.

/** Severity of a problem. A configuration with an error is refused. */
export type Severity = 'error' | 'warning' | 'info';

/** Every problem code; docs/configuration.md explains each. */
export const PROBLEM_CODES = [
  'unreadable',
  'not-yaml',
  'duplicate-key',
  'too-many-aliases',
  'too-large',
  'several-documents',
  'wrong-file',
  'unknown-key',
  'missing-key',
  'wrong-type',
  'wrong-value',
  'bad-pattern',
  'bad-duration',
  'bad-size',
  'bad-rate',
  'bad-template',
  'bad-count',
  'bad-selector',
  'bad-name',
  'template-place',
  'shell-argument',
  'argument-injection',
  'env-not-passed',
  'unknown-trigger',
  'unknown-source',
  'duplicate-name',
  'shared-identity',
  'triggers-missing',
  'unused-trigger',
  'name-is-ours',
  'key-life-short',
  'never-matches',
  'pruned-path',
  'selector-derived',
  'ignored-key',
  'letter-case',
  'action-not-accept',
  'wrong-form',
  'guard-off',
  'store-small',
  'store-forgets',
  'no-time',
  'no-configuration',
  'secret-unreadable',
  'secret-in-clear',
  'proxy-unusable',
  'not-allowed',
  'permission-missing',
  'manifest-refused',
  'cluster-unchecked',
] as const;

/** The code of a problem. */
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** A problem without line and column, as checks of values report it. */
export interface Finding {
  readonly severity: Severity;
  readonly code: ProblemCode;
  /** A JSON Pointer (RFC 6901) into the configuration. */
  readonly path: string;
  /** The value found and the value expected. */
  readonly message: string;
  /** The reader's next step. */
  readonly hint: string;
  /** Set if a secret may be at that place, so that the line of the file is not shown. */
  readonly concealed?: true;
}

/** The words of a finding. */
export type FindingWords = Pick<Finding, 'message' | 'hint'>;

/** Makes a finding that refuses the configuration. */
export function errorAt(code: ProblemCode, path: string, words: FindingWords): Finding {
  return { severity: 'error', code, path, ...words };
}

/** Makes a finding with which the configuration still runs. */
export function warningAt(code: ProblemCode, path: string, words: FindingWords): Finding {
  return { severity: 'warning', code, path, ...words };
}

/** A finding with its place in the file. Lines and columns count from 1; 0 if there is no place. */
export interface Problem extends Finding {
  readonly line: number;
  readonly column: number;
}
