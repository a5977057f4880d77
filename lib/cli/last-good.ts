// Which configuration a start runs: the one it was pointed to, else, where that is refused, the last
// good one, which the store keeps. A start that has none, or that is strict, is refused.

import { SluiceError } from '../core/errors.ts';
import { isJsonObject, stringAt } from '../core/event.ts';
import type { Problem } from '../core/problem.ts';
import type { KeyValues } from '../core/store.ts';
import { jsonOrNothing } from '../kit/data/json.ts';
import { isThere } from '../kit/file-trouble.ts';
import { loadPlan } from '../plan/load-plan.ts';
import type { PlanContext } from '../plan/plan.ts';
import { planStore } from '../plan/plan-store.ts';
import type { ProcessContext } from './command.ts';
import {
  type FoundConfiguration,
  refused,
  type ShownProblems,
  showProblems,
  type Usable,
} from './configuration.ts';
import { placeWith, type StorePlace } from './data-folder.ts';
import { proxyProblems, secretProblems } from './environment-checks.ts';

/** What a start runs. */
interface Chosen {
  /** A kept one has the folder and the plan it ran with, and the name and problems of the file that is refused. */
  readonly configuration: Usable;
  readonly place: StorePlace;
  /** There where the last good one runs instead of the file. */
  readonly kept: Pick<KeptConfiguration, 'file' | 'since'> | null;
}

/** What a choice depends on besides the file. */
interface ChoiceRequest {
  readonly planContext: PlanContext;
  readonly place: StorePlace;
  readonly dataFolder: string;
  readonly strictness: 'strict' | 'lenient';
}

/**
 * The configuration to run.
 *
 * **Errors**: `configuration-refused`, after every problem stands on standard error;
 * `store-unusable`, where the store that may keep another can not be opened.
 */
export async function chooseConfiguration(
  found: FoundConfiguration,
  request: ChoiceRequest,
  context: ProcessContext,
): Promise<Chosen> {
  const { plan } = found;
  const around = await problemsAround(found, context);
  const problems = plan === null ? found.problems : [...found.problems, ...around];
  if (plan !== null && !around.some(isError)) {
    return { configuration: { ...found, plan, problems }, place: request.place, kept: null };
  }
  const { place, strictness, dataFolder } = request;
  // Whatever it ends with, what is wrong with the file is said first.
  const refuse = (why: string): SluiceError => {
    tell({ ...found, problems }, context);
    const { message } = refused(problems, found.file);
    return new SluiceError('configuration-refused', `${message}${why}`);
  };
  if (strictness === 'strict') throw refuse('');
  const kept = await keptAt(place, dataFolder).catch((error: unknown) => {
    tell({ ...found, problems }, context);
    throw error;
  });
  if (kept === null) throw refuse(noneIn(place));
  // A name that was mistyped is no file that went bad: what another file said is not what is meant.
  if (found.text === null && kept.file !== found.file) {
    throw refuse(`, and the one kept in ${place.at} is of ${kept.file}`);
  }
  const again = await planKept(kept, request, context);
  if (again.plan === null) {
    const error = refuse(`, and so is the one kept of ${new Date(kept.since).toISOString()}`);
    tell({ ...again, file: `kept ${kept.file}` }, context);
    throw error;
  }
  return {
    configuration: { ...again, plan: again.plan, file: found.file, problems },
    place: found.store === null ? placeWith(place, again.store ?? {}) : place,
    kept,
  };
}

function tell(shown: ShownProblems, { stderr, environment }: ProcessContext): void {
  showProblems(shown, stderr, environment);
}

function noneIn({ at }: StorePlace): string {
  return at === '' ? ', and a store in memory keeps none' : `, and no earlier one is kept in ${at}`;
}

async function planKept(
  { text, file, folder }: KeptConfiguration,
  { planContext }: ChoiceRequest,
  context: ProcessContext,
): Promise<FoundConfiguration> {
  const again = { ...loadPlan({ ...planContext, text }), text, file, folder };
  const around = await problemsAround(again, context);
  const problems = [...again.problems, ...around];
  return around.some(isError) ? { ...again, plan: null, problems } : { ...again, problems };
}

/** Problems with files and variables that a configuration needs. */
async function problemsAround(
  found: FoundConfiguration,
  context: ProcessContext,
): Promise<readonly Problem[]> {
  const secrets = await secretProblems(found, context, 'error');
  return [...secrets, ...proxyProblems(found.plan, context, 'error')];
}

function isError({ severity }: Problem): boolean {
  return severity === 'error';
}

/** Opens the store for a look; one that is not there yet is not made for that. */
async function keptAt(place: StorePlace, dataFolder: string): Promise<KeptConfiguration | null> {
  if (place.at === '' || !(await isThere(place.at))) return null;
  await using store = await planStore(place.section).create({ folder: dataFolder }).open();
  return await readKept(store.keep);
}

// The last good configuration as the store keeps it: what a restart onto a bad file runs. Its text is
// never shown; a configuration names secrets and holds none, but it is nobody else's either.

/** A configuration that ran. */
export interface KeptConfiguration {
  readonly text: string;
  /** As it was named. */
  readonly file: string;
  /** Where its relative paths begin. */
  readonly folder: string;
  /** Which of the two forms it has. */
  readonly form: string;
  /** When it ran first; wall clock, ms since 1970. */
  readonly since: number;
}

const KEPT_AS = 'configuration';

/** What is kept; null where nothing is, or nothing that can be read. */
export async function readKept(keep: KeyValues): Promise<KeptConfiguration | null> {
  const kept = jsonOrNothing(await keep.read(KEPT_AS));
  if (!isJsonObject(kept)) return null;
  const { text, since } = kept;
  if (typeof text !== 'string' || typeof since !== 'number') return null;
  const [file, folder, form] = ['file', 'folder', 'form'].map((key) => stringAt(kept, key));
  return { text, file: file ?? '', folder: folder ?? '', form: form ?? '', since };
}

/** Keeps a configuration; one that is kept already is not written again. */
export async function keepConfiguration(keep: KeyValues, good: KeptConfiguration): Promise<void> {
  const kept = await readKept(keep);
  const { text, file, folder, form } = good;
  const isSame =
    kept?.text === text && kept.file === file && kept.folder === folder && kept.form === form;
  if (!isSame) await keep.write(KEPT_AS, JSON.stringify(good));
}
