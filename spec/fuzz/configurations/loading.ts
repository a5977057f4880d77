// What loadPlan promises of any text: a plan, or problems with code, place, message and hint; the same
// each time; nothing thrown. And of a plan: that it decides, and explains what it decides.

import { loadDocument } from '../../../lib/config/load-document.ts';
import { isJsonObject, type Json, stringAt } from '../../../lib/core/json-object.ts';
import type { Occurrence } from '../../../lib/core/occurrence.ts';
import { PROBLEM_CODES, type Problem } from '../../../lib/core/problem.ts';
import { decide } from '../../../lib/filters/decide.ts';
import type { RuleSection } from '../../../lib/filters/rule.ts';
import { type LoadedPlan, loadPlan } from '../../../lib/plan/load-plan.ts';
import type { Plan } from '../../../lib/plan/plan.ts';
import { problemsToJson, renderProblems } from '../../../lib/plan/problem-text.ts';
import { naiveRule } from '../../filters/naive.ts';
import { anEvent, anOccurrence } from '../../support/builders.ts';
import { VALIDATORS } from '../../support/validators.ts';
import { mustExplain, mustTrace } from '../events/judging.ts';
import { must, mustBePrintable, mustBeSame, shown } from '../target.ts';

const CONTEXT = { namespace: 'shop', buildNamespace: 'ci', exec: 'allowed' } as const;
const MOST_PROBLEMS = 1000;
const SEVERITIES: readonly string[] = ['error', 'warning', 'info'];

const OCCURRENCES: readonly Occurrence[] = [
  anOccurrence(),
  anOccurrence({ event: {} }),
  anOccurrence({
    source: 'events',
    event: anEvent({ message: 'a\n\u001b[31m\ud800', reason: 'FailedMount', count: 2 ** 53 }),
  }),
  anOccurrence({
    event: anEvent({ involvedObject: { kind: 'Node', namespace: 'kube-system' }, type: 'Normal' }),
  }),
];

/** Loads a text and holds what comes of it to what is promised. */
export function mustLoad(text: string): LoadedPlan {
  const loaded = loadPlan({ text, ...CONTEXT, validators: VALIDATORS });
  const { plan, problems } = loaded;
  must(problems.length <= MOST_PROBLEMS, () => `${problems.length} problems`);
  const lines = linesOf(text);
  for (const problem of problems) mustBeProblem(problem, lines);
  mustBeSorted(problems);
  const isRefused = problems.some(({ severity }) => severity === 'error');
  must((plan === null) === isRefused, 'there is a plan exactly where no problem is an error');
  mustRender(problems);
  if (plan !== null) mustDecide(plan, text);
  return loaded;
}

/** The same text, loaded again, comes to the same: nothing is remembered from one to the next. */
export function mustLoadAlike(text: string, loaded: LoadedPlan): void {
  const again = loadPlan({ text, ...CONTEXT, validators: VALIDATORS });
  mustBeSame(again.problems, loaded.problems, 'problems of the same text');
  mustBeSame(again.plan?.chain, loaded.plan?.chain, 'the chain of the same text');
}

