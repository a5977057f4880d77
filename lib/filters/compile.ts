// Compiles rules of our form into a chain and reports all mistakes in their meaning. Keys, types and
// fixed words are checked by the schema: a value that it refuses is skipped here without a finding.

import type { Action } from '../core/decision.ts';
import { isJsonObject } from '../core/json-object.ts';
import { errorAt, type Finding } from '../core/problem.ts';
import type { Vocabulary } from '../core/vocabulary.ts';
import type { Block, Chain, Condition, Rule } from './chain.ts';
import { compileCondition, entriesOf } from './condition.ts';
import { chainOf } from './narrowing.ts';
import { checkSources, compileTriggers } from './references.ts';
import { compileQuiet, type RuleSection } from './rule.ts';
import { ownValue, pointer, quoted, type Report } from './rule-findings.ts';

/** The names that rules may refer to, and the defaults of rules. */
interface ChainOptions {
  /** The fields that rules may name. */
  readonly vocabulary: Vocabulary;
  /** The names of the configured triggers, in the file's order; absent: they are unreadable. */
  readonly triggers?: readonly string[];
  /** The names of the configured sources; absent: the rules' `source` is not compared with them. */
  readonly sources?: readonly string[];
  readonly defaultQuietMs: number;
}

/** A chain with the findings of its compilation. */
export interface CompiledChain {
  /** Empty if a finding is an error, so that a wrong chain rejects everything if it ever runs. */
  readonly chain: Chain;
  readonly findings: readonly Finding[];
}

interface RulePlace {
  readonly section: object;
  readonly index: number;
  readonly path: string;
  readonly options: ChainOptions;
}

/** Compiles the entries of `filters`; paths of findings begin with `/filters`. */
export function compileChain(
  sections: readonly RuleSection[],
  options: ChainOptions,
): CompiledChain {
  const findings: Finding[] = [];
  const skipped = { count: 0 };
  const report: Report = {
    add: (finding) => void findings.push(finding),
    skip: () => void (skipped.count += 1),
  };
  const rules: Rule[] = [];
  const names: RuleNames[] = [];
  const written: unknown = sections;
  if (!Array.isArray(written)) report.skip();
  for (const [index, section] of Array.isArray(written) ? written.entries() : []) {
    const path = pointer('/filters', index);
    if (!isJsonObject(section)) {
      report.skip();
      continue;
    }
    const place = { section, index, path, options };
    const called = compileNames(place, report);
    names.push(called);
    rules.push(compileRule(place, called, report));
  }
  checkNames(names, report);
  noteSharedIdentities(rules, report);
  const isRefused = skipped.count > 0 || findings.some(({ severity }) => severity === 'error');
  return { chain: chainOf(isRefused ? [] : rules, options.vocabulary), findings };
}

function compileRule(place: RulePlace, called: RuleNames, report: Report): Rule {
  const { section, index, path, options } = place;
  const action = compileAction(section, report);
  const conditions = compileConditions({ section, path, options }, report);
  checkSources(conditions, { path, sources: options.sources }, report);
  const not = compileNot(place, report);
  const quietMs = compileQuiet({ section, path, action }, options.defaultQuietMs, report);
  const triggers = compileTriggers({ section, path, action }, options.triggers, report);
  const { name, formerly } = called;
  const rule = Object.freeze({ index, name, identity: formerly[0] ?? name ?? '' });
  return { conditions, not, decision: Object.freeze({ action, rule, triggers, quietMs }) };
}

function compileNames({ section, index }: RulePlace, report: Report): RuleNames {
  const name = ownValue(section, 'name');
  if (name !== undefined && (typeof name !== 'string' || name === '')) report.skip();
  const formerly: string[] = [];
  const written = ownValue(section, 'formerly') ?? [];
  if (!Array.isArray(written)) report.skip();
  for (const entry of Array.isArray(written) ? written : []) {
    if (typeof entry === 'string') formerly.push(entry);
    else report.skip();
  }
  return { index, name: typeof name === 'string' && name !== '' ? name : null, formerly };
}

function compileAction(section: object, report: Report): Action {
  const action = ownValue(section, 'action');
  if (action === 'accept' || action === 'reject') return action;
  report.skip();
  // A rule with triggers is meant to accept, so its triggers are not a second mistake.
  const starts = ['triggers', 'again'].some((key) => ownValue(section, key) !== undefined);
  return starts ? 'accept' : 'reject';
}

function compileConditions(
  { section, path, options }: Omit<RulePlace, 'index'>,
  report: Report,
): readonly Condition[] {
  return options.vocabulary.flatMap((field) => {
    const { name } = field;
    const place = { field, written: ownValue(section, name), path: pointer(path, name) };
    return compileCondition(place, report) ?? [];
  });
}

function compileNot({ section, path, options }: RulePlace, report: Report): readonly Block[] {
  const written = ownValue(section, 'not');
  if (written === undefined) return [];
  return entriesOf(written, pointer(path, 'not')).flatMap(([block, blockPath]) => {
    if (!isJsonObject(block) || Object.keys(block).length === 0) {
      report.skip();
      return [];
    }
    const conditions = compileConditions({ section: block, path: blockPath, options }, report);
    checkSources(conditions, { path: blockPath, sources: options.sources }, report);
    if (conditions.length === 0) {
      const message = 'the block asks for nothing, so it matches every Event and the rule none';
      const hint = 'give the block a condition or remove it';
      report.add(errorAt('wrong-value', blockPath, { message, hint }));
    }
    return [{ wanted: block, conditions }];
  });
}

/** The name of a rule and its earlier names. Decisions and delivery ids contain them. */
interface RuleNames {
  readonly index: number;
  readonly name: string | null;
  readonly formerly: readonly string[];
}

/** Reports each name, now or formerly, that an earlier rule has or had. Rules may share ''. */
function checkNames(rules: readonly RuleNames[], report: Report): void {
  const owners = new Map<string, number>();
  for (const { index, name, formerly } of rules) {
    const path = pointer('/filters', index);
    const uses = [
      { text: name ?? '', path: pointer(path, 'name') },
      ...formerly.map((text, place) => ({ text, path: pointer(path, 'formerly', place) })),
    ];
    for (const use of uses) {
      const owner = owners.get(use.text) ?? index;
      if (use.text === '') continue;
      owners.set(use.text, owner);
      if (owner === index) continue;
      report.add(
        errorAt('duplicate-name', use.path, {
          message: `name ${quoted(use.text)}: found a second time (rule ${owner} has or had it)`,
          hint: 'give each rule a name of its own; what a name started belongs to one rule',
        }),
      );
    }
  }
}

/** Notes accept rules without an identity that start the same trigger as an earlier one. */
function noteSharedIdentities(rules: readonly Rule[], report: Report): void {
  const firstWith = new Map<string, number>();
  for (const { decision } of rules) {
    const { rule, triggers, action } = decision;
    if (action !== 'accept' || rule.identity !== '') continue;
    const shared = triggers.find((trigger) => firstWith.has(trigger));
    for (const one of triggers) firstWith.set(one, firstWith.get(one) ?? rule.index);
    if (shared === undefined) continue;
    report.add({
      severity: 'info',
      code: 'shared-identity',
      path: pointer('/filters', rule.index),
      message: `rules ${firstWith.get(shared) ?? 0} and ${rule.index} have no name and both start ${quoted(shared)}: a series that one of them started, the other never starts`,
      hint: "name them if each should start by itself; formerly: [''] keeps the identity that one had",
    });
  }
}
