// The target `answers`: any answer of an API server, to what a creation, a list or a watch makes of it.

import type { ApiAnswer } from '../../../lib/kubernetes/client/kubernetes-api.ts';
import type { FuzzTarget } from '../target.ts';
import { anyText } from '../texts.ts';
import { mustBeTrouble } from '../watch/digesting.ts';
import { anyAnswer, anyPages, anyRetryAfter } from './any-answer.ts';
import { mustAsk, mustMean } from './creating.ts';
import { mustList } from './listing.ts';

/** Answers, and what was asked. */
export interface AnswerInput {
  readonly name: string;
  readonly answer: ApiAnswer;
  readonly pages: readonly ApiAnswer[];
  readonly retryAfter: string;
  readonly date: string;
}

/** Any answer of an API server. */
export const answers: FuzzTarget<AnswerInput> = {
  name: 'answers',
  feeds:
    'statuses, headers and bodies to the outcome of a creation, the table of trouble and lists',
  make: (random) => ({
    name: 'diagnose-1',
    answer: anyAnswer(random, 'diagnose-1'),
    pages: anyPages(random),
    retryAfter: anyRetryAfter(random),
    date: random.oneIn(2) ? '' : anyText(random),
  }),
  check: async ({ name, answer, pages, retryAfter, date }) => {
    mustMean(answer, name);
    mustAsk(retryAfter, date);
    if (answer.ok) mustBeTrouble({ seen: 'answer', answer });
    else mustBeTrouble({ seen: 'failure', failure: answer });
    await mustList(pages);
  },
};
