// The gaps as documents. They come from the store, so what an earlier process could not read is told
// of as well.

import type { Gap } from '../core/source.ts';
import type { Values } from './query.ts';
import { type Answer, type Call, document, type RouteParts, refusal } from './route.ts';
import { toBound } from './status.ts';
import { type Span, spanOf } from './time.ts';

/** What a gap may mean. */
export const LOSSES = ['none', 'coalesced', 'possible-loss'] as const satisfies Gap['loss'][];

// As many as a store keeps at the least; a question that leaves some out looks through all of them.
const GAPS_READ = 1_000;

/** Answers the gaps that are asked for, newest first. */
export async function gapsAnswer({ store, clock }: RouteParts, { values }: Call): Promise<Answer> {
  const span = spanOf(values, clock.now());
  if ('status' in span) return refusal(span);
  const gaps = await store.archive.gaps(GAPS_READ);
  const asked = gaps.filter((gap) => isAskedFor(gap, values) && isWithin(gap, span));
  return document({ items: asked.slice(0, values.integer('limit')).map(toGap) });
}

function isAskedFor({ loss }: Gap, values: Values): boolean {
  const losses = values.list('loss');
  return losses.length === 0 || losses.includes(loss);
}

/** One whose end has no time that can be told is left out only where somebody asks for a time. */
function isWithin({ to }: Gap, { since, until }: Span): boolean {
  return !(since !== undefined && !(to.at >= since)) && !(until !== undefined && !(to.at < until));
}

function toGap({ source, path, loss, why, from, to }: Gap): object {
  return {
    source,
    path,
    loss,
    why,
    from: from === null ? null : toBound(from),
    to: toBound(to),
  };
}
