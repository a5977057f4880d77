// From a configuration's text to a Plan, or to everything that is wrong with it. Pure: it reads no
// file and makes no request, so that `check`, `explain`, `rbac` and `schema` need nothing more.

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

/** What a plan is made from. */
export interface PlanRequest extends PlanContext {
  /** The text of the configuration; null where there is none. */
  readonly text: string | null;
}

/** A plan, or why there is none; warnings and notes may come with a plan. */
export interface LoadedPlan {
  /** Null where a problem is an error. */
  readonly plan: Plan | null;
  /** In the order of the file; the first thousand where there are more. */
  readonly problems: readonly Problem[];
  readonly form: ConfigurationForm;
  /** What the plan needs to be readable, with its place; who does I/O looks. */
  readonly secrets: readonly PlacedSecret[];
  /** `store:` where that section by itself is valid, whatever the rest is; else null. */
  readonly store: StoreSection | null;
}

/** A secret that the plan needs, and where the configuration names it. */
type PlacedSecret = NeededSecret & Pick<Problem, 'line' | 'column'>;

const NOTHING = { secrets: [], store: null } as const;

/** Plans a configuration. Never throws for a bad one. */
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

/** A key that stands there twice may be either of the two. */
function soundStoreOf(document: LoadedDocument, context: PlanContext): StoreSection | null {
  const isDoubtful = document.problems.some(({ path }) => /^\/store(\/|$)/.test(path));
  return isDoubtful ? null : soundStore(document.value, context);
}

/** Nobody reads further, and a terminal should not have to scroll for minutes. */
const MAX_PROBLEMS = 1000;

interface Planned {
  readonly document: LoadedDocument;
  readonly findings: readonly Finding[];
  readonly plan: Plan | null;
  readonly form: ConfigurationForm;
  readonly store: StoreSection | null;
}

function finish({ document, findings, plan, form, store }: Planned): LoadedPlan {
  // What the loader already refused would only be found again, as something else.
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

/** Errors stay before all else, in the order of the file as ever. */
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
