// Names and identities of rules: what a decision names, and what is part of every delivery id, must
// be told apart. Checks over all rules together; each rule's own keys are compile.ts's.

import type { Rule } from './chain.ts';
import { pointer, quoted, type Report, wrong } from './findings.ts';

/** What a rule is and was called. */
export interface RuleNames {
  readonly index: number;
  readonly name: string | null;
  readonly formerly: readonly string[];
}

/** The first of the earlier names, else the name, else ''. */
export function identityOf({ name, formerly }: RuleNames): string {
  return formerly[0] ?? name ?? '';
}

/** Reports each name, now or earlier, that an earlier rule has or had. '' may be shared. */
export function checkNames(rules: readonly RuleNames[], report: Report): void {
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
      report(
        wrong({
          code: 'duplicate-name',
          path: use.path,
          message: `name ${quoted(use.text)}: found a second time (rule ${owner} has or had it)`,
          hint: 'give each rule a name of its own; what a name started belongs to one rule',
        }),
      );
    }
  }
}

/** Notes accept rules without an identity that start the same trigger as an earlier one. */
export function noteSharedIdentities(rules: readonly Rule[], report: Report): void {
  const firstWith = new Map<string, number>();
  for (const { decision } of rules) {
    const { rule, triggers, action } = decision;
    if (action !== 'accept' || rule.identity !== '') continue;
    const shared = triggers.find((trigger) => firstWith.has(trigger));
    for (const trigger of triggers) {
      firstWith.set(trigger, firstWith.get(trigger) ?? rule.index);
    }
    if (shared === undefined) continue;
    report({
      severity: 'info',
      code: 'shared-identity',
      path: pointer('/filters', rule.index),
      message: `rules ${firstWith.get(shared) ?? 0} and ${rule.index} have no name and both start ${quoted(shared)}: a series that one of them started, the other never starts`,
      hint: "name them where each should start by itself; formerly: [''] keeps what one has started",
    });
  }
}
