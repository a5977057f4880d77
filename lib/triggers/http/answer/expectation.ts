// `expect:` of a section: which answers count as delivered. It comes before the table of answers and
// classifies by status and by a value of a JSON body, never by text.
// Follows docs/triggers.md (expect).

import type { Json } from '../../../core/event.ts';
import { parsePath, valueAtPath } from '../../../kit/json-path.ts';
import type { HttpAnswered } from '../../../net/http-client.ts';
import { refused, unknown } from '../../meaning.ts';
import { type Expectation, type Meaning, type MeaningFound, rowOf } from '../outcome.ts';
import type { ExpectSection } from '../section-keys.ts';
import { jsonIn } from './kept-answer.ts';

const TAKEN: Meaning = { outcome: 'delivered' };

// A receiver may have acted and still answer with another status, a page instead of JSON, or an
// unforeseen value. Those answers are lost ones. One answer is clear: `false` for an expected `true`
// says no. A no is not retried, because the same request gets the same no.
/** Compiles `expect:`; its path is one. */
export function compileExpectation({ status, json }: ExpectSection): Expectation {
  const judge = json === undefined ? null : compileJudge(json);
  return (answer) => {
    const byTable = rowOf(answer);
    const isTaken = byTable.means.outcome === 'delivered';
    const counts = status?.includes(answer.status) ?? isTaken;
    if (counts && judge !== null) return judge(answer);
    if (counts) return status === undefined ? null : { means: TAKEN, found: 'taken' };
    if (!isTaken) return null;
    const found = 'a status that expect: does not list';
    return { means: unknown('unexpected-answer'), found };
  };
}

function compileJudge({ path, value }: NonNullable<ExpectSection['json']>) {
  const steps = parsePath(path) ?? [];
  const wanted = `${path}: ${JSON.stringify(value)}`;
  return ({ excerpt }: HttpAnswered): MeaningFound => {
    const body = jsonIn(excerpt);
    if (body === undefined) {
      const found = `no JSON that could be read whole (expected ${wanted})`;
      return { means: unknown('unexpected-answer'), found };
    }
    const there: Json = valueAtPath(body, steps) ?? null;
    if (there === value) return { means: TAKEN, found: 'taken' };
    const means = saysNo(there, value) ? refused('invalid') : unknown('unexpected-answer');
    return { means, found: `an answer without ${wanted}` };
  };
}

function saysNo(there: Json, value: Json): boolean {
  return typeof there === 'boolean' && typeof value === 'boolean';
}
