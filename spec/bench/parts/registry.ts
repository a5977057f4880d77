// Every part of the bench, in the order in which they run.

import type { Part } from '../part.ts';
import { backlogPart } from './backlog.ts';
import { commitPart } from './commit.ts';
import { deliverPart } from './deliver.ts';
import { latencyPart } from './latency.ts';
import { memoryPart } from './memory.ts';
import { packagesPart } from './packages.ts';
import { rejectPart } from './reject.ts';
import { rulesPart } from './rules.ts';
import { startPart } from './start.ts';
import { steadyPart } from './steady.ts';

/** The parts. */
export const PARTS: readonly Part[] = [
  rejectPart,
  steadyPart,
  deliverPart,
  rulesPart,
  memoryPart,
  startPart,
  packagesPart,
  latencyPart,
  commitPart,
  backlogPart,
];
