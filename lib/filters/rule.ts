// A rule as it is written in our form of the configuration, and the order in which its conditions
// are tried. Types and lists only: schema.ts describes them to users, compile.ts makes them run.

/** The fields of a rule that ask something of an occurrence, in the order in which they are tried. */
export const CONDITION_FIELDS = [
  'source',
  'namespace',
  'kind',
  'objectName',
  'apiVersion',
  'fieldPath',
  'eventNamespace',
  'reasons',
  'type',
  'message',
  'component',
  'host',
  'count',
] as const;

/** A field of a rule, or of a block under `not`, that asks something of an occurrence. */
export type ConditionField = (typeof CONDITION_FIELDS)[number];

/** Everything that can fail in a rule, in the order in which a trail tries it: `not` comes last. */
export const RULE_FIELDS = [...CONDITION_FIELDS, 'not'] as const;

/** A field that a trail can name. */
export type RuleField = (typeof RULE_FIELDS)[number];

/** One pattern or a list of them; '' and [] ask for nothing, '' inside a list asks for ''. */
export type TextWanted = string | readonly string[];

/** One number or comparison, or a list of them of which one must hold. */
export type CountWanted = number | string | readonly (number | string)[];

/** Conditions that must all hold for the block to match. */
export interface BlockSection {
  readonly source?: TextWanted;
  readonly namespace?: TextWanted;
  readonly kind?: TextWanted;
  readonly objectName?: TextWanted;
  readonly apiVersion?: TextWanted;
  readonly fieldPath?: TextWanted;
  readonly eventNamespace?: TextWanted;
  readonly reasons?: TextWanted;
  readonly type?: TextWanted;
  readonly message?: TextWanted;
  readonly component?: TextWanted;
  readonly host?: TextWanted;
  readonly count?: CountWanted;
}

/** When a series that has started once starts again. */
export interface AgainSection {
  readonly per?: 'series';
  /** A duration: how long a series must have been silent before its re-creation starts anew. */
  readonly quiet?: string;
}

/** One entry of `filters` in our form. */
export interface RuleSection extends BlockSection {
  readonly name?: string;
  /** Earlier names, the oldest first; '' is that of a rule that had no name. */
  readonly formerly?: readonly string[];
  readonly not?: BlockSection | readonly BlockSection[];
  readonly action: 'accept' | 'reject';
  readonly again?: AgainSection;
  /** Names of triggers, in the order in which they are started. */
  readonly triggers?: readonly string[];
}

/** Every key that an entry of `filters` can have, in the order in which the reference lists them. */
export const RULE_KEYS = [
  'name',
  'formerly',
  ...CONDITION_FIELDS,
  'not',
  'action',
  'again',
  'triggers',
] as const satisfies readonly (keyof RuleSection)[];
