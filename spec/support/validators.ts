// The schemas of a configuration, compiled once for all specs of a process.

import { createSectionValidators } from '../../lib/plan/native-form.ts';

/** Validators for specs whose subject is not the compilation, which takes longer than a load. */
export const VALIDATORS = createSectionValidators();
