// Turns the text of a configuration into a Plan, or into all its problems. Pure: it reads no file and
// makes no request, so that `check`, `explain` and `rbac` need nothing more.

import { loadDocument } from '../config/load-document.ts';
import {
  type LoadedDocument,
  NO_PLACE,
  placeFindings,
  type SourcePlace,
  sortProblems,
} from '../config/source-map.ts';
import { isJsonObject, type Json } from '../core/json-object.ts';
import { type Finding, type Problem, warningAt } from '../core/problem.ts';
import type { NeededSecret } from '../kit/secret.ts';
import { planNothing, planOriginal } from './brigade-form.ts';
import { type RecognizedForm, recognizeForm } from './detect-form.ts';
import { type PlannedDocument, planOurs, type SectionValidators } from './native-form.ts';
import type { ConfigurationForm, Plan, PlanContext } from './plan.ts';
import { type StoreSection, soundStore } from './plan-store.ts';

/** The inputs of a plan. */
export interface PlanRequest extends PlanContext {
  /** The text of the configuration; null if there is none. */
  readonly text: string | null;
  /** The schemas of the sections; all loads of a process share one, because each is compiled once. */
  readonly validators: SectionValidators;
}

/** A plan with its warnings and notes, or the errors because of which there is none. */
export interface LoadedPlan {
  /** Null if a problem is an error. */
  readonly plan: Plan | null;
  /** In the order of the file, and at most a thousand. */
  readonly problems: readonly Problem[];
  readonly form: ConfigurationForm;
  /** Files and variables that the plan needs, with their places; the caller checks them. */
  readonly secrets: readonly (NeededSecret & SourcePlace)[];
  /** `store:` if that section by itself is valid, else null. The rest may be invalid. */
  readonly store: StoreSection | null;
}

const NOTHING = { secrets: [], store: null } as const;

/** Plans a configuration; an invalid one is a result, never an error. */
export function loadPlan(request: PlanRequest): LoadedPlan {
  if (request.text === null) {
    const problem = { ...nothingStarts(NO_CONFIGURATION), ...NO_PLACE };
    return { plan: planNothing(request), problems: [problem], form: 'none', ...NOTHING };
  }
  const document = loadDocument(request.text);
  if (!document.ok) {
    return { plan: null, problems: document.problems, form: 'ours', ...NOTHING };
  }
  const recognized = recognizeForm(document.value);
  const { form } = recognized;
  const { plan, findings, refused } = planDocument(document.value, recognized, request);
  const isEmpty =
    plan?.chain.rules.length === 0 && findings.every(({ severity }) => severity !== 'error');
  const all = isEmpty ? [...findings, nothingStarts(NO_FILTERS)] : findings;
  // A repeated key makes the section doubtful, because either of the two may be meant.
  const store = soundStore(document.value, [...document.problems, ...refused], request);
  return finish(document, all, { plan, form, store });
}

function planDocument(
  value: Json,
  recognized: RecognizedForm,
  settings: Omit<PlanRequest, 'text'>,
): PlannedDocument {
  const { form, document } = recognized;
  const { validators } = settings;
  if (document !== null && form === 'ours') return planOurs(document, settings, validators);
  const store = isJsonObject(value) ? value['store'] : undefined;
  const refused = store === undefined ? [] : validators.section('store', store);
  if (document === null) return { plan: null, findings: [recognized.wrong], refused };
  return { ...planOriginal(document, settings), refused };
}

/** No user reads further, and a terminal should not scroll for minutes. */
const MAX_PROBLEMS = 1000;

function finish(
  document: LoadedDocument,
  findings: readonly Finding[],
  { plan, ...rest }: Pick<LoadedPlan, 'plan' | 'form' | 'store'>,
): LoadedPlan {
  // The parser replaced these values, so findings about their substitutes say nothing about the file.
  const replaced = new Set(
    document.problems.flatMap(({ code, path }) => (code === 'wrong-value' ? [path] : [])),
  );
  const written = findings.filter(({ path }) => !replaced.has(path));
  const problems = sortProblems([...document.problems, ...placeFindings(written, document)]);
  const isRefused = problems.some(({ severity }) => severity === 'error');
  const secrets = (plan?.secrets ?? []).map((one) => ({
    ...one,
    ...document.locate(one.path, 'value'),
  }));
  return { plan: isRefused ? null : plan, problems: bounded(problems), secrets, ...rest };
}

/** Cuts the problems to the bound; warnings and notes are left out before errors. */
function bounded(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const isError = ({ severity }: Problem): boolean => severity === 'error';
  const errorsFirst = problems.toSorted((a, b) => Number(isError(b)) - Number(isError(a)));
  return sortProblems(errorsFirst.slice(0, MAX_PROBLEMS));
}

const NO_CONFIGURATION = {
  message: 'no configuration: every Event is logged and rejected',
  hint: 'pass --config FILE; docs/configuration.md begins with an example',
};

const NO_FILTERS = {
  message: 'no filters: every Event is logged and rejected',
  hint: 'add rules under filters:',
};

function nothingStarts(words: Pick<Finding, 'message' | 'hint'>): Finding {
  return warningAt('no-configuration', '', { ...words });
}
