// Every fuzz target by its name; the runner, the specs and the kept cases take them from here.

import { answers } from './answers/answers.ts';
import { configurations } from './configurations/configurations.ts';
import { events } from './events/events.ts';
import { receivers } from './receivers/receivers.ts';
import { requests } from './requests/requests.ts';
import type { FuzzTarget } from './target.ts';
import { watch } from './watch/watch.ts';

/** Every target, in the order in which they run. */
export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  configurations,
  events,
  watch,
  answers,
  receivers,
  requests,
};

/** The target of a name. **Errors**: throws if there is none. */
export function targetOf(name: string): FuzzTarget {
  const target = Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined;
  if (target === undefined) {
    throw new Error(`no target ${name} (expected ${Object.keys(TARGETS).join(', ')})`);
  }
  return target;
}
