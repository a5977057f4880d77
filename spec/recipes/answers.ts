// The answers of one receiver to the recipe of the page. Each row of its table is caused for a
// reason in the receiver's documentation, and must have the outcome of the row.

import { expect } from 'chai';
import type { JsonObject } from '../../lib/core/json-object.ts';
import { type RecipeName, recipeOf } from './page.ts';
import { type RecipeRun, type RunningRecipe, startRecipe } from './running-recipe.ts';
import type { StandIn } from './stand-ins/answer.ts';

/** One answer of the stand-in. */
export interface AnswerCase {
  /** The row of the page's table, which begins with the status. */
  readonly row: string;
  readonly standIn: StandIn;
  /** A text of the page, and the user's replacement for it. */
  readonly edit?: readonly [from: string | RegExp, to: string];
  /** Pause of all requests, in ms; absent: none. */
  readonly pauseMs?: number;
}

/** Setting of all answers of a receiver. */
export type Sender = Pick<RecipeRun, 'origin' | 'environment'>;

// A pause is counted from the answer's own time, which has whole seconds.
const SLACK_MS = 2_000;

/** Registers a spec for each answer, and one for the completeness of the page. */
export function itComesTo(name: RecipeName, sender: Sender, cases: readonly AnswerCase[]): void {
  for (const { row, standIn, edit, pauseMs } of cases) {
    it(`has the outcome of the page for ${row}`, async () => {
      const { configuration, outcomes } = recipeOf(name);
      const changed = edit === undefined ? configuration : edited(configuration, edit);
      await using running = await startRecipe({ ...sender, configuration: changed, standIn });
      const { gateway, answered } = running;
      expect(await gateway.outcome()).to.equal(outcomes.get(row));
      expect(answered[0]).to.equal(Number.parseInt(row, 10));
      if (pauseMs !== undefined) {
        const { reason, retryMs } = await gateway.line('pause');
        expect(reason).to.equal('throttled');
        expect(retryMs).to.be.within(pauseMs - SLACK_MS, pauseMs + SLACK_MS);
      }
      await gateway.stop();
    });
  }

  it('has a row on the page for each answer, and no other', () => {
    const rows = cases.map(({ row }) => row);
    expect([...recipeOf(name).outcomes.keys()]).to.deep.equal(rows);
  });
}

/** Runs a recipe until its delivery has arrived: the only request, and the line that says so. */
export async function delivered(
  name: RecipeName,
  run: Omit<RecipeRun, 'configuration'>,
): Promise<Pick<RunningRecipe, 'arrived' | 'origin'> & { readonly moved: JsonObject }> {
  const { configuration } = recipeOf(name);
  await using running = await startRecipe({ ...run, configuration });
  const { gateway, arrived, origin } = running;
  const moved = await gateway.line('delivery-moved');
  await gateway.stop();
  expect(moved).to.include({ to: 'delivered', level: 'info' });
  expect(arrived).to.have.length(1);
  return { arrived, origin, moved };
}

function edited(text: string, [from, to]: NonNullable<AnswerCase['edit']>): string {
  const changed = text.replace(from, () => to);
  expect(changed, `the page without ${String(from)}`).not.to.equal(text);
  return changed;
}
