// The lines about the place of the store and about moving a store of an earlier version.

import { expect } from 'chai';
import type { Observation } from '../../lib/core/observation.ts';
import { AT, heard } from './support.ts';

const toMove = { kind: 'store-to-move', at: '/a/sluice.db', to: '/b/sluice.db' } as const;
const MISPLACED =
  'the store /a/sluice.db is in the working directory, the default of earlier versions; ' +
  'set SLUICE_DATA=. to keep it here without this warning';

const LINES: readonly [Observation, string][] = [
  [
    { kind: 'store-opened', store: 'memory', durable: false, at: '', history: '' },
    'info  store memory',
  ],
  [
    {
      ...{ kind: 'store-opened', store: 'sqlite', durable: true },
      ...{ at: '/data/sluice.db', history: '/data/sluice-history.db' },
    },
    'info  store sqlite in /data/sluice.db, its history in /data/sluice-history.db',
  ],
  [
    { ...toMove, command: 'mv /a/sluice.db* /b' },
    `warn  ${MISPLACED}; to move it to /b/sluice.db, stop the gateway and run: mv /a/sluice.db* /b`,
  ],
  [
    { ...toMove, command: '' },
    `warn  ${MISPLACED}; /b/sluice.db exists too and is not used; move one of the two away`,
  ],
];

describe('the lines about the place of the store', () => {
  for (const [observation, line] of LINES) {
    it(`are: ${line}`, async () => {
      const { telemetry, lines } = heard();
      telemetry.observe(observation);
      expect(await lines()).to.deep.equal([`${AT} ${line}`]);
    });
  }

  it('have the files as fields', async () => {
    const { telemetry, lines } = heard({ format: 'json' });
    const place = { at: '/data/sluice.db', history: '/data/sluice-history.db' };
    telemetry.observe({ kind: 'store-opened', store: 'sqlite', durable: true, ...place });
    telemetry.observe({ ...toMove, command: 'mv' });
    const [opened, misplaced] = (await lines()).map((line): unknown => JSON.parse(line));
    expect(opened).to.deep.include(place);
    expect(misplaced).to.deep.include({ at: toMove.at, to: toMove.to, command: 'mv' });
  });
});
