// What is aimed at, and what comparable gateways were measured at: ratios to the floors, for those
// hold on another machine, but for what a person waits for and what a container has. One table, so
// that no aim is moved in passing.

import type { Aim } from './arithmetic.ts';

/** Aims by part and name of the figure; figures without an aim are for information. */
export const AIMS: Readonly<Record<string, { readonly aim?: Aim; readonly anchor?: string }>> = {
  'reject/cpu json all ÷ parse': { aim: { atMost: 4 }, anchor: 'best peer 15 to 17' },
  'reject/cpu text all ÷ parse': { aim: { atMost: 4 }, anchor: 'best peer 15 to 17' },
  'reject/cpu json accepted ÷ parse': { aim: { atMost: 1.6 }, anchor: 'best peer 15 to 17' },
  'reject/cpu json accepted last only ÷ parse': { aim: { atMost: 1.6 }, anchor: 'best peer 15' },
  'reject/rate json accepted ÷ parse': { anchor: 'best peer 0.08 to 0.10' },
  'steady/cpu sqlite ÷ reader': { aim: { atMost: 2 }, anchor: 'best Go exporter 3.4' },
  'steady/cpu sqlite last only ÷ reader': { aim: { atMost: 2 }, anchor: 'best Go exporter 3.4' },
  'steady/commits sqlite last only': { aim: { atMost: 1 } },
  'deliver/rate instant ÷ post node': {
    aim: { atLeast: 0.6 },
    anchor: 'best peer one by one 0.48',
  },
  'deliver/cpu instant ÷ post node': { anchor: 'best peer one by one 1.7' },
  'deliver/rate 20 ms ÷ possible': { aim: { atLeast: 0.9 }, anchor: 'best bounded peer 0.06' },
  'deliver/rate 200 ms ÷ possible': { aim: { atLeast: 0.9 } },
  'deliver/rate instant sqlite ÷ instant': { aim: { atLeast: 0.6 } },
  'deliver/rate 20 ms sqlite ÷ 20 ms': { aim: { atLeast: 0.6 } },
  'deliver/rate commits alone sqlite ÷ instant sqlite': { aim: { atLeast: 3 } },
  'rules/rate 1000 ÷ 1 rule': { aim: { atLeast: 0.6 }, anchor: 'peers 0.01 to 0.2' },
  'rules/cpu 1000 ÷ 1 rule': { anchor: 'peers 5.6 to 90' },
  'memory/idle ÷ reader': { aim: { atMost: 2 }, anchor: 'Go peers 17 to 54 MB, Node peer 82' },
  'memory/peak 4× ÷ 1× Events': { aim: { atMost: 1.1 } },
  'memory/peak 50,000 ÷ 0 stored': { aim: { atMost: 1.1 } },
  'memory/peak 40,000 ÷ 2,000 waiting': { aim: { atMost: 1.1 } },
  'memory/peak 40,000 ÷ 2,000 waiting sqlite': { aim: { atMost: 1.1 } },
  'latency/p99 sqlite ÷ alone': { aim: { atMost: 3 } },
  'latency/p99 silent ÷ alone': { aim: { atMost: 1.2 } },
  'latency/p99 refused ÷ alone': { aim: { atMost: 1.2 } },
  'backlog/unanswered': { aim: { atMost: 200 } },
  'backlog/peak': { aim: { atMost: 200 } },
  'backlog/first attempt': { aim: { atMost: 5_000 } },
  'backlog/first attempt again': { aim: { atMost: 5_000 } },
  'backlog/first list': { aim: { atMost: 500 } },
  'backlog/other object': { aim: { atMost: 500 } },
};
