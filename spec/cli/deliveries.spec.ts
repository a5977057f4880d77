// `sluice deliveries` over a running gateway and a file: output, actions, exit codes, escaping.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { expect } from 'chai';
import type { Delivery } from '../../lib/core/delivery.ts';
import { idOf, numbered } from '../support/builders.ts';
import { RecordingStream } from '../support/doubles/log-stream.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  aFileWorld,
  aGatewayWorld,
  type DeliveriesWorld,
  finished,
  hostile,
} from './deliveries-world.ts';

const NOON = Date.UTC(2026, 0, 31, 12);
const refused = { outcome: 'refused', reason: 'invalid', detail: 'status 422' } as const;
const COLUMNS = [
  ...['ID', 'STATE', 'TRIGGER', 'RULE', 'OBJECT', 'AGE', 'TRIES', 'NEXT', 'LAST FAILURE'],
];
const away = { outcome: 'retry', reason: 'unreachable', detail: 'nothing listens' } as const;

const worlds = { 'a running gateway': aGatewayWorld, 'a file': aFileWorld };
for (const [what, open] of Object.entries(worlds)) {
  describe(`sluice deliveries over ${what}`, () => {
    let world: DeliveriesWorld;
    const clock = new FakeClock();
    beforeEach(async () => void (world = await open()));
    afterEach(() => world[Symbol.asyncDispose]());
    const run: DeliveriesWorld['run'] = (line, more) => world.run(line, { clock, ...more });
    const isFile = what === 'a file';
    const statesOf = async (): Promise<readonly string[]> => {
      const { out } = await run(['list', '--order', 'oldest', '--format', 'json']);
      const { items } = JSON.parse(out) as { items: { state: string }[] };
      return items.map(({ state }) => state);
    };

    it('lists as a table, the newest first', async () => {
      await world.commit([
        numbered(1, {
          createdAt: NOON - 7_200_000,
          state: 'refused',
          attempts: [finished(1, refused)],
        }),
        numbered(2, { dueAt: NOON + 150_000, attempts: [finished(1, away), finished(2, away)] }),
      ]);
      const { code, out, err } = await run(['list']);
      expect([code, err]).to.deep.equal([0, '']);
      const [title = '', second = '', first = ''] = out.split('\n');
      expect(title.split(/ {2,}/)).to.deep.equal(COLUMNS);
      expect(second.split(/ {2,}/)).to.deep.equal([
        ...[idOf(2), 'waiting', 'build', 'crash-loop', 'Pod/shop/web-1', '0s', '2', 'in 2m'],
        'unreachable: nothing listens',
      ]);
      expect(first.split(/ {2,}/)).to.deep.equal([
        ...[idOf(1), 'refused (invalid)', 'build', 'crash-loop', 'Pod/shop/web-1', '2h', '1', '-'],
        'invalid: status 422',
      ]);
    });

    for (const columns of [20, 80, 100, 160]) {
      it(`fits a terminal of ${columns} columns`, async () => {
        await world.commit([hostile(1), numbered(2, { attempts: [finished(1, away)] })]);
        const stdout = new RecordingStream({ isTTY: true, columns });
        await run(['list'], { stdout });
        const lines = stdout.text.trimEnd().split('\n');
        for (const line of lines) expect(line.length).to.be.at.most(Math.max(26, columns));
        expect(stdout.text).to.include(idOf(2));
        const [titles = '', , , ...note] = lines;
        const shown = COLUMNS.filter((title) => titles.split(/ {2,}/).includes(title));
        const left = COLUMNS.filter((title) => !shown.includes(title));
        const wanted = `not shown: ${left.join(', ')} (wider, or --format json)`;
        expect(note.join(' ')).to.equal(left.length === 0 ? '' : wanted);
      });
    }

    for (const columns of [0, undefined]) {
      it(`takes 80 columns for a terminal that reports ${columns}`, async () => {
        await world.commit([hostile(1), numbered(2, { attempts: [finished(1, away)] })]);
        const listOn = async (terminal: { readonly columns?: number }): Promise<string> => {
          const stdout = new RecordingStream({ isTTY: true, ...terminal });
          await run(['list'], { stdout });
          return stdout.text;
        };
        const reported = columns === undefined ? {} : { columns };
        expect(await listOn(reported)).to.equal(await listOn({ columns: 80 }));
      });
    }

    it('omits no column without a terminal, and names none', async () => {
      await world.commit([hostile(1)]);
      const { out } = await run(['list']);
      expect(out.split('\n')[0]?.split(/ {2,}/)).to.deep.equal(COLUMNS);
      expect(out).to.not.include('not shown');
    });

    it('prevents texts of Events from controlling the terminal', async () => {
      await world.commit([hostile(1)]);
      const stdout = new RecordingStream({ isTTY: true, columns: 200 });
      const out = join(world.folder, 'out.jsonl');
      for (const line of [
        ['list'],
        ['list', '--format', 'json'],
        ['show', idOf(1)],
        ['show', idOf(1), '--format', 'json'],
        ['export'],
        ['export', '--output', out],
        ['retry', idOf(1)],
        ['rerun', idOf(1)],
        ['discard', idOf(1), '--format', 'json'],
      ]) {
        const { err } = await run(line, { stdout });
        expect(`${stdout.text}${err}`, line.join(' ')).to.not.match(/[^\P{C}\n]/u);
      }
      expect(await readFile(out, 'utf8')).to.not.match(/[^\P{C}\n]/u);
      expect(stdout.text.split('\n').filter((line) => /^[bc]/.test(line))).to.deep.equal([]);
    });

    it('prints their number and the command for the next page', async () => {
      await world.commit(Array.from({ length: 30 }, (_, place) => numbered(place)));
      const { out } = await run(['list', '--limit', '20', '--trigger', 'build']);
      const next = `sluice deliveries list --trigger build --limit 20 ${world.flags.join(' ')} --after ${idOf(10)}`;
      expect(out.trimEnd().split('\n').at(-1)).to.equal(`20 of 30: ${next}`);
      const page = await run(['list', '--limit', '20', '--after', idOf(10)]);
      expect(page.out).to.include(idOf(9)).and.not.include(' of 30');
      expect((await run(['list', '--trigger', 'none'])).out).to.equal('no deliveries\n');
    });

    it('shows one with its decision, its attempts, the next step and the possible actions', async () => {
      await world.commit([
        numbered(1, {
          state: 'dead',
          dead: 'expired',
          match: { image: 'web:1' },
          attempts: [finished(1, { ...away, afterMs: 60_000 }), finished(2, away)],
        }),
      ]);
      const { code, out } = await run(['show', idOf(1)], { clock: new FakeClock() });
      expect(code).to.equal(0);
      const flags = world.flags.join(' ');
      expect(out).to.equal(
        [
          `delivery ${idOf(1)}`,
          '  state    dead (expired)',
          '  trigger  build',
          '  rule     crash-loop',
          '  object   Pod/shop/web-1 (v1/Pod/shop/web-1)',
          '  source   shop of cluster dev',
          '  made     2026-01-31T12:00:00.000Z (0s ago)',
          '',
          'why',
          '  rule 0 noise: namespace: "shop" does not match "kube-*"',
          '  accept by rule 0 crash-loop → build',
          '  match image: "web:1"',
          '',
          'Events',
          '  shop/web-1.17f1e2d3c4b5a697: Warning Pod shop/web-1 BackOff ×3, 2026-01-31T11:59:30.000000Z',
          '    "Back-off restarting failed container web in pod web-1"',
          '',
          'attempts',
          '  1  2026-01-31T12:01:00.000Z (0s ago): retry, unreachable: nothing listens; asked to wait 1m after 1s201ms',
          '  2  2026-01-31T12:02:00.000Z (0s ago): retry, unreachable: nothing listens after 1s201ms',
          '',
          'next',
          '  no retry: it expired, because attempts failed for as long as retry.for allows',
          '',
          'you can',
          `  sluice deliveries retry ${idOf(1)} ${flags}    # attempts it again now, with the same id`,
          `  sluice deliveries rerun ${idOf(1)} ${flags}    # starts the same again, as a new delivery with a new id`,
          `  sluice deliveries discard ${idOf(1)} ${flags}  # discards it: no more attempts`,
          '',
        ].join('\n'),
      );
    });

    it('finds a delivery by the name of what it started', async () => {
      await world.commit([numbered(1)]);
      const { code, out } = await run(['show', `brigade-worker-${idOf(1)}`, '--format', 'json']);
      expect(code).to.equal(0);
      expect(JSON.parse(out)).to.include({ id: idOf(1), state: 'waiting' });
    });

    it('suggests an id if it finds none, and exits 1', async () => {
      await world.commit([numbered(1), numbered(2)]);
      const prefix = idOf(1).slice(0, 12);
      const rows: readonly (readonly [string, string])[] = [
        [prefix, `(did you mean ${idOf(2)} or ${idOf(1)}?); an id has 26 characters`],
        [idOf(3).replace('01kgf5', '01kgf6'), 'did you mean'],
        ['x\u001b[2J', 'no delivery has the id "x\\u001b[2J"'],
      ];
      for (const [id, said] of rows) {
        for (const name of ['show', 'retry']) {
          const { code, err, out } = await run([name, id]);
          expect([code, out]).to.deep.equal([1, '']);
          expect(err).to.include(said);
        }
      }
    });

    it('applies an action to each named delivery, and reports failures', async () => {
      await world.commit([
        numbered(1, { state: 'refused' }),
        numbered(2, { state: 'running' }),
        numbered(3, { state: 'dead', dead: 'bug' }),
      ]);
      const { code, out, err } = await run(['retry', idOf(1), idOf(2), idOf(3), idOf(4)]);
      expect(code).to.equal(1);
      const told = (place: number, was: string): string =>
        `${idOf(place)} build Pod/shop/web-1: was ${was}, is ${isFile ? 'due' : 'attempted'} now\n`;
      expect(out).to.equal(`${told(1, 'refused')}${told(3, 'dead')}`);
      expect(err).to.include(
        `${idOf(2)}: cannot retry a delivery that is running; possible: rerun`,
      );
      expect(err).to.include(`no delivery has the id "${idOf(4)}"`);
      expect(await statesOf()).to.deep.equal(['waiting', 'running', 'waiting']);
    });

    const acts: readonly (readonly [act: string, from: Delivery['state'], told: RegExp])[] = [
      ['retry', 'waiting', isFile ? /was waiting, is due now$/ : /was waiting, is attempted now$/],
      ['release', 'held', isFile ? /was held, is due now$/ : /was held, starts now$/],
      ['discard', 'unknown', /was unknown, is discarded$/],
      ['rerun', 'delivered', /stays delivered, (?:starts|is due) again as [0-9a-z]{26}$/],
    ];
    for (const [act, from, told] of acts) {
      it(`reports the result of ${act} with trigger and object`, async () => {
        await world.commit([numbered(1, { state: from })]);
        const { out } = await run([act, idOf(1)]);
        expect(out).to.match(/^[0-9a-z]{26} build Pod\/shop\/web-1: /);
        expect(out.trimEnd()).to.match(told);
      });
    }

    it(`${isFile ? 'says' : 'does not say'} that attempts wait for a gateway`, async () => {
      await world.commit([numbered(1, { state: 'refused' })]);
      const said = 'no gateway runs: attempts are made after the next start\n';
      expect((await run(['retry', idOf(1)])).err).to.equal(isFile ? said : '');
      expect((await run(['discard', idOf(1)])).err).to.equal('');
    });

    it('prints one JSON object a line for actions, also for refusals', async () => {
      await world.commit([numbered(1, { state: 'held' })]);
      const { code, out } = await run(['release', idOf(1), idOf(1), '--format', 'json']);
      expect(code).to.equal(1);
      const [done, not] = out
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line));
      expect(done).to.include({ act: 'release', id: idOf(1), from: 'held' });
      expect(not).to.have.nested.property('error.status', 409);
      expect(not).to.have.deep.nested.property('error.acts', ['retry', 'rerun', 'discard']);
    });

    it('applies an action to all deliveries of the filters, over pages', async () => {
      const many = Array.from({ length: 620 }, (_, place) =>
        numbered(place, { state: place % 31 === 0 ? 'held' : 'unknown' }),
      );
      await world.commit(many);
      const { code, out, err } = await run(['retry', '--all', '--yes']);
      expect(code, err).to.equal(0);
      expect(err).to.match(/^retry: 600 deliveries\n/);
      expect(out.trimEnd().split('\n')).to.have.length(600);
    }).timeout(20_000);

    it('reruns all without rerunning the reruns, over pages', async () => {
      await world.commit(
        Array.from({ length: 510 }, (_, place) => numbered(place, { state: 'delivered' })),
      );
      const { code, err } = await run(['rerun', '--all', '--state', 'delivered,waiting', '--yes']);
      expect(code, err).to.equal(0);
      expect(err).to.match(/^rerun: 510 deliveries\n/);
      const { out } = await run(['list', '--state', 'waiting', '--format', 'json', '--limit', '1']);
      expect(JSON.parse(out)).to.have.property('total', 510);
    }).timeout(20_000);

    const answers: readonly (readonly [answer: string, code: number, states: readonly string[]])[] =
      [
        ['y\n', 0, ['discarded', 'discarded']],
        ['n\n', 1, ['held', 'held']],
        ['\n', 1, ['held', 'held']],
      ];
    for (const [answer, code, states] of answers) {
      it(`asks first at a terminal, and reads ${JSON.stringify(answer)} as ${code === 0 ? 'yes' : 'no'}`, async () => {
        await world.commit([numbered(1, { state: 'held' }), numbered(2, { state: 'held' })]);
        const stdin = Object.assign(Readable.from([answer]), { isTTY: true });
        const result = await run(['discard', '--all', '--state', 'held'], { stdin });
        expect(result.err).to.include('discard 2 deliveries? [y/N]');
        expect(result.code).to.equal(code);
        expect(await statesOf()).to.deep.equal(states);
      });
    }

    it('exports everything, one complete delivery a line', async () => {
      const all = Array.from({ length: 450 }, (_, place) => numbered(place));
      await world.commit(all);
      const piped = await run(['export', '--order', 'oldest']);
      expect([piped.code, piped.err]).to.deep.equal([0, 'exported 450 deliveries\n']);
      const lines = piped.out.trimEnd().split('\n');
      expect(lines.map((line) => (JSON.parse(line) as Delivery).id)).to.deep.equal(
        all.map(({ id }) => id),
      );
      expect(JSON.parse(lines[0] ?? '')).to.include.keys('occurrences', 'attempts', 'decision');
      const { code, err } = await run(['export', '--state', 'waiting', '--output', 'all.jsonl']);
      expect([code, err]).to.deep.equal([0, 'exported 450 deliveries to all.jsonl\n']);
      const written = await readFile(join(world.folder, 'all.jsonl'), 'utf8');
      expect(written.trimEnd().split('\n')).to.have.length(450);
    });

    it('stops an export when its reader closes the pipe', async () => {
      await world.commit(Array.from({ length: 450 }, (_, place) => numbered(place)));
      const left = new AbortController();
      const stdout = new Writable({
        highWaterMark: 1,
        write: () => left.abort(new Error('EPIPE')),
      });
      const { code, err } = await run(['export'], { stdout, stop: left.signal });
      expect([code, err]).to.deep.equal([0, '']);
    });

    const wrong: readonly (readonly [line: readonly string[], said: string])[] = [
      [['list', '--state', 'lost'], 'flag --state: found "lost", expected some of waiting'],
      [['list', '--limit', '0'], 'flag --limit: found "0", expected a whole number from 1 to 500'],
      [['list', '--order', 'up'], 'flag --order: found "up", expected one of newest, oldest'],
      [['list', '--since', 'then'], 'flag --since: found "then", expected a time such as'],
      [
        ['list', '--object', 'Widget/a/b'],
        'flag --object: found "Widget/a/b": Widget is not a built-in kind',
      ],
      [['list', '--after', idOf(9)], 'flag --after: this delivery no longer exists'],
      [['list', '--format', 'xml'], 'flag --format takes text or json'],
      [['list', 'extra'], 'argument "extra" is one too many'],
      [['show'], 'show needs the ID of a delivery'],
      [['retry'], 'retry needs the ID of a delivery, or --all'],
      [['retry', idOf(1), '--all'], 'found IDs and --all'],
      [['retry', idOf(1), '--state', 'dead'], 'flag --state needs --all, but found IDs'],
      [['retry', '--all'], '--all asks first, but standard input is not a terminal: add --yes'],
      [['discard', '--all', '--yes'], 'discard --all needs --state'],
      [['rerun', '--all', '--yes'], 'rerun --all needs --state'],
    ];
    for (const [line, said] of wrong) {
      it(`refuses ${line.join(' ')} with 2`, async () => {
        const { code, out, err } = await run(line);
        expect([code, out]).to.deep.equal([2, '']);
        expect(err).to.include(`sluice: ${said}`);
      });
    }
  });
}
