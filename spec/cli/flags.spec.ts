// Flags in Go's style: a table of spellings.

import { expect } from 'chai';
import { parseFlags, renderFlags } from '../../lib/cli/flags.ts';
import { SluiceError } from '../../lib/core/errors.ts';

const TABLE = {
  config: { type: 'string', help: '' },
  namespace: { type: 'string', help: '' },
  strict: { type: 'boolean', help: '' },
  namespaces: { type: 'list', help: '' },
  gone: { type: 'boolean', help: 'use --strict', isRemoved: true },
} as const;

describe('parseFlags', () => {
  const spellings: readonly (readonly [readonly string[], string])[] = [
    [['-config', 'a.json'], 'a.json'],
    [['--config', 'a.json'], 'a.json'],
    [['-config=a.json'], 'a.json'],
    [['--config=a.json'], 'a.json'],
    [['--config=a=b'], 'a=b'],
    [['-config', ''], ''],
    [['-config='], ''],
    [['-config', '-x.json'], '-x.json'],
    [['-config', 'a', '-config', 'b'], 'b'],
  ];
  for (const [args, value] of spellings) {
    it(`reads ${args.join(' ')} as "${value}"`, () => {
      expect(parseFlags(TABLE, args).text('config')).to.equal(value);
    });
  }

  it('distinguishes an absent flag from an empty one', () => {
    expect(parseFlags(TABLE, ['-config', '']).text('namespace')).to.equal(undefined);
  });

  const switches: readonly (readonly [readonly string[], boolean])[] = [
    [['-strict'], true],
    [['--strict=true'], true],
    [['--strict=false'], false],
    [[], false],
  ];
  for (const [args, isSet] of switches) {
    it(`reads the switch ${args.join(' ') || '(absent)'} as ${isSet}`, () => {
      expect(parseFlags(TABLE, args).isSet('strict')).to.equal(isSet);
    });
  }

  it('does not offer a removed flag', () => {
    expect(renderFlags(TABLE)).to.include('--strict').and.not.include('gone');
  });

  it('joins the lists of repeated flags and of commas', () => {
    const given = parseFlags(TABLE, ['--namespaces', 'a,b', '--namespaces=c', 'FILE']);
    expect(given.list('namespaces')).to.deep.equal(['a', 'b', 'c']);
    expect(given.positionals).to.deep.equal(['FILE']);
  });

  const refused: readonly (readonly [readonly string[], string])[] = [
    [['-x'], 'flag --x is not known'],
    [['--confg', 'a'], 'flag --confg is not known (did you mean --config?)'],
    [['-config'], 'flag --config needs a value'],
    [['--gone'], 'flag --gone was removed: use --strict'],
    [['--gonee'], 'flag --gonee is not known'],
    [['--strict=maybe'], 'flag --strict takes true or false, not "maybe"'],
    [['--toString'], 'flag --toString is not known'],
  ];
  for (const [args, message] of refused) {
    it(`refuses ${args.join(' ')} with the usage error`, () => {
      const thrown = thrownBy(() => parseFlags(TABLE, args));
      expect(thrown).to.be.instanceOf(SluiceError).with.property('code', 'usage');
      expect(thrown).to.have.property('message', message);
    });
  }
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}
