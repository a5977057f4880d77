// What is wrong with a template where it stands. What a container's words add up to is
// shell-argument.ts.
// Source: docs/configuration.md (where Event values may stand is a closed list).
import type { Finding } from '../../core/problem.ts';
import type { Template } from '../../kit/template.ts';
import { isEventPath } from './document.ts';
import type { Place } from './places.ts';
import { EVENT_PLACES } from './places.ts';

/** A template of a manifest and where it stands. */
export interface Leaf {
  readonly template: Template;
  readonly place: Place;
  readonly pointer: string;
  /** Whether `allowFromEvent` names the place. */
  readonly allowed: boolean;
}

/** The findings for one template, none where it may stand there. */
export function leafFindings(leaf: Leaf): readonly Finding[] {
  const { template, place, pointer, allowed } = leaf;
  if (place === 'fixed') {
    return [
      finding(pointer, {
        message: `found the template ${template.text} (expected a constant: the loop guard must know it before any Event)`,
        hint: 'write the value itself; use one trigger for each namespace',
      }),
    ];
  }
  const fromEvent = template.paths.filter(isEventPath);
  const [first] = fromEvent;
  if (first === undefined || allowed) return [];
  if (!EVENT_PLACES.includes(place)) {
    return [
      finding(pointer, {
        message: `found \${${first}}, which an Event decides (expected it in annotations, labels, env values, args, params or parameters only)`,
        hint: `pass it in one of those, or name this place: allowFromEvent: [${pointer}]`,
      }),
    ];
  }
  if (place === 'argument' && !isWhole(template)) {
    return [
      finding(pointer, {
        message: `found ${template.text} (expected \${${first}} as a whole argument)`,
        hint: `give it an argument of its own, or name this place: allowFromEvent: [${pointer}]`,
      }),
    ];
  }
  return [];
}

function isWhole(template: Template): boolean {
  return template.paths.length === 1 && template.text === `\${${template.paths[0] ?? ''}}`;
}

function finding(path: string, words: Pick<Finding, 'message' | 'hint'>): Finding {
  return { severity: 'error', code: 'template-place', path, ...words };
}
