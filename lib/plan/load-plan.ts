// Turns the text of a configuration into a Plan, or into all its problems. Pure: it reads no file and
// makes no request, so that `check`, `explain` and `rbac` need nothing more.

import { loadDocument } from '../config/load-document.ts';
import {
  type LoadedDocument,
  NO_PLACE,
  placeFindings,
  sortProblems,
} from '../config/source-map.ts';
import type { Finding, Problem } from '../core/problem.ts';
import type { NeededSecret } from '../kit/secret.ts';
import { planNothing, planOriginal } from './brigade-form.ts';
import { recognizeForm } from './detect-form.ts';
import { planOurs } from './native-form.ts';
import type { ConfigurationForm, Plan, PlanContext } from './plan.ts';
import { type StoreSection, soundStore } from './plan-store.ts';

/** The inputs of a plan. */
export interface PlanRequest extends PlanContext {
  /** The text of the configuration; null if there is none. */
  readonly text: string | null;
}

/** A plan with its warnings and notes, or the errors because of which there is none. */
export interface LoadedPlan {
  /** Null if a problem is an error. */
  readonly plan: Plan | null;
  /** In the order of the file, and at most a thousand. */
  readonly problems: readonly Problem[];
  readonly form: ConfigurationForm;
  /** Files and variables that the plan needs, with their places; the caller checks them. */
  readonly secrets: readonly PlacedSecret[];
  /** `store:` if that section by itself is valid, else null. The rest may be invalid. */
  readonly store: StoreSection | null;
}

/** A secret that the plan needs, with the place of its reference. */
type PlacedSecret = NeededSecret & Pick<Problem, 'line' | 'column'>;

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
  const store = soundStoreOf(document, request);
  if (recognized.document === null) {
    return finish({ document, findings: [recognized.wrong], plan: null, form, store });
  }
  const { plan, findings } =
    form === 'ours'
      ? planOurs(recognized.document, request)
      : planOriginal(recognized.document, request);
  const isEmpty =
    plan?.chain.rules.length === 0 && findings.every(({ severity }) => severity !== 'error');
  const all = isEmpty ? [...findings, nothingStarts(NO_FILTERS)] : findings;
  return finish({ document, findings: all, plan, form, store });
}

/** A section with a repeated key is doubtful, because either of the two may be meant. */
function soundStoreOf(document: LoadedDocument, context: PlanContext): StoreSection | null {
  const isDoubtful = document.problems.some(({ path }) => /^\/store(\/|$)/.test(path));
  return isDoubtful ? null : soundStore(document.value, context);
}

/** No user reads further, and a terminal should not scroll for minutes. */
const MAX_PROBLEMS = 1000;

interface Planned {
  readonly document: LoadedDocument;
  readonly findings: readonly Finding[];
  readonly plan: Plan | null;
  readonly form: ConfigurationForm;
  readonly store: StoreSection | null;
}

function finish({ document, findings, plan, form, store }: Planned): LoadedPlan {
  // The parser replaced a value that it refused, so findings about its substitute mean nothing.
  const refused = new Set(document.problems.map(({ code, path }) => `${code} ${path}`));
  const values = new Set(
    document.problems.flatMap(({ code, path }) => (code === 'wrong-value' ? [path] : [])),
  );
  const fresh = findings.filter(
    ({ code, path }) => !refused.has(`${code} ${path}`) && !values.has(path),
  );
  const problems = sortProblems([...document.problems, ...placeFindings(fresh, document)]);
  const isRefused = problems.some(({ severity }) => severity === 'error');
  const secrets = (plan?.secrets ?? []).map((one) => ({
    ...one,
    ...document.locate(one.path, 'value'),
  }));
  return { plan: isRefused ? null : plan, problems: bounded(problems), form, secrets, store };
}

/** Cuts the problems to the bound; warnings and notes are left out before errors. */
function bounded(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_PROBLEMS) return problems;
  const errors = problems.filter(({ severity }) => severity === 'error');
  const others = problems.filter(({ severity }) => severity !== 'error');
  return sortProblems([...errors, ...others].slice(0, MAX_PROBLEMS));
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
  return { severity: 'warning', code: 'no-configuration', path: '', ...words };
}
