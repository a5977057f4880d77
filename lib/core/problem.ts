// What is wrong with a configuration, as values: every problem at once, each with its place.

/** How much a problem matters: an error refuses the configuration. */
export type Severity = 'error' | 'warning' | 'info';

/** Every code a problem can have; docs/configuration.md explains each. */
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
] as const;

/** What kind of problem it is. */
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** A problem without its line and column, as checks that see only values report it. */
export interface Finding {
  readonly severity: Severity;
  readonly code: ProblemCode;
  /** A JSON Pointer (RFC 6901) into the configuration. */
  readonly path: string;
  /** What was found and what was expected. */
  readonly message: string;
  /** What to do. */
  readonly hint: string;
  /** Set if a secret may stand at that place: then the line of the file is not shown. */
  readonly concealed?: true;
}

/** A finding with its place in the file; lines and columns from 1, 0 where there is no place. */
export interface Problem extends Finding {
  readonly line: number;
  readonly column: number;
}
