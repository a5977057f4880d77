// Words of a container that an Event may decide: whole arguments and values of long options. No
// word before them may turn them into a program or an option.

import { expect } from 'chai';
import type { JsonObject } from '../../../lib/core/json-object.ts';
import { kubernetesKind } from '../../../lib/triggers/kubernetes.ts';
import { CONTEXT } from '../support/parts.ts';
import { aJob, CONTAINER, check, EVENT } from './support.ts';

interface Case {
  readonly what: string;
  readonly container: JsonObject;
  /** `code path` within the container. */
  readonly wanted: readonly string[];
}

const arg = (code: string, index: number): string => `${code} ${CONTAINER}/args/${index}`;

const FINE: readonly Case[] = [
  {
    what: 'a whole argument after --',
    container: { command: ['git', 'clone'], args: ['--', EVENT] },
    wanted: [],
  },
  {
    what: 'a whole argument after a -- of command',
    container: { command: ['git', 'clone', '--'], args: [EVENT] },
    wanted: [],
  },
  {
    what: 'the value of a long option',
    container: { command: ['tool'], args: [`--message=${EVENT}`] },
    wanted: [],
  },
  {
    what: 'several values of a long option',
    container: { command: ['tool'], args: ['--object=${event.reason}/${event.message}'] },
    wanted: [],
  },
  {
    what: 'the value of a long option after a long flag',
    container: { command: ['tool', '--verbose'], args: [`--message=${EVENT}`] },
    wanted: [],
  },
  {
    what: 'a long option, then -- and a whole argument',
    container: { command: ['/notify'], args: ['--reason=${event.reason}', '--', EVENT] },
    wanted: [],
  },
  {
    what: 'a long flag, then -- and a whole argument',
    container: { command: ['/notify', '--verbose'], args: ['--', EVENT] },
    wanted: [],
  },
  {
    what: 'a whole argument before a short option',
    container: { command: ['/notify', '--'], args: [EVENT, '-v'] },
    wanted: [],
  },
];

const WARNED: readonly Case[] = [
  {
    what: 'a whole argument without --',
    container: { command: ['git', 'clone'], args: [EVENT] },
    wanted: [arg('warning argument-injection', 0)],
  },
  {
    what: 'a whole argument before the --',
    container: { command: ['git', 'clone'], args: [EVENT, '--', 'target'] },
    wanted: [arg('warning argument-injection', 0)],
  },
  {
    what: 'a whole argument of a script file',
    container: { command: ['sh', '/diagnose.sh'], args: [EVENT] },
    wanted: [arg('warning argument-injection', 0)],
  },
];

// Places that allowFromEvent can allow, with the index of the argument.
const PLACES: readonly Case[] = [
  {
    what: 'arguments if the image decides on the program',
    container: {
      args: ['${event.involvedObject.kind}', '${event.reason}', '${event.message}', 'constant'],
    },
    wanted: [0, 1, 2].map((index) => arg('template-place', index)),
  },
  {
    what: 'the value of an option if the image decides on the program',
    container: { command: [], args: [`--message=${EVENT}`] },
    wanted: [arg('template-place', 0)],
  },
  {
    what: 'a part of an argument',
    container: { command: ['tool'], args: [`about ${EVENT}`] },
    wanted: [arg('template-place', 0)],
  },
  {
    what: 'the value of a short option',
    container: { command: ['tool'], args: [`-m=${EVENT}`] },
    wanted: [arg('template-place', 0)],
  },
  {
    what: 'the name of an option',
    container: { command: ['tool'], args: ['--${event.reason}=x'] },
    wanted: [arg('template-place', 0)],
  },
  {
    what: 'two values in one argument',
    container: { command: ['tool'], args: ['${event.reason}${event.type}'] },
    wanted: [arg('template-place', 0)],
  },
];

// Places that are never allowed.
const NEVER: readonly Case[] = [
  {
    what: 'the word after -c',
    container: { command: ['sh', '-c'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'the word after -c and --',
    container: { command: ['sh', '-c', '--'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'a part of the word after -c',
    container: { command: ['sh'], args: ['-c', `echo ${EVENT}`] },
    wanted: [arg('shell-argument', 1)],
  },
  {
    what: 'what looks like a long option after -c',
    container: { command: ['bash', '-ec'], args: [`--x=${EVENT}`] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'a later argument of a program that -c gave',
    container: { command: ['sh', '-c', 'eval "$1"', 'x'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'the word after -c of su',
    container: { command: ['su', 'app', '-c'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'the word after -c of psql',
    container: { command: ['psql', '-c'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'the word after --command of psql',
    container: { command: ['psql', '--command'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'the word after -S of env',
    container: { command: ['env', '-S'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'the word after /c',
    container: { command: ['cmd.exe', '/c'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'the word after -e of an unknown program',
    container: { command: ['example-interpreter', '-e'], args: [EVENT] },
    wanted: [arg('shell-argument', 0)],
  },
  {
    what: 'the word after -c if the image decides on the program',
    container: { args: ['-c', EVENT] },
    wanted: [arg('shell-argument', 1)],
  },
  {
    what: 'the word after an option that kubelet puts there',
    container: {
      command: ['sh', '$(FLAG)'],
      args: [EVENT],
      env: [{ name: 'FLAG', value: '-c' }],
    },
    wanted: [arg('shell-argument', 0)],
  },
];

describe('the arguments of a container', () => {
  for (const { what, container, wanted } of FINE) {
    it(`take ${what}`, () => {
      expect(check(aJob(container))).to.deep.equal(wanted);
    });
  }

  for (const { what, container, wanted } of WARNED) {
    it(`take ${what} with a warning, and without one if it is allowed by name`, () => {
      expect(check(aJob(container))).to.deep.equal(wanted);
      expect(check(aJob(container), pointersOf(wanted))).to.deep.equal([]);
    });
  }

  for (const { what, container, wanted } of PLACES) {
    it(`do not take ${what}, unless it is allowed by name`, () => {
      expect(check(aJob(container))).to.deep.equal(wanted);
      expect(check(aJob(container), pointersOf(wanted))).to.deep.equal([]);
    });
  }

  for (const { what, container, wanted } of NEVER) {
    it(`never take ${what}, allowed by name or not`, () => {
      expect(check(aJob(container))).to.deep.equal(wanted);
      expect(check(aJob(container), pointersOf(wanted))).to.deep.equal(wanted);
    });
  }

  it('are not checked for values that are not the Event’s', () => {
    const container = { command: ['sh', '-c'], args: ['echo ${id} ${rule}'] };
    expect(check(aJob(container))).to.deep.equal([]);
  });

  it('always have a way out: the message says what to write', () => {
    const manifest = aJob({ command: ['sh', '-c'], args: [EVENT] });
    const [finding] = kubernetesKind.check?.({ manifest }, CONTEXT) ?? [];
    expect(finding?.message).to.include('-c').and.to.include(EVENT);
    expect(finding?.hint).to.include('env').and.to.include('"$NAME"');
  });
});

/** The pointers that `allowFromEvent` would name. */
function pointersOf(wanted: readonly string[]): readonly string[] {
  return wanted.map((found) => found.split(' /manifest')[1] ?? '');
}
