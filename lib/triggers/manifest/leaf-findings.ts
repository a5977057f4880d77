// What is wrong with a template by the place where it stands. What the words of a process add up to
// is word-findings.ts.
// Source: docs/triggers.md (where Event values may stand is a closed list).

import type { Finding } from '../../core/problem.ts';
import type { Template } from '../../kit/template.ts';
import { isEventPath } from './document.ts';
import { EVENT_PLACES, type Opener, type Place } from './places.ts';

/** A template of a manifest and where it stands. */
export interface Leaf {
  readonly template: Template;
  readonly place: Place;
  readonly pointer: string;
  /** Whether `allowFromEvent` names the place. */
  readonly allowed: boolean;
  /** Beginnings of references that are replaced there. */
  readonly openers: readonly Opener[];
}

/** The findings for one template; none if it may stand there. */
export function leafFindings(leaf: Leaf): readonly Finding[] {
  const { template, place, pointer, allowed } = leaf;
  if (place === 'fixed') {
    return finding(pointer, {
      message: `found the template ${template.text} (expected a constant: the loop guard must know it before any Event)`,
      hint: 'write the value itself; use one trigger for each namespace',
    });
  }
  const first = template.paths.find(isEventPath);
  if (first === undefined) return [];
  if (place === 'command') {
    return finding(pointer, {
      message: `found \${${first}}, which an Event decides, in a command (expected constants: the words of a command are the program)`,
      hint: 'pass it in args or env; allowFromEvent does not open a command',
    });
  }
  const opener = openBefore(leaf);
  if (opener !== undefined) {
    return finding(pointer, {
      message: `found \${${first}} inside ${opener} (expected no Event value there: an Event would choose what is put in its place)`,
      hint: `write the name itself between ${opener} and its end`,
    });
  }
  if (allowed || EVENT_PLACES.includes(place)) return [];
  return finding(pointer, {
    message: `found \${${first}}, which an Event decides (expected it in annotations, labels, env values, args, params or parameters only)`,
    hint: `pass it in one of those, or name this place: allowFromEvent: [${pointer}]`,
  });
}

/** The opener of a reference that is not closed before an Event value. */
function openBefore({ template, openers }: Leaf): Opener | undefined {
  let open: Opener | undefined;
  for (const piece of template.pieces) {
    if ('literal' in piece) open = openers.find((opener) => isOpenAtEnd(piece.literal, opener));
    else if (open !== undefined && isEventPath(piece.path)) return open;
  }
  return undefined;
}

function isOpenAtEnd(literal: string, opener: Opener): boolean {
  const at = literal.lastIndexOf(opener);
  return at !== -1 && !literal.slice(at).includes(opener === '$(' ? ')' : '}}');
}

function finding(path: string, words: Pick<Finding, 'message' | 'hint'>): readonly Finding[] {
  return [{ severity: 'error', code: 'template-place', path, ...words }];
}
