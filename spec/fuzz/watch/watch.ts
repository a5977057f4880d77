// The target `watch`: any bytes as the stream of a watch, cut anywhere, to frames and batches.

import type { FuzzTarget } from '../target.ts';
import { anyStream, type StreamInput } from './any-stream.ts';
import { mustDigest } from './digesting.ts';
import { mustLighten } from './lightening.ts';
import { mustSplit } from './splitting.ts';

/** Any bytes as the stream of a watch. */
export const watch: FuzzTarget<StreamInput> = {
  name: 'watch',
  feeds: 'frames, cut and damaged, to FrameSplitter, toWatchFrame, Digest and the table of trouble',
  make: anyStream,
  check: (input) => {
    const lines = mustSplit(input);
    mustLighten(lines);
    mustDigest(lines, input.from);
  },
};
