// Every part of the bench, in the order in which they run.

import type { Part } from '../part.ts';
import { rejectPart } from './reject.ts';
import { rulesPart } from './rules.ts';
import { startPart } from './start.ts';

/** The parts. */
export const PARTS: readonly Part[] = [rejectPart, rulesPart, startPart];
