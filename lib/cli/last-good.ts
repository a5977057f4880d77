// Chooses the configuration of a start: the given one, or if that is refused the last good one from the
// store. Without a last good one, and with `--strict`, the start fails. The stored text is never printed:
// a configuration contains no secrets, but it names them.

import { SluiceError } from '../core/errors.ts';
import { isJsonObject, stringAt } from '../core/json-object.ts';
import type { KeyValues } from '../core/ports/store.ts';
import type { Problem } from '../core/problem.ts';
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

/** The chosen configuration and store. */
interface Chosen {
  /** A last good one keeps its folder and plan, but has the name and problems of the refused file. */
  readonly configuration: Usable;
  readonly place: StorePlace;
  /** The last good one, if it runs instead of the file. */
  readonly kept: Pick<KeptConfiguration, 'file' | 'since'> | null;
}

/** Conditions of the choice. */
interface ChoiceRequest {
  readonly settings: PlanContext;
  readonly place: StorePlace;
  readonly dataFolder: string;
  readonly strictness: 'strict' | 'lenient';
}

/**
 * Chooses the configuration to run.
 *
 * **Errors**: `configuration-refused`, after it printed every problem on standard error.
 * `store-unusable` if the store with the last good one cannot be opened.
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
  // In each case the problems of the file are printed first.
  const refuse = (why: string): SluiceError => {
    print({ ...found, problems }, context);
    const { message } = refused(problems, found.file);
    return new SluiceError('configuration-refused', `${message}${why}`);
  };
  if (strictness === 'strict') throw refuse('');
  const kept = await keptAt(place, dataFolder).catch((error: unknown) => {
    print({ ...found, problems }, context);
    throw error;
  });
  if (kept === null) throw refuse(noneIn(place));
  // A mistyped file name must not run the last good configuration of another file.
  if (found.text === null && kept.file !== found.file) {
    throw refuse(`, and the last good one in ${place.at} is of ${kept.file}`);
  }
  const again = await planKept(kept, request, context);
  if (again.plan === null) {
    const since = new Date(kept.since).toISOString();
    const error = refuse(`, and so is the last good one of ${since}`);
    print({ ...again, file: `last good ${kept.file}` }, context);
    throw error;
  }
  return {
    configuration: { ...again, plan: again.plan, file: found.file, problems },
    place: found.store === null ? placeWith(place, again.store ?? {}) : place,
    kept,
  };
}

function print(shown: ShownProblems, { stderr, environment }: ProcessContext): void {
  showProblems(shown, stderr, environment);
}

function noneIn({ at }: StorePlace): string {
  return at === ''
    ? ', and a store in memory has no last good one'
    : `, and ${at} has no last good one`;
}

async function planKept(
  { text, file, folder }: KeptConfiguration,
  { settings }: ChoiceRequest,
  context: ProcessContext,
): Promise<FoundConfiguration> {
  const again = {
    ...loadPlan({ ...settings, validators: context.validators, text }),
    text,
    file,
    folder,
  };
  const around = await problemsAround(again, context);
  const problems = [...again.problems, ...around];
  return around.some(isError) ? { ...again, plan: null, problems } : { ...again, problems };
}

/** Finds problems with the files and variables that a configuration needs. */
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

/** Reads the last good configuration from the store; it does not create a missing store. */
async function keptAt(place: StorePlace, dataFolder: string): Promise<KeptConfiguration | null> {
  if (place.at === '' || !(await isThere(place.at))) return null;
  await using store = await planStore(place.section).create({ folder: dataFolder }).open();
  return await readKept(store.keyValues);
}

/** The last good configuration in the store: the last one that ran. */
export interface KeptConfiguration {
  readonly text: string;
  /** Its path as given. */
  readonly file: string;
  /** Base of its relative paths. */
  readonly folder: string;
  /** Its form: that of Sluice or of the original. */
  readonly form: string;
  /** Time of its first run; wall clock, ms since 1970. */
  readonly since: number;
}

const KEPT_AS = 'configuration';

/** Reads the last good configuration; null if there is none, or it is unreadable. */
export async function readKept(keep: KeyValues): Promise<KeptConfiguration | null> {
  const kept = jsonOrNothing(await keep.read(KEPT_AS));
  if (!isJsonObject(kept)) return null;
  const { text, since } = kept;
  if (typeof text !== 'string' || typeof since !== 'number') return null;
  const [file, folder, form] = ['file', 'folder', 'form'].map((key) => stringAt(kept, key));
  return { text, file: file ?? '', folder: folder ?? '', form: form ?? '', since };
}

/** Stores a configuration as the last good one; the same one is not written again. */
export async function keepConfiguration(keep: KeyValues, good: KeptConfiguration): Promise<void> {
  const kept = await readKept(keep);
  const isSame = (['text', 'file', 'folder', 'form'] as const).every(
    (key) => kept?.[key] === good[key],
  );
  if (!isSame) await keep.write(KEPT_AS, JSON.stringify(good));
}