/** What a value is written as makes no difference to what is wrong with it. */
export function mustAgree(loaded: LoadedPlan, twin: LoadedPlan): void {
  // What a file is by mistake is told by its text: a character that is escaped here is not there.
  const isText = [loaded, twin].some(({ problems }) => problems[0]?.code === 'wrong-file');
  if (isText) return;
  const told = ({ problems }: LoadedPlan): readonly string[] =>
    problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`).toSorted();
  mustBeSame(told(loaded), told(twin), 'problems of the same value, written otherwise');
  must(loaded.form === twin.form, 'the form of the same value');
  mustBeSame(loaded.plan?.chain, twin.plan?.chain, 'the chain of the same value');
}

/** Texts that JSON.parse reads are read as the same value. */
export function mustReadJson(text: string): void {
  // A number above what a double holds is a text there, and infinite here.
  if (!/^\s*[{["]/.test(text) || /e\+?\d{3}/i.test(text)) return;
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return;
  }
  const document = loadDocument(text);
  if (!document.ok) {
    const [problem] = document.problems;
    must(problem?.code !== 'not-yaml', () => `JSON is YAML: ${shown(problem)}`);
    return;
  }
  if (document.problems.length > 0) return;
  mustBeSame(document.value, value, 'a JSON text as a document');
}

function linesOf(text: string): readonly number[] {
  return text.split(/\r\n|\n|\r/).map((line) => line.length);
}

function mustBeProblem(problem: Problem, lines: readonly number[]): void {
  const { severity, code, path, line, column, message, hint } = problem;
  must(PROBLEM_CODES.includes(code), () => `${code} is a code`);
  must(SEVERITIES.includes(severity), () => `${severity} is a severity`);
  must(path === '' || path.startsWith('/'), () => `${shown(path)} is a JSON Pointer`);
  must(message !== '' && hint !== '', () => `${code} says what is wrong and what to do`);
  must(
    message.length <= 1_000 && hint.length <= 1_000,
    () => `${code} says it in ${message.length}`,
  );
  const isNowhere = line === 0 && column === 0;
  const length = lines[line - 1];
  const isInside = length !== undefined && column >= 1 && column <= length + 1;
  must(isNowhere || isInside, () => `${code} stands at ${line}:${column}, outside of the text`);
}

function mustBeSorted(problems: readonly Problem[]): void {
  for (const [place, problem] of problems.entries()) {
    const before = problems[place - 1] ?? problem;
    const isAfter =
      before.line < problem.line ||
      (before.line === problem.line && before.column <= problem.column);
    must(isAfter, 'problems are in the order of the file');
  }
}

function mustRender(problems: readonly Problem[]): void {
  const lines = renderProblems(problems, 'a.yaml').split('\n');
  must(lines.length === problems.length + 2, 'a problem is a line');
  for (const line of lines) mustBePrintable(line, 'a problem');
  const value = JSON.parse(problemsToJson(problems, 'a.yaml')) as { readonly problems: unknown };
  mustBeSame(value.problems, problems.map(fieldsOf), 'problems as JSON');
}

function fieldsOf(problem: Problem): Problem {
  const { severity, code, path, line, column, message, hint } = problem;
  return { severity, code, path, line, column, message, hint };
}

function mustDecide(plan: Plan, text: string): void {
  for (const occurrence of OCCURRENCES) {
    const decision = decide(plan.chain, occurrence);
    mustExplain(plan.chain, occurrence, decision);
    mustTrace(plan.chain, occurrence);
    for (const name of decision.triggers) {
      must(
        plan.triggers.some((trigger) => trigger.name === name),
        () => `${shown(name)} is a trigger of the plan`,
      );
    }
  }
  if (plan.form === 'ours') mustDecideNaively(plan, text);
}

function mustDecideNaively(plan: Plan, text: string): void {
  const document = loadDocument(text);
  const filters = document.ok && isJsonObject(document.value) ? document.value['filters'] : null;
  // JavaScript's expressions differ from RE2's, so rules with some are left to other specs.
  if (!Array.isArray(filters)) return;
  // And they take for ever over many stars.
  const written = JSON.stringify(filters);
  if (written.includes('"/') || /\*[^"]*\*[^"]*\*[^"]*\*/.test(written)) return;
  for (const occurrence of OCCURRENCES) {
    // A glob takes a lone surrogate for a character, JavaScript's expressions do not.
    if (!stringAt(occurrence.event, 'message').isWellFormed()) continue;
    const naive = naiveRule(filters as readonly RuleSection[], occurrence);
    const found = decide(plan.chain, occurrence).rule?.index ?? -1;
    must(found === naive, () => `rule ${found} decided, the naive evaluator says ${naive}`);
  }
}
